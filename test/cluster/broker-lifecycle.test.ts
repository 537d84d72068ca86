/**
 * From a broker's registration to its end: who is in sync, who leads and who may lead, at each step. The codes of refused
 * registrations were asked of a controller of Apache Kafka 4.4.0.
 */
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { supportedRanges } from '../../src/cluster/features.ts';
import { alterReassignments } from '../../src/cluster/reassignments.ts';
import { finish } from '../../src/platform/pieces.ts';
import { ClusterModel, directory } from './cluster-model.ts';

const three = (settings?: Record<string, string>): ClusterModel =>
  new ClusterModel({ 'min.insync.replicas': '2', ...settings }).start(1, 2, 3);

describe('a registration', () => {
  test('makes a broker known, fenced, under the epoch of its record', () => {
    const cluster = new ClusterModel();
    const { revision } = cluster.image;
    expect(cluster.register(1)).toEqual({ errorCode: 0, errorMessage: null, brokerEpoch: revision + 1 });
    expect(cluster.broker(1)).toMatchObject({ epoch: revision + 1, fenced: true, features: supportedRanges });
  });

  const refused: readonly [string, Parameters<ClusterModel['register']>[1], keyof typeof ErrorCode, RegExp][] = [
    ['of another cluster', { clusterId: 'other' }, 'INCONSISTENT_CLUSTER_ID', /Expected cluster ID the cluster.*other/],
    ['without a directory', { logDirectoryIds: [] }, 'INVALID_REGISTRATION', /No directories/],
    ['with a reserved directory', { logDirectoryIds: ['AAAAAAAAAAAAAAAAAAAAAQ'] }, 'INVALID_REGISTRATION', /Reserved/],
    [
      'with one directory twice',
      { logDirectoryIds: [directory(9), directory(9)] },
      'INVALID_REGISTRATION',
      /Duplicate/,
    ],
    [
      "with another broker's directory",
      { logDirectoryIds: [directory(2)] },
      'INVALID_REGISTRATION',
      /Broker 2 is already/,
    ],
    ['without features', { features: [] }, 'INVALID_REGISTRATION', /does not say .* metadata.version/],
    [
      'with too old a feature',
      {
        features: supportedRanges.map((each) =>
          each.name === 'group.version' ? { ...each, maxSupportedVersion: 0 } : each,
        ),
      },
      'UNSUPPORTED_VERSION',
      /finalized version 1 of group.version. The broker wants a version between 0 and 0/,
    ],
    [
      'that does not know a feature in force',
      { features: supportedRanges.filter(({ name }) => name !== 'transaction.version') },
      'UNSUPPORTED_VERSION',
      /version 2 of transaction.version/,
    ],
  ];
  test.each(refused)('%s is refused', (_what, change, code, message) => {
    const cluster = three();
    const { image } = cluster;
    expect(cluster.register(1, change)).toEqual({
      errorCode: ErrorCode[code],
      errorMessage: expect.stringMatching(message),
      brokerEpoch: -1,
    });
    expect(cluster.image).toBe(image);
  });

  test('under an id whose broker is heard of is refused, and says where that one is', () => {
    const cluster = three();
    const answer = cluster.register(1, {}, true);
    expect(answer).toMatchObject({ errorCode: ErrorCode.DUPLICATE_BROKER_REGISTRATION });
    expect(answer.errorMessage).toContain('broker-1:9092');
    expect(cluster.register(1, {}, false).errorCode).toBe(0);
  });

  test('by the same process again keeps its epoch and its state', () => {
    const cluster = three();
    const { epoch, incarnationId } = cluster.broker(1);
    expect(cluster.register(1, { incarnationId, rack: 'new' }, true)).toMatchObject({
      errorCode: 0,
      brokerEpoch: epoch,
    });
    expect(cluster.broker(1)).toMatchObject({ fenced: false, rack: 'new' });
  });

  test('while the former process is shutting down is taken', () => {
    const cluster = three();
    cluster.beginControlledShutdown(1);
    expect(cluster.register(1, {}, true).errorCode).toBe(0);
    expect(cluster.broker(1)).toMatchObject({ fenced: true, inControlledShutdown: false });
  });
});

describe('a broker that is lost', () => {
  test('leaves the ISR, and another that is in sync leads under the next epoch', () => {
    const cluster = three().create([1, 2, 3]);
    cluster.fence(1);
    expect(cluster.broker(1).fenced).toBe(true);
    expect(cluster.partition()).toMatchObject({ leader: 2, isr: [2, 3], elr: [], leaderEpoch: 1, partitionEpoch: 1 });
  });

  test('that does not lead takes no epoch of the leader with it', () => {
    const cluster = three().create([1, 2, 3]);
    cluster.fence(3);
    expect(cluster.partition()).toMatchObject({ leader: 1, isr: [1, 2], leaderEpoch: 0, partitionEpoch: 1 });
  });

  test('is eligible while the ISR is below min.insync.replicas, and leads again when it is back', () => {
    const cluster = three().create([1, 2]);
    cluster.fence(2);
    expect(cluster.partition()).toMatchObject({ leader: 1, isr: [1], elr: [2] });
    cluster.fence(1);
    expect(cluster.partition()).toMatchObject({ leader: -1, isr: [], elr: [1, 2], lastKnownElr: [1] });
    cluster.register(2);
    cluster.unfence(2);
    expect(cluster.partition()).toMatchObject({ leader: 2, isr: [2], elr: [1], lastKnownElr: [] });
  });

  test('that has lost what it had is not eligible, and the partition waits for the other', () => {
    const cluster = three().create([1, 2]);
    cluster.fence(2);
    cluster.fence(1);
    cluster.register(1, { previousBrokerEpoch: -1 });
    expect(cluster.partition()).toMatchObject({ leader: -1, isr: [], elr: [2] });
    cluster.unfence(1);
    expect(cluster.partition().leader).toBe(-1);
    cluster.register(2);
    cluster.unfence(2);
    expect(cluster.partition()).toMatchObject({ leader: 2, isr: [2], elr: [] });
  });

  test('that was the last one leads again when it is back, although it may have lost records', () => {
    const cluster = new ClusterModel().start(1).create([1]);
    cluster.fence(1);
    cluster.register(1, { previousBrokerEpoch: -1 });
    expect(cluster.partition()).toMatchObject({ leader: -1, isr: [], elr: [], lastKnownElr: [1] });
    cluster.unfence(1);
    expect(cluster.partition()).toMatchObject({ leader: 1, isr: [1], leaderRecoveryState: 1 });
  });

  test('leaves nothing of its leadership to its next life, however soon that begins', () => {
    const cluster = new ClusterModel().start(1).create([1]);
    cluster.register(1);
    expect(cluster.partition()).toMatchObject({ leader: -1, leaderEpoch: 1 });
    cluster.unfence(1);
    expect(cluster.partition()).toMatchObject({ leader: 1, leaderEpoch: 2, leaderRecoveryState: 0 });
  });

  test('where unclean elections are allowed, any that runs leads', () => {
    const cluster = three({ 'unclean.leader.election.enable': 'true' }).create([1, 2]);
    cluster.fence(2);
    cluster.register(2, { previousBrokerEpoch: -1 });
    cluster.unfence(2);
    cluster.fence(1);
    expect(cluster.partition()).toMatchObject({ leader: 2, isr: [2], elr: [], leaderRecoveryState: 1 });
  });
});

test('a broker that stops in order leads nothing and is in no ISR, but its last replica stays eligible', () => {
  const cluster = three().create([1, 2, 3], [1]);
  cluster.beginControlledShutdown(1);
  expect(cluster.broker(1)).toMatchObject({ fenced: false, inControlledShutdown: true });
  expect(cluster.partition(0)).toMatchObject({ leader: 2, isr: [2, 3] });
  expect(cluster.partition(1)).toMatchObject({ leader: -1, isr: [], elr: [1] });
  const { revision } = cluster.image;
  cluster.beginControlledShutdown(1);
  expect(cluster.image.revision).toBe(revision);
});

test('a broker that is taken out of the cluster is in no ISR and no ELR', () => {
  const cluster = three().create([1, 2]);
  cluster.fence(2);
  cluster.unregister(2);
  expect(cluster.image.brokers.has(2)).toBe(false);
  expect(cluster.partition()).toMatchObject({ isr: [1], replicas: [1, 2] });
});

test('a directory that is lost takes its replicas out of the ISR, and no others', () => {
  const cluster = three();
  const directories = [directory(9, 1), directory(9, 2)];
  cluster.register(9, { logDirectoryIds: directories });
  cluster.unfence(9);
  cluster.create([9, 1, 2], [9, 1, 2]);
  const topicId = cluster.image.topicsByName.get('t')!.id;
  for (const partitionId of [0, 1]) {
    const others = cluster.partition(partitionId).directories.slice(1);
    cluster.commit([
      { type: 'PartitionChangeRecord', topicId, partitionId, directories: [directories[partitionId], ...others] },
    ]);
  }
  cluster.loseDirectories(9, [directories[0]]);
  expect(cluster.partition(0)).toMatchObject({ leader: 1, isr: [1, 2] });
  expect(cluster.partition(1)).toMatchObject({ leader: 9, isr: [9, 1, 2] });
  expect(cluster.broker(9).logDirectoryIds).toEqual([directories[1]]);
});

describe('in-sync replicas that a leader proposes', () => {
  test('are taken, and the answer says what is now', () => {
    const cluster = three().create([1, 2, 3]);
    expect(cluster.propose([1, 2])).toMatchObject({
      errorCode: 0,
      leaderId: 1,
      isr: [1, 2],
      leaderEpoch: 0,
      partitionEpoch: 1,
    });
    expect(cluster.propose([1, 2, 3])).toMatchObject({ errorCode: 0, isr: [1, 2, 3], partitionEpoch: 2 });
  });

  test('are refused by an older partition epoch', () => {
    const cluster = three().create([1, 2, 3]);
    cluster.propose([1, 2]);
    expect(cluster.propose([1, 3], { partitionEpoch: 0 }).errorCode).toBe(ErrorCode.INVALID_UPDATE_VERSION);
  });

  const refused: readonly [string, number[], Record<string, number>, number | undefined, keyof typeof ErrorCode][] = [
    ['a partition epoch that is to come', [1], { partitionEpoch: 9 }, undefined, 'NOT_CONTROLLER'],
    ['a leader epoch that is to come', [1], { leaderEpoch: 9 }, undefined, 'NOT_CONTROLLER'],
    ['a leader epoch that is over', [1], { leaderEpoch: -1 }, undefined, 'FENCED_LEADER_EPOCH'],
    ['a broker that does not lead', [1, 2], {}, 2, 'INVALID_REQUEST'],
    ['a broker that is no replica', [1, 4], {}, undefined, 'INVALID_REQUEST'],
    ['no leader among them', [2], {}, undefined, 'INVALID_REQUEST'],
    ['one of them twice', [1, 2, 2], {}, undefined, 'INVALID_REQUEST'],
    ['a leader that begins to recover', [1], { leaderRecoveryState: 1 }, undefined, 'INVALID_REQUEST'],
    ['a partition that is not there', [1], { partitionIndex: 7 }, undefined, 'UNKNOWN_TOPIC_OR_PARTITION'],
  ];
  test.each(refused)('are refused with %s', (_what, isr, change, brokerId, code) => {
    const cluster = three().start(4).create([1, 2, 3]);
    const { image } = cluster;
    expect(cluster.propose(isr, change, brokerId).errorCode).toBe(ErrorCode[code]);
    expect(cluster.image).toBe(image);
  });

  test.each([
    ['is fenced', (cluster: ClusterModel) => cluster.fence(3)],
    ['stops', (cluster: ClusterModel) => cluster.beginControlledShutdown(3)],
    ['has started anew', (cluster: ClusterModel) => void cluster.start(3)],
    ['is gone', (cluster: ClusterModel) => cluster.unregister(3)],
  ])('are refused with a broker that %s', (_what, change) => {
    const cluster = three().create([1, 2, 3]);
    const { epoch } = cluster.broker(3);
    change(cluster);
    const newIsrWithEpochs = [
      { brokerId: 1, brokerEpoch: cluster.broker(1).epoch },
      { brokerId: 3, brokerEpoch: epoch },
    ];
    expect(cluster.propose([], { newIsrWithEpochs } as never).errorCode).toBe(ErrorCode.INELIGIBLE_REPLICA);
  });
});

describe('a partition that moves to another broker', () => {
  const move = (cluster: ClusterModel, replicas: number[] | null) => {
    const asked = [{ name: 't', partitions: [{ partitionIndex: 0, replicas }] }];
    const moves = { image: cluster.image, config: cluster.config };
    const { results, records } = finish(alterReassignments(asked, true, moves));
    cluster.commit(records);
    return results[0].partitions[0].errorCode;
  };

  test('has both as replicas until the new one is in sync; then it is led there', () => {
    const cluster = three().create([1]);
    expect(move(cluster, [2])).toBe(ErrorCode.NONE);
    const moving = { leader: 1, replicas: [2, 1], isr: [1], addingReplicas: [2], removingReplicas: [1] };
    expect(cluster.partition()).toMatchObject({ ...moving, leaderEpoch: 0, partitionEpoch: 1 });
    expect(cluster.propose([1, 2]).errorCode).toBe(ErrorCode.NEW_LEADER_ELECTED);
    const moved = { leader: 2, replicas: [2], isr: [2], addingReplicas: [], removingReplicas: [] };
    expect(cluster.partition()).toMatchObject({ ...moved, leaderEpoch: 1, partitionEpoch: 2 });
  });

  test('stays where it was when the move is cancelled', () => {
    const cluster = three().create([1, 2]);
    move(cluster, [2, 3]);
    expect(move(cluster, null)).toBe(ErrorCode.NONE);
    const before = { leader: 1, replicas: [2, 1], isr: [1, 2], addingReplicas: [], removingReplicas: [] };
    expect(cluster.partition()).toMatchObject(before);
    expect(move(cluster, null)).toBe(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS);
  });

  test('may be sent elsewhere on its way: what is no longer wanted is dropped', () => {
    const cluster = three().create([1]);
    move(cluster, [2]);
    move(cluster, [3]);
    const moving = { leader: 1, replicas: [3, 1], isr: [1], addingReplicas: [3], removingReplicas: [1] };
    expect(cluster.partition()).toMatchObject(moving);
  });

  test('may not be sent elsewhere while nobody has all its records but who would be dropped', () => {
    const cluster = three().start(4).create([1]);
    move(cluster, [2, 3]);
    cluster.propose([1, 2]);
    cluster.fence(1);
    expect(cluster.partition()).toMatchObject({ leader: 2, isr: [2], addingReplicas: [2, 3] });
    const { image } = cluster;
    expect(move(cluster, [1, 4])).toBe(ErrorCode.INVALID_REPLICA_ASSIGNMENT);
    expect(move(cluster, null)).toBe(ErrorCode.INVALID_REPLICA_ASSIGNMENT);
    expect(cluster.image).toBe(image);
    expect(move(cluster, [2, 4])).toBe(ErrorCode.NONE);
  });
});
