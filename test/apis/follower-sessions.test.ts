/** What the leader reads of a follower's session: what has changed, and now and then all of it. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
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

describe('a follower with a session', () => {
  const who = { replicaState: { replicaId: 2, replicaEpoch: -1 } };
  let sessionId: number;
  let sessionEpoch: number;
  let reads: Record<string, number>;

  /** Everything is led here, and the session is open. */
  beforeEach(async () => {
    reads = {};
    const all = [...broker.partitions.all()];
    for (const partition of all) {
      partition.lead({ leaderEpoch: 0, replicas: 2, inSyncReplicas: 2, followers: [2] });
      const note = partition.noteFollowerFetch.bind(partition);
      const name = `${partition.topic}-${partition.index}`;
      partition.noteFollowerFetch = (noted) => {
        reads[name] = (reads[name] ?? 0) + 1;
        return note(noted);
      };
    }
    const wanted = all.map(({ topic, index: partition }) => ({ topic, partition }));
    ({ sessionId } = await ask(wanted, { ...who, maxWaitMs: 0, sessionEpoch: 0 }, 15));
    sessionEpoch = 1;
    await next({ maxWaitMs: 0 });
    reads = {};
  });

  const next = (more: Partial<FetchDraft> = {}, wanted: Wanted[] = []) =>
    ask(wanted, { ...who, sessionId, sessionEpoch: sessionEpoch++, ...more }, 15);
  const told = ({ responses }: Fetched) =>
    responses.flatMap(({ topicId: id, partitions }) =>
      partitions.map(
        ({ partitionIndex, highWatermark, logStartOffset }) =>
          `${id === topicId(0) ? 'orders' : 'others'}-${partitionIndex} ${logStartOffset} ${highWatermark}`,
      ),
    );

  test('is read what has grown, and nothing else, whenever that is', async () => {
    const waiting = watch(next());
    produce('others', 0, 'a');
    await turn();
    expect([valuesIn(waiting.answer!), reads]).toEqual([['a'], {}]); // it was counted when it came
    produce('orders', 1, 'b'); // while nobody waits
    const second = await next({}, [{ topic: 'others', fetchOffset: 1 }]);
    expect([valuesIn(second), reads]).toEqual([['b'], { 'orders-1': 1, 'others-0': 1 }]);
    expect(waitersLeft()).toBe(0);
  });

  test('is given again what it does not ask on from', async () => {
    produce('others', 0, 'a');
    expect([valuesIn(await next()), valuesIn(await next())]).toEqual([['a'], ['a']]);
  });

  test('is told of a high watermark with the next answer, and not woken for it', async () => {
    produce('others', 0, 'a');
    await next();
    const waiting = watch(next({}, [{ topic: 'others', fetchOffset: 1 }]));
    await broker.clock.advance(100);
    expect([broker.partition('others', 0).highWatermark, waiting.answer]).toEqual([1, null]);
    produce('orders', 0, 'b');
    await turn();
    expect(told(waiting.answer!)).toEqual(['others-0 0 1', 'orders-0 0 0']);
  });

  test('is told of what nobody tells of within half a second', async () => {
    produce('others', 0, 'a');
    await next();
    await next({ maxWaitMs: 0 }, [{ topic: 'others', fetchOffset: 1 }]);
    for (let i = 0; i < 2; i++) await next({ maxWaitMs: 0 }); // until there is nothing left to tell
    broker.partition('others', 0).log.deleteRecordsBefore(1);
    expect(told(await next({ maxWaitMs: 0 }))).toEqual([]);
    await broker.clock.advance(500);
    expect(told(await next({ maxWaitMs: 0 }))).toEqual(['others-0 1 1']);
    expect(Object.keys(reads).toSorted()).toEqual(['orders-0', 'orders-1', 'others-0']);
  });

  test('is told of errors, and waits for nothing that it does not ask for any more', async () => {
    const waiting = watch(next());
    broker.partition('others', 0).follow(1);
    await turn();
    expect(waiting.answer!.responses[0].partitions[0].errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    const forgottenTopicsData = [{ topicId: topicId(1), partitions: [0] }];
    const second = watch(next({ forgottenTopicsData }));
    await broker.clock.advance(499);
    expect(second.answer).toBe(null);
    await broker.clock.advance(1);
    expect(told(second.answer!)).toEqual([]);
  });

  test('has room for one where consumers have none', async () => {
    const before = broker.fetchSessions.size;
    for (let i = 0; i < 12; i++) await ask([{}], { maxWaitMs: 0, sessionEpoch: 0 }, 15);
    expect(broker.fetchSessions.size).toBe(before + 10);
    expect((await ask([{}], { ...who, maxWaitMs: 0, sessionEpoch: 0 }, 15)).sessionId).toBeGreaterThan(0);
  });
});
