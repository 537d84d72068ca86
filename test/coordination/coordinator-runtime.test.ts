import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { CoordinatorRuntime } from '../../src/coordination/coordinator-runtime.ts';
import type { CoordinatorShard } from '../../src/coordination/coordinator-shard.ts';
import { nextTurn, VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MemoryLog } from './memory-log.ts';

type Counters = Map<string, number>;
type Shard = CoordinatorShard<Counters>;

const TIMEOUT = { timeoutMs: 5000 };
const NOT_COORDINATOR = ErrorCode.NOT_COORDINATOR;

/** A coordinator of counters: a record says what one of them is. */
class Setting {
  readonly clock = new VirtualClock();
  readonly logs = [new MemoryLog(this.clock), new MemoryLog(this.clock)];
  readonly unloaded: [index: number, errorCode: number][] = [];
  readonly errors: string[] = [];
  workedMs = 0;
  readonly runtime = new CoordinatorRuntime<Counters, [name: string, count: number]>({
    name: 'counter',
    clock: {
      now: () => this.clock.now(),
      monotonic: () => this.clock.monotonic() + this.workedMs,
      after: (delayMs, run) => this.clock.after(delayMs, run),
    },
    logger: { ...silentLogger, error: (event) => void this.errors.push(event) },
    partitionOf: (index) => this.logs[index],
    newState: () => new Map<string, number>(),
    load: (log, state, _index, onUnreadable) =>
      log.recordPieces(
        ({ key, value }) => void state.set(Buffer.from(key!).toString(), Buffer.from(value!)[0]),
        onUnreadable,
      ),
    loadedTimeoutMs: 5000,
    encode: ([name, count], timestamp) => ({ key: Buffer.from(name), value: Buffer.from([count]), timestamp }),
    replay: (state, [name, count]) => void state.set(name, count),
    loaded: () => {},
    unloaded: ({ index }, errorCode) => void this.unloaded.push([index, errorCode]),
  });

  lead(leaderEpoch = 1): Shard {
    this.runtime.onLeader(0, leaderEpoch);
    return this.runtime.find(0) as Shard;
  }

  set(shard: Shard, name: string, count: number): number | Promise<number> {
    const failed = this.runtime.write(shard, [[name, count]], TIMEOUT);
    return shard.answer(failed, (errorCode) => errorCode);
  }

  /** The count, or minus the error. */
  get(shard: Shard, name: string): number | Promise<number> {
    return shard.answer(shard.state.get(name) ?? 0, (errorCode) => -errorCode);
  }
}

function outcomeOf<T>(answer: T | Promise<T>): { value: T | 'waits' } {
  const outcome: { value: T | 'waits' } = { value: 'waits' };
  void Promise.resolve(answer).then((value) => (outcome.value = value));
  return outcome;
}

test('where a log commits at once nothing becomes a promise', () => {
  const setting = new Setting();
  const shard = setting.lead();
  expect(setting.set(shard, 'a', 1)).toBe(ErrorCode.NONE);
  expect(setting.get(shard, 'a')).toBe(1);
  setting.runtime.stop();
});

test('a write takes effect at once, and is told of once it is committed: by a read, too', async () => {
  const setting = new Setting();
  const shard = setting.lead();
  setting.logs[0].isHeld = true;
  const wrote = outcomeOf(setting.set(shard, 'a', 1));
  const wroteAgain = outcomeOf(setting.set(shard, 'a', 2));
  const read = outcomeOf(setting.get(shard, 'a'));
  expect(shard.state.get('a')).toBe(2);
  await nextTurn();
  expect([wrote, wroteAgain, read].map(({ value }) => value)).toEqual(['waits', 'waits', 'waits']);
  setting.logs[0].commit(1);
  await nextTurn();
  expect([wrote, wroteAgain, read].map(({ value }) => value)).toEqual([0, 'waits', 'waits']);
  setting.logs[0].commit();
  await nextTurn();
  expect([wrote, wroteAgain, read].map(({ value }) => value)).toEqual([0, 0, 2]);
  expect(setting.get(shard, 'a')).toBe(2);
  setting.runtime.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('what waits together waits in the log once', () => {
  const setting = new Setting();
  const shard = setting.lead();
  setting.logs[0].isHeld = true;
  for (let i = 0; i < 5; i++) void setting.set(shard, 'a', i);
  for (let i = 0; i < 100; i++) void setting.get(shard, 'a');
  expect(setting.logs[0].waiting).toBe(5);
  setting.logs[0].commit();
  setting.runtime.stop();
});

test('an append that is refused has no effect', () => {
  const setting = new Setting();
  const shard = setting.lead();
  setting.logs[0].failing = ErrorCode.NOT_ENOUGH_REPLICAS;
  expect(setting.set(shard, 'a', 1)).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  expect(setting.get(shard, 'a')).toBe(0);
  expect(setting.errors).toEqual(['counter.append-failed']);
  setting.runtime.stop();
});

test('a commit that takes too long is told as COORDINATOR_NOT_AVAILABLE; it may count yet, and the next answer waits for it', async () => {
  const setting = new Setting();
  const shard = setting.lead();
  setting.logs[0].isHeld = true;
  const wrote = outcomeOf(setting.set(shard, 'a', 1));
  await setting.clock.advance(5000);
  expect(wrote.value).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  const read = outcomeOf(setting.get(shard, 'a'));
  await nextTurn();
  expect(read.value).toBe('waits');
  setting.logs[0].commit();
  await nextTurn();
  expect(read.value).toBe(1);
  setting.runtime.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('who waits when the leadership goes is told NOT_COORDINATOR, and the log is heard no more', async () => {
  const setting = new Setting();
  const shard = setting.lead();
  setting.logs[0].isHeld = true;
  const answers = [outcomeOf(setting.set(shard, 'a', 1)), outcomeOf(setting.get(shard, 'a'))];
  setting.runtime.onResign(0);
  await nextTurn();
  expect(answers.map(({ value }) => value)).toEqual([NOT_COORDINATOR, -NOT_COORDINATOR]);
  expect(setting.unloaded).toEqual([[0, NOT_COORDINATOR]]);
  setting.logs[0].lose(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  await nextTurn();
  expect(setting.unloaded).toHaveLength(1);
  expect(setting.errors).toEqual([]);
  expect(setting.get(shard, 'a')).toBe(-NOT_COORDINATOR);
  expect(setting.runtime.write(shard, [['a', 2]], TIMEOUT)).toBe(NOT_COORDINATOR);
  expect(setting.logs[0].batches).toHaveLength(0);
});

test.each([
  [ErrorCode.KAFKA_STORAGE_ERROR, NOT_COORDINATOR],
  [ErrorCode.NOT_LEADER_OR_FOLLOWER, NOT_COORDINATOR],
  [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.COORDINATOR_NOT_AVAILABLE],
])('when an append is lost (%i) its client is told %i, and the state is dropped', async (errorCode, told) => {
  const setting = new Setting();
  const shard = setting.lead();
  await setting.set(shard, 'a', 1);
  setting.logs[0].isHeld = true;
  const [wrote, behind] = [outcomeOf(setting.set(shard, 'a', 2)), outcomeOf(setting.set(shard, 'b', 1))];
  setting.logs[0].lose(errorCode);
  await nextTurn();
  expect(wrote.value).toBe(told);
  expect([told, NOT_COORDINATOR]).toContain(behind.value);
  expect(setting.runtime.find(0)).toBe(NOT_COORDINATOR);
  expect(setting.unloaded).toEqual([[0, NOT_COORDINATOR]]);
  expect(setting.errors).toEqual(['counter.append-lost']);
  setting.logs[0].isHeld = false;
  const next = setting.lead(2);
  expect([...next.state]).toEqual([['a', 1]]);
  setting.runtime.stop();
});

test('an append that is lost for no known reason has the state read again at once', async () => {
  const setting = new Setting();
  const shard = setting.lead();
  await setting.set(shard, 'a', 1);
  setting.logs[0].isHeld = true;
  const wrote = outcomeOf(setting.set(shard, 'a', 2));
  setting.logs[0].lose(ErrorCode.UNKNOWN_SERVER_ERROR);
  await nextTurn();
  expect(wrote.value).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
  const again = setting.runtime.find(0) as Shard;
  expect(again).not.toBe(shard);
  expect(setting.get(again, 'a')).toBe(1);
  setting.runtime.stop();
});

test('a shard that is lost within a call is not closed under the feet of that call', async () => {
  const setting = new Setting();
  const shard = setting.lead();
  setting.logs[0].committed = () => ErrorCode.KAFKA_STORAGE_ERROR;
  expect(setting.set(shard, 'a', 1)).toBe(NOT_COORDINATOR);
  expect(setting.unloaded).toEqual([]);
  expect(setting.runtime.find(0)).toBe(NOT_COORDINATOR);
  await nextTurn();
  expect(setting.unloaded).toEqual([[0, NOT_COORDINATOR]]);
});

test('what the leader before has appended is not told of before it is committed', async () => {
  const setting = new Setting();
  const [log] = setting.logs;
  log.isHeld = true;
  log.appendRecords([{ key: Buffer.from('a'), value: Buffer.from([7]), timestamp: 0 }]);
  const read = outcomeOf(setting.get(setting.lead(), 'a'));
  await nextTurn();
  expect(read.value).toBe('waits');
  log.commit();
  await nextTurn();
  expect(read.value).toBe(7);
  setting.runtime.stop();
});

test('a stop ends what waits and leaves no timer', async () => {
  const setting = new Setting();
  const shard = setting.lead();
  setting.logs[0].isHeld = true;
  const wrote = outcomeOf(setting.set(shard, 'a', 1));
  setting.runtime.stop();
  await nextTurn();
  expect(wrote.value).toBe(NOT_COORDINATOR);
  setting.logs[0].commit();
  expect(setting.clock.waiting).toBe(0);
});

/** Ten batches, of which a slice reads a few. */
function withLongLog(setting: Setting): void {
  const shard = setting.lead();
  for (let i = 1; i <= 10; i++) void setting.set(shard, 'a', i);
  setting.runtime.onResign(0);
  setting.logs[0].pieceRead = () => {
    setting.workedMs += 4;
  };
}

test('what was asked of a shard while it is read happens once it is read, or never where it resigns before', async () => {
  const setting = new Setting();
  withLongLog(setting);
  const ran: string[] = [];
  await setting.clock.advance(1000);
  setting.runtime.onLeader(0, 2);
  expect(setting.runtime.find(0)).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  setting.runtime.shards()[0].onceActive(() => ran.push('before the resignation'));
  setting.runtime.onResign(0);
  setting.runtime.onLeader(0, 3);
  setting.runtime.shards()[0].onceActive(() => ran.push('after it'));
  await setting.clock.advance(10);
  expect(ran).toEqual(['after it']);
  expect(setting.get(setting.runtime.find(0) as Shard, 'a')).toBe(10);
  setting.runtime.stop();
  expect(setting.clock.waiting).toBe(0);
});

test('a topic that is deleted and made again while requests are parked begins anew, and the old ones are told', async () => {
  const setting = new Setting();
  const shard = setting.lead(5);
  await setting.set(shard, 'a', 1);
  setting.logs[0].isHeld = true;
  const wrote = outcomeOf(setting.set(shard, 'a', 2));
  const [old] = setting.logs;
  setting.runtime.onResign(0);
  setting.logs[0] = new MemoryLog(setting.clock);
  const next = setting.lead(0);
  expect(setting.get(next, 'a')).toBe(0);
  old.lose(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  await nextTurn();
  expect(wrote.value).toBe(NOT_COORDINATOR);
  expect(setting.runtime.find(0)).toBe(next);
  expect(setting.set(next, 'a', 9)).toBe(ErrorCode.NONE);
  expect(old.batches).toHaveLength(1);
  setting.runtime.stop();
});

test('a topic that is made again without a resignation in between is read from its new log', () => {
  const setting = new Setting();
  const shard = setting.lead(5);
  expect(setting.set(shard, 'a', 1)).toBe(ErrorCode.NONE);
  setting.logs[0] = new MemoryLog(setting.clock);
  const next = setting.lead(0);
  expect(next).not.toBe(shard);
  expect(setting.get(next, 'a')).toBe(0);
  setting.runtime.stop();
});

test('a sweep goes on between requests, and passes a shard over that closes meanwhile', async () => {
  const setting = new Setting();
  setting.lead();
  setting.runtime.onLeader(1, 1);
  const seen: number[] = [];
  let done = false;
  setting.runtime.sweep(
    function* visit({ index }) {
      for (let i = 0; i < 10; i++) {
        seen.push(index);
        setting.workedMs += 4;
        yield;
      }
    },
    { done: () => (done = true) },
  );
  expect(seen).toEqual([0, 0, 0]);
  setting.runtime.onResign(0);
  await setting.clock.advance(1);
  expect(seen.filter((index) => index === 0)).toHaveLength(3);
  expect(seen.filter((index) => index === 1)).toHaveLength(10);
  expect(done).toBe(true);
  setting.runtime.stop();
});
