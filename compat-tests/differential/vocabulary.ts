/** What a field of a made-up request may hold, by its name; the first is the usual. */
import { encodeBatch } from '../../protocol/records/encode.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { plain } from './records.ts';
import type { Topic } from './side.ts';
import type { Transactor } from './transactions.ts';

/** What there is to be asked about. */
export interface Words {
  readonly topics: readonly Topic[];
  readonly groupId: string;
  readonly memberId: string;
  /** Null where the API has nothing to do with transactions. */
  readonly transactor: Transactor | null;
  readonly startedMs: number;
  /** A name that nothing has yet. */
  readonly fresh: string;
}

export type Vocabulary = Readonly<Record<string, readonly unknown[]>>;

export const UNKNOWN_ID = 'bm9uZW5vbmVub25lbm9uZQ';

/** For these arrays nothing is the only choice. */
const NEVER: Vocabulary = { forgottenTopicsData: [], clusterId: [], rackId: [], assignments: [], configs: [] };

/** Waits and limits: what else they may be the cases written by hand say. */
const TAME: Vocabulary = {
  maxWaitMs: [0],
  minBytes: [0],
  sessionId: [0],
  sessionEpoch: [-1],
  replicaId: [-1],
  replicaEpoch: [-1],
  memberEpoch: [-1],
  retentionTimeMs: [-1],
  timeoutMs: [30_000],
  sessionTimeoutMs: [30_000],
  rebalanceTimeoutMs: [30_000],
  acks: [-1, -1, 1],
  allowAutoTopicCreation: [false],
  validateOnly: [true],
  brokerId: [77, -1],
  coordinatorEpoch: [0],
  compressionType: [0, 1, 4],
  maxBytes: [1 << 20, 1 << 20, 150, 1, 0],
  partitionMaxBytes: [1 << 20, 1 << 20, 150, 1, 0],
  // Their sum is what counts, and Kafka's has 32 bits.
  numPartitions: [1, 2, 3, -1, 0, -2, 20_000],
  count: [1, 2, 3, -1, 0, -2, 20_000],
  ownerPrincipalType: ['User'],
};

/** These may also hold something wild; see made-up.ts. */
function usual({ topics: [one, two], groupId, memberId, transactor, startedMs, fresh }: Words): Vocabulary {
  const names = [one.name, two.name, fresh];
  const partitions = [0, 0, 1, 2, -1];
  const offsets = [0, 2, 3, 5, 6, -1];
  const epochs = [-1, 0, 0, 1];
  const groups = [groupId, groupId, fresh];
  const partition = { transactionalId: transactor?.transactionalId ?? fresh, producerId: transactor?.producerId ?? -1 };
  const words: Record<string, readonly unknown[]> = {
    producerEpoch: [transactor?.producerEpoch ?? -1, transactor?.producerEpoch ?? -1, 0, 5, -1],
    memberId: [memberId, '', 'stranger'],
    groupInstanceId: [null, null, null, 'i'],
    instanceId: [null, null, null, 'i'],
    generationId: [1, 1, -1, 0, 2],
    topicId: [one.topicId, two.topicId, UNKNOWN_ID],
    timestamp: [-1, -2, -3, -4, 0, startedMs - 999, startedMs],
    isolationLevel: [0, 1],
    replicationFactor: [1, 1, -1, 2],
    brokerIds: [1, 1, 2],
    replicas: [1, 1, 2],
    resourceType: [2, 2, 2, 32, 16, 3],
    resourceTypes: [16, 32, 1],
    configurationKeys: ['retention.ms', 'cleanup.policy', 'consumer.session.timeout.ms', 'nonsense'],
    configOperation: [0, 1, 2, 3],
    endpointType: [1, 2, 0],
    responsePartitionLimit: [2000, 1, 2, 0],
    transactionTimeoutMs: [60_000, 1000, 0, -1, 900_001],
    statesFilter: ['Stable', 'Empty', 'Dead', 'nonsense'],
    typesFilter: ['classic', 'consumer', 'nonsense'],
    stateFilters: ['Empty', 'Ongoing', 'CompleteCommit', 'nonsense'],
    durationFilter: [-1, 0, 100_000],
    serverAssignor: [null, 'uniform', 'range', 'nonsense'],
    entityType: ['user', 'client-id', 'ip', 'nonsense'],
    matchType: [0, 1, 2, 9],
    electionType: [0, 1],
    mechanism: [1, 2, 0, 9],
    keyType: [0, 1, 2],
    committedMetadata: [null, '', 'metadata'],
    path: ['/no-such-directory', 'relative'],
    voterDirectoryId: [ZERO_UUID],
    upgradeType: [1, 2, 3, 0],
    maxVersionLevel: [1, 0, 99],
    timePeriodMs: [0],
    protocolType: ['consumer', 'connect', ''],
    subscribedTopicRegex: [null],
    key: ['producer_byte_rate', 'request_percentage', 'nonsense'],
  };
  const same: [readonly unknown[], string[]][] = [
    [names, ['topic', 'topicName', 'name', 'resourceName', 'subscribedTopicNames', 'users']],
    [groups, ['groupId', 'groups', 'groupsNames', 'coordinatorKeys']],
    [partitions, ['index', 'partition', 'partitionIndex', 'partitions', 'partitionIndexes', 'partitionId']],
    [offsets, ['fetchOffset', 'offset', 'committedOffset']],
    [epochs, ['leaderEpoch', 'committedLeaderEpoch', 'currentLeaderEpoch', 'lastFetchedEpoch']],
    [
      [partition.transactionalId, partition.transactionalId, fresh],
      ['transactionalId', 'transactionalIds', 'v3AndBelowTransactionalId'],
    ],
    [
      [partition.producerId, partition.producerId, 4_000_000],
      ['producerId', 'v3AndBelowProducerId', 'producerIdFilters'],
    ],
    [[1, 1, -1, 0, 2], ['generationIdOrMemberEpoch']],
    [words.producerEpoch, ['v3AndBelowProducerEpoch']],
    [[one.name, '__cluster_metadata', fresh], ['feature']],
  ];
  for (const [values, fields] of same) for (const field of fields) words[field] = values;
  return words;
}

/** Where a name means something else, or what an API would do to the broker is not for a test. */
function ofApi(api: string, { fresh, transactor, startedMs }: Words): Vocabulary {
  const batch = (count: number, more: object = {}): Buffer => encodeBatch({ ...plain({ startedMs }, count), ...more });
  switch (api) {
    case 'Produce':
      // Of batches that are none each has its own case: Kafka fails the whole request, or never answers.
      return { transactionalId: [null], records: [batch(1), batch(3), batch(2, { compression: 'gzip' })] };
    case 'JoinGroup':
      // A second member would wait for the first.
      return { groupId: [fresh], memberId: ['', 'stranger'], name: ['range', 'roundrobin'], metadata: [null] };
    case 'InitProducerId':
      return { transactionalId: [transactor?.transactionalId, null], producerId: [-1, transactor?.producerId] };
    case 'ConsumerGroupHeartbeat':
      return {
        groupId: [fresh],
        memberId: ['member', 'member', ''],
        memberEpoch: [0, 0, 1, -1, -2],
        rebalanceTimeoutMs: [30_000, 1000],
      };
    case 'UpdateFeatures':
      return { feature: ['nonsense', fresh] };
    case 'AlterUserScramCredentials':
    case 'DescribeUserScramCredentials':
      return { name: [fresh, `${fresh}-other`], iterations: [4096, 1] };
    case 'DescribeQuorum':
      return { topicName: [fresh] };
    case 'WriteTxnMarkers':
      return { transactionVersion: [1, 2], producerEpoch: [0, 1], producerId: [transactor?.producerId] };
    case 'ListTransactions':
      return { transactionalIdPattern: [null, `${fresh}.*`], durationFilter: [-1, 100_000] };
    default:
      return {};
  }
}

export interface Choice {
  readonly values: readonly unknown[];
  readonly isTame: boolean;
}

/** Looks a field up, for requests of one API. */
export function choicesFor(api: string, words: Words): (name: string) => Choice | null {
  const own = ofApi(api, words);
  const all = usual(words);
  return (name) => {
    for (const table of [own, NEVER, TAME]) if (name in table) return { values: table[name], isTame: true };
    return name in all ? { values: all[name], isTame: false } : null;
  };
}
