/** How the topics in which the broker keeps its own state are made. Pure. */
import type { ServerConfig } from '../config/server.ts';
import type { NewTopic } from './create-topics.ts';
import type { InternalTopic } from './topic-name.ts';

interface Shape {
  readonly partitions: number;
  readonly factor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/**
 * As configured, but with no more replicas than `brokers`. In a cluster that is Infinity: the controller refuses it until there are
 * enough brokers, as Kafka does, and coordinators are not available so long. A broker that is alone will not see others come: its
 * clients would hang for ever.
 */
export function internalTopic(name: InternalTopic, config: ServerConfig, brokers: number): NewTopic {
  const { partitions, factor, configs } = shapeOf(name, config, brokers);
  return {
    name,
    numPartitions: partitions,
    replicationFactor: Math.min(factor, brokers),
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  };
}

function shapeOf(name: InternalTopic, config: ServerConfig, brokers: number): Shape {
  switch (name) {
    case '__consumer_offsets':
      return {
        partitions: config['offsets.topic.num.partitions'],
        factor: config['offsets.topic.replication.factor'],
        configs: {
          'cleanup.policy': 'compact',
          'compression.type': 'producer',
          'segment.bytes': String(config['offsets.topic.segment.bytes']),
        },
      };
    case '__transaction_state':
      return {
        partitions: config['transaction.state.log.num.partitions'],
        factor: config['transaction.state.log.replication.factor'],
        configs: {
          'cleanup.policy': 'compact',
          'compression.type': 'uncompressed',
          'unclean.leader.election.enable': 'false',
          'min.insync.replicas': String(Math.min(config['transaction.state.log.min.isr'], brokers)),
          'segment.bytes': String(config['transaction.state.log.segment.bytes']),
        },
      };
    case '__share_group_state':
      return {
        partitions: config['share.coordinator.state.topic.num.partitions'],
        factor: config['share.coordinator.state.topic.replication.factor'],
        configs: {
          // Its coordinator deletes what it no longer needs, record by record.
          'cleanup.policy': 'delete',
          'compression.type': 'producer',
          'retention.ms': '-1',
          'min.insync.replicas': String(Math.min(config['share.coordinator.state.topic.min.isr'], brokers)),
          'segment.bytes': String(config['share.coordinator.state.topic.segment.bytes']),
        },
      };
  }
}
