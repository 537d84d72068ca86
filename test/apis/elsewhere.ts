/** A cluster whose other brokers lead some partitions, as a handler sees it. */
import { emptyImage, type BrokerImage, type ClusterImage, type PartitionImage } from '../../src/cluster/image.ts';
import { topicImage } from '../../src/cluster/replica-index.ts';

export const LISTENER = 'PLAINTEXT';

/** Brokers 7 and 8 can be reached by LISTENER, 9 by another one alone. */
const BROKERS = [7, 8, 9].map((id): BrokerImage => ({
  id,
  epoch: id,
  incarnationId: '',
  rack: id === 7 ? 'here' : null,
  listeners: [{ name: id === 9 ? 'OTHER' : LISTENER, host: `broker-${id}`, port: 9000 + id, securityProtocol: 0 }],
  features: [],
  fenced: false,
  inControlledShutdown: false,
  logDirectoryIds: [],
  cordonedLogDirectoryIds: [],
}));

export interface LedElsewhere {
  readonly name: string;
  readonly id: string;
  /** By partition. */
  readonly leaders: readonly number[];
}

/** Every partition is in its fourth leader epoch. */
export function clusterOf(...topics: LedElsewhere[]): ClusterImage {
  const images = topics.map(({ name, id, leaders }) => topicImage(name, id, leaders.map(partition)));
  return {
    ...emptyImage('c'),
    brokers: new Map(BROKERS.map((broker) => [broker.id, broker])),
    topicsByName: new Map(images.map((topic) => [topic.name, topic])),
    topicsById: new Map(images.map((topic) => [topic.id, topic])),
  };
}

function partition(leader: number): PartitionImage {
  const none = { elr: [], lastKnownElr: [], addingReplicas: [], removingReplicas: [], directories: [] };
  return {
    leader,
    leaderEpoch: 4,
    leaderRecoveryState: 0,
    partitionEpoch: 0,
    replicas: [leader],
    isr: [leader],
    ...none,
  };
}

/** What an answer should say of them, in the words of its table. */
export function endpointsOf(leaders: Iterable<number>) {
  const reachable = [...new Set(leaders)].filter((id) => id === 7 || id === 8).sort((a, b) => a - b);
  return reachable.map((nodeId) => ({
    nodeId,
    host: `broker-${nodeId}`,
    port: 9000 + nodeId,
    rack: nodeId === 7 ? 'here' : null,
  }));
}
