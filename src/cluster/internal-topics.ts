/** How the topics in which the broker keeps its own state are made. Pure. */
import type { ServerConfig } from '../config/server.ts';
import type { NewTopic } from './create-topics.ts';

export type InternalTopic = '__consumer_offsets' | '__transaction_state';

/** As configured, but with no more replicas than there are brokers: Kafka would refuse, and its clients hang, until there are. */
export function internalTopic(name: InternalTopic, config: ServerConfig, brokers: number): NewTopic {
  const shape = name === '__consumer_offsets'
    ? {
        partitions: config['offsets.topic.num.partitions'],
        factor: config['offsets.topic.replication.factor'],
        configs: {
          'cleanup.policy': 'compact', 'compression.type': 'producer',
          'segment.bytes': String(config['offsets.topic.segment.bytes']),
        },
      }
    : {
        partitions: config['transaction.state.log.num.partitions'],
        factor: config['transaction.state.log.replication.factor'],
        configs: {
          'cleanup.policy': 'compact', 'compression.type': 'uncompressed', 'unclean.leader.election.enable': 'false',
          'min.insync.replicas': String(Math.min(config['transaction.state.log.min.isr'], brokers)),
          'segment.bytes': String(config['transaction.state.log.segment.bytes']),
        },
      };
  return {
    name,
    numPartitions: shape.partitions,
    replicationFactor: Math.min(shape.factor, brokers),
    assignments: [],
    configs: Object.entries(shape.configs).map(([key, value]) => ({ name: key, value })),
  };
}
