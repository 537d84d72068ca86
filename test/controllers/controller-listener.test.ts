/** What the CONTROLLER listener answers to brokers, other controllers and tools, over a simulated network and etcd. */
import { beforeEach, describe, expect, test } from 'vitest';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DescribeQuorum } from '../../protocol/apis/55-describe-quorum.ts';
import { Envelope } from '../../protocol/apis/58-envelope.ts';
import { FetchSnapshot } from '../../protocol/apis/59-fetch-snapshot.ts';
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { BrokerRegistration } from '../../protocol/apis/62-broker-registration.ts';
import { BrokerHeartbeat } from '../../protocol/apis/63-broker-heartbeat.ts';
import { AllocateProducerIds } from '../../protocol/apis/67-allocate-producer-ids.ts';
import { AddRaftVoter } from '../../protocol/apis/80-add-raft-voter.ts';
import { UnregisterController } from '../../protocol/apis/94-unregister-controller.ts';
import type { Client } from '../../protocol/client.ts';
import { messageCodec, requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { readResponseHeader, writeRequestHeader } from '../../protocol/header.ts';
import { DefaultPrincipalData } from '../../protocol/principal.ts';
import { Reader } from '../../protocol/reader.ts';
import { batches } from '../../protocol/records/decode.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { supportedRanges } from '../../src/cluster/features.ts';
import { recordsOf } from '../../src/cluster/image-records.ts';
import { decodeMetadataBatch } from '../../src/cluster/metadata-batch.ts';
import { decodeSnapshot } from '../../src/cluster/metadata-snapshot.ts';
import { ControllerMachines } from './controller-machines.ts';

const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

let machines: ControllerMachines;
let activeId: number;
let standbyId: number;
let client: Client;

beforeEach(async () => {
  machines = new ControllerMachines();
  for (const node of [1, 2]) await machines.start(node);
  activeId = (await machines.active()).node.nodeId;
  standbyId = 3 - activeId;
  await machines.clock.advance(500);
  client = await machines.connect(activeId);
});

function active() {
  return machines.running.get(activeId)!.node.active!;
}

/** A follower's fetch whose log ends at `fetchOffset` with a record of `lastFetchedEpoch`. */
async function fetchFrom(
  asked: Client,
  fetchOffset: number,
  lastFetchedEpoch: number,
  { currentLeaderEpoch = 1, maxWaitMs = 0, replicaId = 7, maxBytes = 1 << 20, clusterId = null as string | null } = {},
) {
  const partition = { partition: 0, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, partitionMaxBytes: maxBytes };
  const request = {
    clusterId,
    replicaState: { replicaId, replicaEpoch: -1 },
    maxWaitMs,
    minBytes: 0,
    topics: [{ topicId: METADATA_TOPIC_ID, partitions: [partition] }],
  };
  const { errorCode: refusedWith, responses, nodeEndpoints } = await asked.send(Fetch, 17, request);
  const partitions = responses.flatMap((topic) => topic.partitions);
  return { refusedWith, nodeEndpoints, ...partitions[0] };
}

async function joined(id: number): Promise<number> {
  const { errorCode, brokerEpoch } = await machines.until(client.send(BrokerRegistration, 4, registration(id)));
  expect(errorCode).toBe(ErrorCode.NONE);
  const heartbeat = {
    brokerId: id,
    brokerEpoch,
    currentMetadataOffset: brokerEpoch,
    wantFence: false,
    wantShutDown: false,
  };
  expect(await machines.until(client.send(BrokerHeartbeat, 1, heartbeat))).toMatchObject({ isFenced: false });
  return brokerEpoch;
}

function registration(id: number, clusterId = active().controller.image.clusterId) {
  return {
    brokerId: id,
    clusterId,
    incarnationId: `incarnationincarnati0${id}`.slice(0, 22),
    listeners: [{ name: 'PLAINTEXT', host: `broker-${id}`, port: 9092, securityProtocol: 0 }],
    features: [...supportedRanges],
    rack: null,
    logDirs: [`directorydirectorydi0${id}`.slice(0, 22)],
  };
}

const newTopic = (name: string) => ({
  topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
  timeoutMs: 5000,
  validateOnly: false,
});

describe('the metadata log', () => {
  test('is fetched from its beginning, with high watermark and leader', async () => {
    const found = await machines.until(fetchFrom(client, 0, 0));
    const { copy } = active().store;
    expect(found).toMatchObject({
      errorCode: ErrorCode.NONE,
      highWatermark: copy.endOffset,
      logStartOffset: 0,
      currentLeader: { leaderId: activeId, leaderEpoch: 1 },
      nodeEndpoints: [{ nodeId: activeId, host: `node-${activeId}`, port: 9093 }],
    });
    const bytes = Buffer.from(found.records!);
    const records = [...batches(bytes)].flatMap((at) => decodeMetadataBatch(bytes, at).records);
    expect(records.filter(({ type }) => type === 'RegisterControllerRecord')).toHaveLength(2);
  });

  test('is told to one that has all of it as soon as it grows', async () => {
    const { endOffset, lastEpoch } = active().store.copy;
    const beganMs = machines.clock.monotonic();
    const fetched = fetchFrom(client, endOffset, lastEpoch, { maxWaitMs: 500 });
    const other = await machines.connect(activeId, 'other');
    await machines.clock.advance(100);
    void other.send(BrokerRegistration, 4, registration(5));
    const found = await machines.until(fetched);
    expect(found.records!.length).toBeGreaterThan(0);
    expect(machines.clock.monotonic() - beganMs).toBeLessThan(150);
  });

  test('is waited for no longer than the follower asks', async () => {
    const { endOffset, lastEpoch } = active().store.copy;
    const beganMs = machines.clock.monotonic();
    const found = await machines.until(fetchFrom(client, endOffset, lastEpoch, { maxWaitMs: 500 }));
    expect([found.errorCode, found.records!.length]).toEqual([ErrorCode.NONE, 0]);
    expect(machines.clock.monotonic() - beganMs).toBeGreaterThanOrEqual(500);
  });

  test.each([
    ['of an epoch that is past', 0, ErrorCode.FENCED_LEADER_EPOCH],
    ['of an epoch to come', 9, ErrorCode.UNKNOWN_LEADER_EPOCH],
  ])('is not told to a follower %s, which learns the epoch', async (_what, currentLeaderEpoch, errorCode) => {
    const found = await machines.until(fetchFrom(client, 0, 0, { currentLeaderEpoch }));
    expect(found).toMatchObject({ errorCode, currentLeader: { leaderId: activeId, leaderEpoch: 1 } });
  });

  test.each([
    ['without an epoch', 0, 0, -1],
    ['whose log is of a later epoch than the leader it knows', 1, 3, 1],
    ['that asks for what is before all', -1, 0, 1],
  ])('is not told to a follower %s', async (_what, fetchOffset, lastFetchedEpoch, currentLeaderEpoch) => {
    const found = await machines.until(fetchFrom(client, fetchOffset, lastFetchedEpoch, { currentLeaderEpoch }));
    expect(found.errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });

  test('has a follower whose log has gone another way cut it', async () => {
    const { endOffset } = active().store.copy;
    expect(await machines.until(fetchFrom(client, endOffset + 5, 1))).toMatchObject({
      errorCode: ErrorCode.NONE,
      divergingEpoch: { epoch: 1, endOffset },
    });
  });

  test('is another one than that of another cluster', async () => {
    const found = await machines.until(fetchFrom(client, 0, 0, { clusterId: 'another' }));
    expect(found.refusedWith).toBe(ErrorCode.INCONSISTENT_CLUSTER_ID);
  });

  test('is asked for elsewhere where a standby is asked', async () => {
    const standby = await machines.connect(standbyId);
    expect(await machines.until(fetchFrom(standby, 0, 0))).toMatchObject({
      errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      currentLeader: { leaderId: activeId, leaderEpoch: 1 },
      nodeEndpoints: [{ nodeId: activeId, host: `node-${activeId}`, port: 9093 }],
    });
  });

  test('comes as a snapshot to a follower that is far behind, piece by piece', async () => {
    const { controller, store } = active();
    await joined(5);
    for (const name of ['a', 'b']) {
      await machines.until(client.send(CreateTopics, 7, newTopic(name)));
      await machines.until(store.writeSnapshot(recordsOf(controller.image), controller.image.revision));
    }
    const { snapshotId, errorCode } = await machines.until(fetchFrom(client, 0, 0));
    expect(errorCode).toBe(ErrorCode.NONE);
    expect(snapshotId).toEqual({ endOffset: controller.image.revision + 1, epoch: 1 });
    const pieces: Buffer[] = [];
    let position = 0;
    for (let size = Infinity; position < size;) {
      const partition = { partition: 0, currentLeaderEpoch: 1, snapshotId, position };
      const topics = [{ name: '__cluster_metadata', partitions: [partition] }];
      const { topics: told } = await machines.until(client.send(FetchSnapshot, 1, { maxBytes: 100, topics }));
      const [piece] = told[0].partitions;
      expect(piece).toMatchObject({ errorCode: ErrorCode.NONE, position });
      pieces.push(Buffer.from(piece.unalignedRecords));
      position += piece.unalignedRecords.length;
      ({ size } = piece);
    }
    expect(pieces.length).toBeGreaterThan(2);
    const names = decodeSnapshot(Buffer.concat(pieces)).flatMap((each) =>
      each.type === 'TopicRecord' ? [each.name] : [],
    );
    expect(names).toEqual(['a', 'b']);
    const missing = { partition: 0, currentLeaderEpoch: 1, snapshotId: { endOffset: 3, epoch: 1 }, position: 0 };
    const topics = [{ name: '__cluster_metadata', partitions: [missing] }];
    const { topics: told } = await machines.until(client.send(FetchSnapshot, 1, { maxBytes: 100, topics }));
    expect(told[0].partitions[0].errorCode).toBe(ErrorCode.SNAPSHOT_NOT_FOUND);
  });
});

describe('a broker', () => {
  test('is registered, unfenced by a heartbeat, and given producer ids', async () => {
    const brokerEpoch = await joined(5);
    expect(active().controller.image.brokers.get(5)).toMatchObject({ epoch: brokerEpoch, fenced: false });
    const ids = () => machines.until(client.send(AllocateProducerIds, 0, { brokerId: 5, brokerEpoch }));
    expect([await ids(), await ids()]).toMatchObject([
      { errorCode: ErrorCode.NONE, producerIdStart: 0, producerIdLen: 1000 },
      { errorCode: ErrorCode.NONE, producerIdStart: 1000, producerIdLen: 1000 },
    ]);
    const stale = await machines.until(client.send(AllocateProducerIds, 0, { brokerId: 5, brokerEpoch: 1 }));
    expect(stale.errorCode).toBe(ErrorCode.STALE_BROKER_EPOCH);
  });

  test('of another cluster is refused, and so is one under an id that is heard of', async () => {
    await joined(5);
    const refused = (request: ReturnType<typeof registration>) =>
      machines.until(client.send(BrokerRegistration, 4, request)).then(({ errorCode }) => errorCode);
    expect(await refused(registration(6, 'another'))).toBe(ErrorCode.INCONSISTENT_CLUSTER_ID);
    const another = { ...registration(5), incarnationId: 'anotheranotheranothera' };
    expect(await refused(another)).toBe(ErrorCode.DUPLICATE_BROKER_REGISTRATION);
  });

  test('whose connection closes while nobody listens there is fenced at once', async () => {
    const connection = await machines.connect(activeId, 'broker-5');
    const { brokerEpoch } = await machines.until(connection.send(BrokerRegistration, 4, registration(5)));
    const heartbeat = {
      brokerId: 5,
      brokerEpoch,
      currentMetadataOffset: brokerEpoch,
      wantFence: false,
      wantShutDown: false,
    };
    await machines.until(connection.send(BrokerHeartbeat, 1, heartbeat));
    const beganMs = machines.clock.monotonic();
    machines.network.crash('broker-5');
    await machines.pass(() => active().controller.image.brokers.get(5)!.fenced);
    expect(machines.clock.monotonic() - beganMs).toBeLessThan(100);
  });

  test('that asks a standby is told so', async () => {
    const standby = await machines.connect(standbyId);
    const { errorCode } = await machines.until(standby.send(BrokerRegistration, 4, registration(5)));
    expect(errorCode).toBe(ErrorCode.NOT_CONTROLLER);
  });
});

describe('a request in an envelope', () => {
  function enclosed(name: string, principal: Buffer | null = principalBytes()) {
    const writer = new Writer();
    writeRequestHeader(writer, CreateTopics, 7, 42, 'a client');
    requestCodec(CreateTopics, 7).encode(writer, newTopic(name));
    const clientHostAddress = Buffer.from([127, 0, 0, 1]);
    return { requestData: writer.finish(), requestPrincipal: principal, clientHostAddress };
  }

  function principalBytes(): Buffer {
    const writer = new Writer();
    writer.int16(0);
    messageCodec(DefaultPrincipalData, 0).encode(writer, { type: 'User', name: 'alice', tokenAuthenticated: false });
    return writer.finish();
  }

  function opened(bytes: Uint8Array | null) {
    const reader = new Reader(Buffer.from(bytes!));
    expect(readResponseHeader(reader, CreateTopics, 7)).toBe(42);
    return responseCodec(CreateTopics, 7).decode(reader).topics[0];
  }

  test('is answered at once where the broker that forwards it does not read the log', async () => {
    await joined(5);
    const beganMs = machines.clock.monotonic();
    const { errorCode, responseData } = await machines.until(client.send(Envelope, 0, enclosed('t')));
    expect([errorCode, opened(responseData).errorCode]).toEqual([ErrorCode.NONE, ErrorCode.NONE]);
    expect(machines.clock.monotonic() - beganMs).toBeLessThan(100);
  });

  test('is answered when the broker that forwards it has read of the change', async () => {
    await joined(5);
    const [forwarder, reader] = [await machines.connect(activeId, '5'), await machines.connect(activeId, '5')];
    const { endOffset } = active().store.copy;
    await machines.until(fetchFrom(reader, endOffset, 1, { replicaId: 5 }));
    let isAnswered = false;
    const answer = forwarder.send(Envelope, 0, enclosed('t')).then((response) => {
      isAnswered = true;
      return response;
    });
    await machines.clock.advance(300);
    expect([active().controller.image.topicsByName.has('t'), isAnswered]).toEqual([true, false]);
    await machines.until(fetchFrom(reader, active().store.copy.endOffset, 1, { replicaId: 5 }));
    await machines.clock.advance(5);
    expect(isAnswered).toBe(true);
    expect(opened((await answer).responseData).errorCode).toBe(ErrorCode.NONE);
  });

  test('is answered after a second where that broker does not come to read', async () => {
    await joined(5);
    const forwarder = await machines.connect(activeId, '5');
    await machines.until(fetchFrom(forwarder, active().store.copy.endOffset, 1, { replicaId: 5 }));
    const beganMs = machines.clock.monotonic();
    await machines.until(forwarder.send(Envelope, 0, enclosed('t')));
    expect(machines.clock.monotonic() - beganMs).toBeGreaterThanOrEqual(1000);
    expect(machines.clock.monotonic() - beganMs).toBeLessThan(1100);
  });

  test('is refused at a standby, without a principal, and where it is not one to forward', async () => {
    const standby = await machines.connect(standbyId);
    const refusal = async (asked: Client, request: ReturnType<typeof enclosed>) =>
      (await machines.until(asked.send(Envelope, 0, request))).errorCode;
    expect(await refusal(standby, enclosed('t'))).toBe(ErrorCode.NOT_CONTROLLER);
    expect(await refusal(client, enclosed('t', null))).toBe(ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE);
    expect(await refusal(client, enclosed('t', Buffer.from([0, 9])))).toBe(ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE);
    expect(await refusal(client, { ...enclosed('t'), requestData: Buffer.from([0, 63, 0, 0]) })).toBe(
      ErrorCode.INVALID_REQUEST,
    );
  });
});

describe('a tool', () => {
  test('is shown the quorum, with the controllers as voters and brokers as observers', async () => {
    await joined(5);
    await machines.until(fetchFrom(client, active().store.copy.endOffset, 1, { replicaId: 5 }));
    const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];
    const { topics: told, nodes } = await machines.until(client.send(DescribeQuorum, 2, { topics }));
    const [quorum] = told[0].partitions;
    expect(quorum).toMatchObject({ leaderId: activeId, leaderEpoch: 1, highWatermark: active().store.copy.endOffset });
    expect(new Set(quorum.currentVoters.map(({ replicaId }) => replicaId))).toEqual(new Set([1, 2]));
    expect(quorum.observers.map(({ replicaId }) => replicaId)).toEqual([5]);
    expect(new Map(nodes.map(({ nodeId, listeners }) => [nodeId, listeners[0].port]))).toEqual(
      new Map([
        [1, 9093],
        [2, 9093],
      ]),
    );
  });

  test.each(['active', 'standby'])('learns from the %s controller who is one, and who is active', async (which) => {
    const asked = await machines.connect(which === 'active' ? activeId : standbyId);
    const request = { includeClusterAuthorizedOperations: false, endpointType: 2 };
    const told = await machines.until(asked.send(DescribeCluster, 1, request));
    expect(told).toMatchObject({ errorCode: ErrorCode.NONE, controllerId: activeId, endpointType: 2 });
    expect(new Map(told.brokers.map(({ brokerId, host }) => [brokerId, host]))).toEqual(
      new Map([
        [1, 'node-1'],
        [2, 'node-2'],
      ]),
    );
  });

  test('takes the registration of a controller away that was stopped for good', async () => {
    machines.kill(standbyId);
    const unregister = (controllerId: number) =>
      machines.until(client.send(UnregisterController, 0, { controllerId })).then(({ errorCode }) => errorCode);
    expect(await unregister(standbyId)).toBe(ErrorCode.NONE);
    expect([...active().controller.image.controllers.keys()]).toEqual([activeId]);
    expect(await unregister(standbyId)).toBe(ErrorCode.CONTROLLER_ID_NOT_REGISTERED);
    expect(await unregister(activeId)).toBe(ErrorCode.INVALID_REQUEST);
  });

  test('is told the features that are in force', async () => {
    const names = { clientSoftwareName: 'tool', clientSoftwareVersion: '1' };
    const { finalizedFeatures, apiKeys } = await machines.until(client.send(ApiVersions, 4, names));
    expect(finalizedFeatures).toContainEqual({ name: 'metadata.version', maxVersionLevel: 33, minVersionLevel: 33 });
    expect(apiKeys.map(({ apiKey }) => apiKey)).toEqual([
      1, 18, 19, 20, 29, 30, 31, 32, 33, 37, 38, 39, 40, 43, 44, 45, 46, 49, 51, 55, 56, 57, 58, 59, 60, 62, 63, 64, 67,
      70, 73, 80, 81, 94,
    ]);
  });

  test('makes a topic at the active controller', async () => {
    await joined(5);
    const { topics } = await machines.until(client.send(CreateTopics, 7, newTopic('t')));
    expect(topics[0].errorCode).toBe(ErrorCode.NONE);
    expect(active().controller.image.topicsByName.get('t')?.partitions[0].replicas).toEqual([5]);
  });

  test('that wants another voter is told that etcd has them', async () => {
    const request = { clusterId: null, timeoutMs: 1000, voterId: 9, voterDirectoryId: ZERO_UUID, listeners: [] };
    const { errorCode, errorMessage } = await machines.until(client.send(AddRaftVoter, 0, request));
    expect(errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect(errorMessage).toContain('etcdctl member');
  });

  test('is told in time where etcd does not answer', async () => {
    await joined(5);
    for (const member of [0, 1, 2]) machines.etcd.kill(member);
    const { topics } = await machines.until(client.send(CreateTopics, 7, newTopic('t')));
    expect(topics[0].errorCode).toBe(ErrorCode.REQUEST_TIMED_OUT);
    expect(topics[0].errorMessage).toContain('etcd');
  });
});
