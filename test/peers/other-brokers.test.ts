/** What one broker asks of another: batched, each answer to who asked, and left as soon as there is nobody to answer. In virtual time. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { AddPartitionsToTxn } from '../../protocol/apis/24-add-partitions-to-txn.ts';
import { WriteTxnMarkers } from '../../protocol/apis/27-write-txn-markers.ts';
import { ReadShareGroupState } from '../../protocol/apis/84-read-share-group-state.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { emptyImage, type BrokerImage, type ClusterImage } from '../../src/cluster/image.ts';
import type { ImageListener } from '../../src/cluster/metadata-loader.ts';
import { serverConfig } from '../../src/config/server.ts';
import { OtherBrokers, type OtherBroker } from '../../src/peers/other-brokers.ts';
import type { DecidedEnd } from '../../src/peers/transaction-requests.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { SimulatedNetwork } from '../simulation/simulated-network.ts';
import { untilSettled } from '../simulation/virtual-time.ts';
import { FakeController } from './fake-controller.ts';

type MarkersRequest = RequestOf<typeof WriteTxnMarkers>;

const PEER = 2;
const TOPIC_ID = 'EOxdhpWe4k1rqk_XteAX2w';

let clock: VirtualClock;
let network: SimulatedNetwork;
let peer: FakeController;
let image: ClusterImage;
let follow: ImageListener;
let others: OtherBrokers;
let markerError: (topic: string, partition: number) => number;
const requests: MarkersRequest[] = [];

function peerImage(more: Partial<BrokerImage> = {}): BrokerImage {
  return {
    id: PEER,
    epoch: 10,
    incarnationId: 'process',
    rack: null,
    listeners: [{ name: 'PLAINTEXT', host: 'peer', port: 9093, securityProtocol: 0 }],
    features: [],
    fenced: false,
    inControlledShutdown: false,
    logDirectoryIds: [],
    cordonedLogDirectoryIds: [],
    ...more,
  };
}

function become(broker: BrokerImage): void {
  const previous = image;
  image = { ...image, brokers: new Map([[PEER, broker]]) };
  void follow(image, previous, { topicIds: new Set(), resources: new Set(), brokerIds: new Set([PEER]) });
}

function end(producerId: number, more: Partial<DecidedEnd> = {}): DecidedEnd {
  return { producerId, producerEpoch: 1, committed: true, coordinatorEpoch: 5, transactionVersion: 2, ...more };
}

function markersAnswer({ markers }: MarkersRequest): ResponseDraft<typeof WriteTxnMarkers> {
  return {
    markers: markers.map(({ producerId, topics }) => ({
      producerId,
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          return { partitionIndex, errorCode: markerError(name, partitionIndex) };
        }),
      })),
    })),
  };
}

function settled<T>(promise: Promise<T>, patienceMs = 60_000): Promise<T> {
  return untilSettled(clock, promise, { stepMs: 1, patienceMs });
}

function other(): OtherBroker {
  return others.get(PEER)!;
}

beforeEach(async () => {
  clock = new VirtualClock();
  network = new SimulatedNetwork({ clock, random: seededRandom(1) });
  peer = new FakeController(PEER, clock);
  await peer.listen(network.of('peer'));
  requests.length = 0;
  markerError = () => ErrorCode.NONE;
  peer.answers.set(WriteTxnMarkers.key, (request: MarkersRequest) => {
    requests.push(request);
    return markersAnswer(request);
  });
  image = { ...emptyImage('cluster'), brokers: new Map([[PEER, peerImage()]]) };
  others = new OtherBrokers({
    clock,
    network: network.of('broker'),
    metadata: {
      get image() {
        return image;
      },
      onChange: (listener) => void (follow = listener),
    },
    config: () => serverConfig(new Map()),
    clientId: 'broker-1',
  });
});

describe('markers', () => {
  test('that are asked for in one tick go in one request, and those that come meanwhile in the next', async () => {
    markerError = (topic) => (topic === 'gone' ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.NONE);
    const first = [
      other().writeMarker({ topic: 'a', partition: 0 }, end(1)),
      other().writeMarker({ topic: 'a', partition: 1 }, end(1)),
      other().writeMarker({ topic: 'gone', partition: 0 }, end(1)),
      other().writeMarker({ topic: 'a', partition: 0 }, end(2, { committed: false })),
    ];
    await clock.advance(0);
    const later = [3, 4, 5].map((producerId) => other().writeMarker({ topic: 'b', partition: 0 }, end(producerId)));
    expect(await settled(Promise.all(first))).toEqual([0, 0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0]);
    expect(await settled(Promise.all(later))).toEqual([0, 0, 0]);
    expect(requests.map(({ markers }) => markers.map(({ producerId }) => producerId))).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    expect(requests[0].markers[0]).toEqual({
      producerId: 1,
      producerEpoch: 1,
      transactionResult: true,
      coordinatorEpoch: 5,
      transactionVersion: 0, // the peer has not said that it knows more than version 1
      topics: [
        { name: 'a', partitionIndexes: [0, 1] },
        { name: 'gone', partitionIndexes: [0] },
      ],
    });
  });

  test('of one producer that differ are not in one request, whose response could not tell them apart', async () => {
    const ends = [end(1), end(1, { coordinatorEpoch: 6 })];
    const asked = ends.map((each) => other().writeMarker({ topic: 'a', partition: 0 }, each));
    expect(await settled(Promise.all(asked))).toEqual([0, 0]);
    expect(requests.map(({ markers }) => markers.map(({ coordinatorEpoch }) => coordinatorEpoch))).toEqual([[5], [6]]);
  });

  test('that the response passes over are not taken as written', async () => {
    peer.answers.set(WriteTxnMarkers.key, () => ({ markers: [] }));
    const asked = other().writeMarker({ topic: 'a', partition: 0 }, end(1));
    expect(await settled(asked)).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
  });

  test('are for another broker to write, where this one cannot be reached, and are written once it is', async () => {
    network.crash('peer');
    const asked = other().writeMarker({ topic: 'a', partition: 0 }, end(1));
    expect(await settled(asked)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    await peer.listen(network.of('peer'));
    expect(await settled(other().writeMarker({ topic: 'a', partition: 0 }, end(1)))).toBe(ErrorCode.NONE);
  });

  test.each([
    ['fenced', { fenced: true }],
    ['another process', { fenced: false, epoch: 20 }],
  ])('that wait for a broker are left as soon as it is %s', async (_what, change) => {
    peer.silent.add(WriteTxnMarkers.key);
    const asked = other().writeMarker({ topic: 'a', partition: 0 }, end(1));
    await clock.advance(5000);
    become(peerImage(change));
    expect(await settled(asked, 10)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(others.get(PEER) === undefined).toBe(change.fenced);
  });

  test('are waited for no longer than request.timeout.ms', async () => {
    peer.silent.add(WriteTxnMarkers.key);
    const asked = other().writeMarker({ topic: 'a', partition: 0 }, end(1));
    const late = untilSettled(clock, asked, { stepMs: 100, patienceMs: 31_000 });
    expect(await late).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
  });

  test('are not asked for any more where this broker ends', async () => {
    peer.silent.add(WriteTxnMarkers.key);
    const asked = other().writeMarker({ topic: 'a', partition: 0 }, end(1));
    await clock.advance(10);
    others.close();
    expect(await settled(asked, 10)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(others.get(PEER)).toBeUndefined();
  });
});

describe('partitions in transactions', () => {
  const producer = { transactionalId: 'id', producerId: 1, producerEpoch: 0, verifyOnly: false };

  test('are added and verified at the coordinator, none waiting for a marker', async () => {
    const asked: RequestOf<typeof AddPartitionsToTxn>['transactions'][] = [];
    peer.silent.add(WriteTxnMarkers.key);
    peer.answers.set(AddPartitionsToTxn.key, ({ transactions }: RequestOf<typeof AddPartitionsToTxn>) => {
      asked.push(transactions);
      const resultsByTransaction = transactions.map(({ transactionalId, topics }) => ({
        transactionalId,
        topicResults: topics.map(({ name, partitions }) => ({
          name,
          resultsByPartition: partitions.map((partitionIndex) => ({
            partitionIndex,
            partitionErrorCode: partitionIndex,
          })),
        })),
      }));
      return { resultsByTransaction };
    });
    void other().writeMarker({ topic: 'a', partition: 0 }, end(1));
    await clock.advance(10);
    const answers = [
      other().admit(producer, { topic: 'a', partition: 0 }),
      other().admit(producer, { topic: 'a', partition: 51 }),
      other().admit({ ...producer, transactionalId: 'other', verifyOnly: true }, { topic: 'a', partition: 90 }),
      other().admit({ ...producer, producerEpoch: 1 }, { topic: 'a', partition: 0 }),
    ];
    expect(await settled(Promise.all(answers))).toEqual([0, 51, 90, 0]);
    expect(asked.map((transactions) => transactions.map(({ verifyOnly }) => verifyOnly))).toEqual([
      [false, true],
      [false],
    ]);
  });

  test('get the error of the request as a whole', async () => {
    peer.answers.set(AddPartitionsToTxn.key, () => ({ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED }));
    const asked = other().admit(producer, { topic: 'a', partition: 0 });
    expect(await settled(asked)).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
  });

  test('are not answered for where the coordinator cannot be reached', async () => {
    network.crash('peer');
    const asked = other().admit(producer, { topic: 'a', partition: 0 });
    expect(await settled(asked)).toBe(ErrorCode.NETWORK_EXCEPTION);
  });
});

describe('the state of share partitions', () => {
  const partitions = [0, 1].map((partition) => ({ topicId: TOPIC_ID, partition, leaderEpoch: 3 }));

  test('is answered in the order of the partitions, with an error for what is missing', async () => {
    const state = { errorCode: 0, errorMessage: null, stateEpoch: 4, startOffset: 7, stateBatches: [] };
    peer.answers.set(ReadShareGroupState.key, () => ({
      results: [{ topicId: TOPIC_ID, partitions: [{ partition: 1, ...state }] }],
    }));
    expect(await settled(other().shareState.read('group', partitions))).toMatchObject([
      { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR },
      state,
    ]);
  });

  test('has no coordinator where its broker cannot be reached', async () => {
    network.crash('peer');
    const read = await settled(other().shareState.read('group', partitions));
    expect(read.map(({ errorCode }) => errorCode)).toEqual(partitions.map(() => ErrorCode.COORDINATOR_NOT_AVAILABLE));
  });
});

test('the end of a partition is asked of its leader, and unknown where that does not say', async () => {
  let errorCode: number = ErrorCode.NONE;
  peer.answers.set(ListOffsets.key, () => ({
    topics: [{ name: 'a', partitions: [{ partitionIndex: 0, errorCode, offset: 12, leaderEpoch: 1 }] }],
  }));
  expect(await settled(other().endOffset({ topic: 'a', partition: 0 }))).toBe(12);
  errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER;
  expect(await settled(other().endOffset({ topic: 'a', partition: 0 }))).toBe(-1);
  network.crash('peer');
  expect(await settled(other().endOffset({ topic: 'a', partition: 0 }))).toBe(-1);
});
