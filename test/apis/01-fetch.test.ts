import { beforeEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { INLINE_BYTES } from '../../src/apis/record-ranges.ts';
import { topicId } from '../partitions/partitions-fixture.ts';
import { sendFetch, valuesIn, watch, type Fetched, type FetchDraft, type Wanted } from './fetch-requests.ts';
import { PartitionBroker } from './partition-broker.ts';

let broker: PartitionBroker;

beforeEach(() => {
  broker = new PartitionBroker();
  broker.apply('orders', topicId(0), 2);
  broker.apply('others', topicId(1));
});

const ask = (wanted: Wanted[], more?: Partial<FetchDraft>, version?: number): Promise<Fetched> =>
  sendFetch(broker, wanted, more, version);

function produce(topic: string, index: number, ...values: string[]): void {
  broker.produceValues(broker.partition(topic, index), ...values);
  broker.partitions.settle();
}

const turn = () => broker.clock.advance(0);
const waitersLeft = () => broker.clock.waiting;

describe('a fetch that finds nothing', () => {
  test('is answered when something comes, and leaves no timer', async () => {
    const waiting = watch(ask([{}]));
    await broker.clock.advance(499);
    expect(waiting.answer).toBe(null);
    produce('orders', 0, 'a');
    await turn();
    expect(valuesIn(waiting.answer!)).toEqual(['a']);
    expect(waitersLeft()).toBe(0);
  });

  test('is answered empty when its time is over, not before', async () => {
    const waiting = watch(ask([{}]));
    await broker.clock.advance(499);
    expect(waiting.answer).toBe(null);
    await broker.clock.advance(1);
    expect(waiting.answer!.responses[0].partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 0 });
    expect(valuesIn(waiting.answer!)).toEqual([]);
  });

  test('is answered at once when it does not want to wait', async () => {
    expect(valuesIn(await ask([{}], { maxWaitMs: 0 }))).toEqual([]);
    expect(valuesIn(await ask([{}], { minBytes: 0 }))).toEqual([]);
    expect((await ask([])).responses).toEqual([]);
  });

  test('is woken by any of its partitions, and by no other', async () => {
    const waiting = watch(ask([{}, { topic: 'others' }]));
    produce('orders', 1, 'not asked for');
    await turn();
    expect(waiting.answer).toBe(null);
    produce('others', 0, 'b');
    await turn();
    expect(valuesIn(waiting.answer!)).toEqual(['b']);
    produce('orders', 0, 'later'); // wakes nobody any more
    expect(waitersLeft()).toBe(0);
  });

  test('waits on until there are as many bytes as it wants, in all partitions together', async () => {
    const waiting = watch(ask([{}, { topic: 'others' }], { minBytes: 200 }));
    produce('orders', 0, 'a'); // 75 bytes or so each
    produce('others', 0, 'b');
    await turn();
    expect(waiting.answer).toBe(null);
    produce('orders', 0, 'c');
    await turn();
    expect(valuesIn(waiting.answer!)).toEqual(['a', 'c', 'b']);
  });

  test('never waits for more bytes than it would take', async () => {
    produce('orders', 0, 'a');
    expect(valuesIn(await ask([{}], { minBytes: 1 << 30, maxBytes: 60 }))).toEqual(['a']);
  });

  test('is told when its topic is deleted', async () => {
    const waiting = watch(ask([{}]));
    for (const _ of broker.partitions.delete(topicId(0)));
    await broker.clock.advance(499);
    expect(waiting.answer).not.toBe(null);
    expect(waiting.answer!.responses[0].partitions[0].errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  test('is told at once of an error in one of its partitions', async () => {
    const answer = await ask([{}, { topic: 'others', fetchOffset: 7 }]);
    expect(answer.responses.map(({ partitions }) => partitions[0].errorCode)).toEqual([
      0,
      ErrorCode.OFFSET_OUT_OF_RANGE,
    ]);
    expect(waitersLeft()).toBe(0);
  });

  test('whose client goes leaves neither timer nor waiter', async () => {
    const waiting = watch(ask([{}], { maxWaitMs: 0x7fffffff }));
    expect(waitersLeft()).toBe(1);
    broker.waits.cancelAll();
    expect(waitersLeft()).toBe(0);
    await turn();
    produce('orders', 0, 'a');
    await turn();
    expect(valuesIn(waiting.answer!)).toEqual([]); // written to nobody before the produce
  });

  test('does not let a reading error reach the producer that wakes it', async () => {
    const waiting = watch(ask([{}]));
    broker.partition('orders').log.locate = () => {
      throw new Error('EIO');
    };
    expect(() => produce('orders', 0, 'a')).not.toThrow();
    await turn();
    expect(waiting.answer!.responses[0].partitions[0].errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });
});

describe('answers', () => {
  test('by id say ids, by name names', async () => {
    produce('orders', 0, 'a');
    const [byName] = (await ask([{}], {}, 12)).responses;
    const [byId] = (await ask([{}], {}, 13)).responses;
    expect([byName.topic, byId.topicId]).toEqual(['orders', topicId(0)]);
  });

  test('say null aborted transactions to who did not ask, an empty list to who did', async () => {
    produce('orders', 0, 'a');
    const lists = await Promise.all(
      [0, 1].map(
        async (isolationLevel) => (await ask([{}], { isolationLevel })).responses[0].partitions[0].abortedTransactions,
      ),
    );
    expect(lists).toEqual([null, []]);
  });

  test.each([
    [12, [ErrorCode.UNKNOWN_SERVER_ERROR, 1]],
    [13, [ErrorCode.UNKNOWN_SERVER_ERROR, 0]],
  ])(
    'of v%i to an isolation level that is none fail as Kafka does, where there is something to read',
    async (version, told) => {
      produce('orders', 0, 'a');
      const { errorCode, responses } = await ask([{}], { isolationLevel: 7 }, version);
      expect([errorCode, responses.length]).toEqual(told);
      expect((await ask([{ partition: 99 }], { isolationLevel: 7 }, version)).errorCode).toBe(ErrorCode.NONE);
    },
  );

  test('larger than what is written at once are whole', async () => {
    const value = 'x'.repeat(400_000);
    for (let i = 0; i < 5; i++) produce('orders', 0, `${value}${i}`);
    const answer = await ask([{ partitionMaxBytes: 10 << 20 }], { maxBytes: 10 << 20 });
    expect(answer.responses[0].partitions[0].records!.length).toBeGreaterThan(INLINE_BYTES);
    expect(valuesIn(answer).map((text) => text.at(-1))).toEqual(['0', '1', '2', '3', '4']);
  });

  test('from a file that ends too early say KAFKA_STORAGE_ERROR, and the connection goes on', async () => {
    produce('orders', 0, 'a');
    produce('others', 0, 'b');
    const { log } = broker.partition('orders');
    const locate = log.locate.bind(log);
    log.locate = (...where) => {
      const range = locate(...where);
      return range === null ? null : { ...range, position: range.position + 1 };
    };
    const answer = await ask([{}], { maxWaitMs: 0 });
    expect(answer.responses[0].partitions[0]).toMatchObject({
      errorCode: ErrorCode.KAFKA_STORAGE_ERROR,
      records: Buffer.alloc(0),
    });
    expect(broker.events()).toEqual(['request-failed']);
  });
});

describe('a session', () => {
  test('wakes a waiting fetch with what is new, and tells nothing else', async () => {
    const { sessionId } = await ask([{}, { partition: 1 }, { topic: 'others' }], { sessionEpoch: 0, maxWaitMs: 0 });
    const waiting = watch(ask([], { sessionId, sessionEpoch: 1 }));
    await turn();
    expect(waiting.answer).toBe(null);
    produce('orders', 1, 'new');
    await turn();
    expect(waiting.answer!.sessionId).toBe(sessionId);
    expect(
      waiting.answer!.responses.map(({ topic, partitions }) => [
        topic,
        partitions.map(({ partitionIndex }) => partitionIndex),
      ]),
    ).toEqual([['orders', [1]]]);
    expect(valuesIn(waiting.answer!)).toEqual(['new']);
    const next = await ask([{ partition: 1, fetchOffset: 1 }], { sessionId, sessionEpoch: 2, maxWaitMs: 0 });
    expect(next.responses).toEqual([]);
  });

  test('that is refused says why, and nothing else', async () => {
    const answer = await ask([{}], { sessionId: 99, sessionEpoch: 4 });
    expect([answer.errorCode, answer.sessionId, answer.responses]).toEqual([
      ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
      0,
      [],
    ]);
  });
});

describe('a follower', () => {
  const lead = () =>
    broker.partition('orders', 0).lead({ leaderEpoch: 0, replicas: 2, inSyncReplicas: 2, followers: [2] });

  test.each([
    ['replicaId', 11, { replicaId: 2 }],
    ['replicaState', 15, { replicaState: { replicaId: 2, replicaEpoch: -1 } }],
  ])(
    'is woken by the log, and what it asks for next commits what it has: then consumers are (%s)',
    async (_field, version, who) => {
      lead();
      const follower = watch(ask([{}], who, version));
      const consumer = watch(ask([{}], {}, version));
      produce('orders', 0, 'a');
      await turn();
      expect([valuesIn(follower.answer!), consumer.answer]).toEqual([['a'], null]);
      expect(follower.answer!.responses[0].partitions[0].highWatermark).toBe(0);
      const next = watch(ask([{ fetchOffset: 1 }], who, version));
      await turn();
      expect([valuesIn(consumer.answer!), next.answer]).toEqual([['a'], null]);
    },
  );

  test('of hundreds of partitions is woken by the log of any, too: producers wait for it', async () => {
    const count = 300;
    broker.apply('orders', topicId(0), count);
    const term = { leaderEpoch: 0, replicas: 2, inSyncReplicas: 2, followers: [2] };
    for (let index = 0; index < count; index++) broker.partition('orders', index).lead(term);
    const partitions = Array.from({ length: count }, (_, partition) => ({
      partition,
      fetchOffset: 0,
      partitionMaxBytes: 99,
    }));
    const waiting = watch(ask([], { replicaId: 2, topics: [{ topic: 'orders', topicId: topicId(0), partitions }] }));
    await turn();
    produce('orders', 150, 'a');
    await turn();
    expect(valuesIn(waiting.answer!)).toEqual(['a']);
    expect(waitersLeft()).toBe(0);
  });

  test('that is none of this partition is told so: to ask again where it knows the epoch', async () => {
    lead();
    const errorCode = async (currentLeaderEpoch: number) =>
      (await ask([{ currentLeaderEpoch }], { replicaId: 9 })).responses[0].partitions[0].errorCode;
    expect([await errorCode(-1), await errorCode(0)]).toEqual([
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
      ErrorCode.UNKNOWN_LEADER_EPOCH,
    ]);
  });
});

test('a broker that follows serves consumers of v11 and later as far as it knows what is committed, and no followers', async () => {
  for (const value of ['a', 'b']) produce('orders', 0, value);
  const partition = broker.partition('orders', 0);
  partition.follow(1);
  partition.highWatermark = 1; // as its leader told it last
  const found = async (more: Partial<FetchDraft>, version = 11) => {
    const answer = await ask([{ fetchOffset: 1 }], { maxWaitMs: 0, ...more }, version);
    return [answer.responses[0].partitions[0].errorCode, valuesIn(answer).length];
  };
  expect(await found({}, 10)).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER, 0]);
  expect(await found({ replicaId: 3 })).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER, 0]);
  expect(await found({})).toEqual([ErrorCode.NONE, 0]);
  partition.followHighWatermark(2);
  expect(await found({})).toEqual([ErrorCode.NONE, 1]);
});
