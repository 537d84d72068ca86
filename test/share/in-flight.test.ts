import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/platform/random.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ackRanges } from '../../src/share/acknowledgements.ts';
import type { AcquireRequest } from '../../src/share/acquisition.ts';
import { InFlight, type Transition } from '../../src/share/in-flight.ts';
import { DeliveryState } from '../../src/share/runs.ts';
import { RangeList, type Range } from '../../src/share/ranges.ts';
import { Model } from './in-flight-model.ts';

describe('what is in flight', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))('is what it would be offset by offset, seed %i', (seed) => {
    const model = new Model(seed);
    for (let step = 0; step < 150; step++) {
      const dice = model.below(10);
      if (dice < 4) model.acquire();
      else if (dice < 7) model.acknowledge();
      else if (dice < 8) model.expire();
      else if (dice < 9) model.leave();
      else if (model.below(4) === 0) model.deleteRecords();
      model.check();
    }
    expect(model.inFlight.startOffset).toBeGreaterThan(0);
  });
});

test('a list of ranges is what it would be offset by offset', () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = seededRandom(seed);
    const list = new RangeList<Range & { what: number }>((a, b) => a.what === b.what);
    const model = new Map<number, number>();
    for (let step = 0; step < 20; step++) {
      const changes: (Range & { what: number })[] = [];
      for (let at = Math.floor(random.float() * 10); at < 60 && changes.length < 4;) {
        const last = at + Math.floor(random.float() * 12);
        changes.push({ first: at, last, what: Math.floor(random.float() * 3) });
        at = last + 1 + Math.floor(random.float() * 10);
      }
      list.put(changes);
      for (const { first, last, what } of changes) for (let i = first; i <= last; i++) model.set(i, what);
      const told = list.all.flatMap(({ first, last, what }) =>
        Array.from({ length: last - first + 1 }, (_, i) => [first + i, what]),
      );
      expect(told).toEqual([...model].sort(([a], [b]) => a - b));
    }
  }
});

/** A partition whose log has batches of `sizes`, all of it looked at by one member at a time. */
class Partition {
  readonly inFlight = new InFlight(0, []);
  readonly log: Range[] = [];

  constructor(sizes: readonly number[]) {
    let first = 0;
    for (const size of sizes) {
      this.log.push({ first, last: first + size - 1 });
      first += size;
    }
  }

  /** What a member is given, as first-last×deliveries. */
  acquire(draft: Partial<AcquireRequest> = {}): string {
    const request: AcquireRequest = {
      memberId: 'member',
      nowMs: 0,
      lockedUntil: 30,
      fetchOffset: this.inFlight.nextFetchOffset(draft.nowMs ?? 0),
      batches: this.log,
      maxRecords: 500,
      batchSize: 500,
      isRecordLimit: false,
      deliveryLimit: 5,
      maxLocks: 2000,
      ...draft,
    };
    return this.inFlight
      .acquire(request)
      .map(({ first, last, deliveryCount }) => `${first}-${last}x${deliveryCount}`)
      .join(' ');
  }

  acknowledge(first: number, last: number, ...acknowledgeTypes: number[]): number {
    const acks = ackRanges([{ firstOffset: first, lastOffset: last, acknowledgeTypes }], true);
    if (typeof acks === 'number') return acks;
    const transitions = this.inFlight.acknowledge('member', acks, { ...RULES, renewsLocks: true, lockedUntil: 60 });
    if (typeof transitions === 'number') return transitions;
    this.inFlight.complete(transitions);
    return 0;
  }

  get states(): string {
    return this.inFlight.runs
      .map(({ first, last, state, deliveryCount }) => `${first}-${last}:${state}x${deliveryCount}`)
      .join(' ');
  }
}

const RULES = { deliveryLimit: 5, undeliverable: DeliveryState.archived, availableAt: () => 0 } as const;

describe('handing out', () => {
  test('cuts where a batch ends once there are batchSize records', () => {
    const partition = new Partition([3, 3, 3, 3, 3, 3]);
    expect(partition.acquire({ maxRecords: 4, batchSize: 5 })).toBe('0-5x1');
    expect(partition.acquire({ maxRecords: 100, batchSize: 5 })).toBe('6-11x1 12-17x1');
    partition.acknowledge(3, 7, 2);
    expect(partition.acquire({ batchSize: 2 })).toBe('3-5x2 6-7x2');
  });

  test('takes whole batches, even beyond what was asked for', () => {
    const partition = new Partition([10]);
    expect(partition.acquire({ maxRecords: 4, batchSize: 2 })).toBe('0-9x1');
    partition.acknowledge(0, 9, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1);
    expect(partition.acquire({ maxRecords: 2 })).toBe('0-0x2 2-2x2 4-4x2 6-6x2 8-8x2');
  });

  test('takes never more where the limit is of records', () => {
    const partition = new Partition([10, 10]);
    const asked = { batchSize: 3, isRecordLimit: true };
    expect(partition.acquire({ ...asked, maxRecords: 4 })).toBe('0-3x1');
    expect(partition.acquire({ ...asked, maxRecords: 8 })).toBe('4-9x1 10-11x1');
    partition.acknowledge(0, 11, 2);
    expect(partition.acquire({ ...asked, maxRecords: 5 })).toBe('0-4x2');
    expect(partition.acquire({ maxRecords: 5 })).toBe('5-9x2');
  });

  test('comes down to the record that cannot be processed, and leaves its neighbours alone', () => {
    const partition = new Partition([16]);
    const told: string[] = [];
    for (;;) {
      const acquired = partition.acquire();
      if (acquired === '') break;
      told.push(acquired);
      const [, first, last] = /^(\d+)-(\d+)/.exec(acquired)!.map(Number);
      partition.acknowledge(first, last, 2);
    }
    expect(told.slice(0, 14)).toEqual([
      '0-15x1', '0-15x2', '0-15x3', '0-7x4', '0-0x5', '1-1x5', '2-2x5', '3-3x5', '4-4x5', '5-5x5', '6-6x5', '7-7x5', '8-15x4', '8-8x5',
    ]); // prettier-ignore
    expect(partition.inFlight.startOffset).toBe(16);
  });

  test('hands out what is dealt with cautiously by itself', () => {
    const partition = new Partition([2, 4, 2]);
    partition.acquire({ batchSize: 2 });
    for (let i = 0; i < 2; i++) {
      partition.acknowledge(2, 5, 2);
      partition.acquire();
    }
    partition.acknowledge(0, 7, 2);
    expect([partition.acquire(), partition.acquire(), partition.acquire(), partition.acquire()]).toEqual([
      '0-1x2',
      '2-3x4',
      '4-5x4',
      '6-7x2',
    ]);
  });

  test('leaves no more offsets between start and end than may be, but whole batches', () => {
    const partition = new Partition([60, 60, 60]);
    expect(partition.acquire({ maxLocks: 100 })).toBe('0-119x1');
    expect(partition.acquire({ maxLocks: 100 })).toBe('');
    partition.acknowledge(70, 80, 2);
    expect(partition.acquire({ maxLocks: 100 })).toBe('70-80x2');
    partition.acknowledge(0, 30, 1);
    expect(partition.acquire({ maxLocks: 100 })).toBe('120-179x1');
  });

  test('waits for what is not to be offered again yet, and holds nothing else up', () => {
    const partition = new Partition([2, 2]);
    partition.acquire({ batchSize: 1 });
    const released = partition.inFlight.release(
      { memberId: 'member' },
      { ...RULES, availableAt: (count) => count * 100 },
    );
    partition.inFlight.complete(released.slice(0, 1));
    expect(partition.inFlight.nextDeadline(0)).toBe(30);
    expect(partition.acquire({ nowMs: 99 })).toBe('');
    expect(partition.acquire({ nowMs: 100 })).toBe('0-1x2');
  });
});

describe('acknowledging', () => {
  test('is all or nothing', () => {
    const partition = new Partition([5, 5]);
    partition.acquire({ maxRecords: 5 });
    const before = partition.states;
    expect(partition.acknowledge(4, 5, 1)).toBe(ErrorCode.INVALID_REQUEST);
    expect(partition.acknowledge(0, 1_000_000_000, 1)).toBe(ErrorCode.INVALID_REQUEST);
    expect(partition.acknowledge(3, 2, 1)).toBe(ErrorCode.INVALID_REQUEST);
    expect(partition.acknowledge(1, 3, 1, 1)).toBe(ErrorCode.INVALID_REQUEST);
    expect(partition.acknowledge(1, 3, 5)).toBe(ErrorCode.INVALID_REQUEST);
    expect(partition.acknowledge(1, 3)).toBe(ErrorCode.INVALID_REQUEST);
    expect(partition.states).toBe(before);
    expect(partition.acknowledge(1, 1, 1)).toBe(0);
    expect(partition.acknowledge(0, 2, 1)).toBe(ErrorCode.INVALID_RECORD_STATE);
    expect(partition.states).toBe('0-0:1x1 1-1:2x1 2-4:1x1');
  });

  test('ignores what lies below the start', () => {
    const partition = new Partition([5]);
    partition.acquire();
    expect(partition.acknowledge(0, 1, 1)).toBe(0);
    expect(partition.acknowledge(0, 1, 1)).toBe(0);
    expect(partition.acknowledge(0, 2, 1)).toBe(0);
    expect(partition.states).toBe('3-4:1x1');
  });

  test('treats each offset as its type says', () => {
    const partition = new Partition([5]);
    partition.acquire();
    expect(partition.acknowledge(0, 4, 1, 4, 2, 3, 0)).toBe(0);
    expect(partition.states).toBe('1-1:1x1 2-2:0x1 3-4:4x1');
    expect(partition.inFlight.nextDeadline(0)).toBe(60);
  });

  test('moves the start not over what becomes a dead letter', () => {
    const partition = new Partition([3]);
    partition.acquire();
    const rejected = partition.inFlight.acknowledge('member', [{ first: 0, last: 0, type: 3 }], {
      ...RULES,
      undeliverable: DeliveryState.archiving,
      renewsLocks: true,
      lockedUntil: 0,
    });
    partition.inFlight.complete(rejected as Transition[]);
    partition.acknowledge(1, 2, 1);
    expect(partition.inFlight.startOffset).toBe(0);
    partition.inFlight.complete(partition.inFlight.archived({ first: 0, last: 9 }));
    expect(partition.inFlight.startOffset).toBe(3);
  });
});

test('what was read again goes on where it was, and what lies between is available', () => {
  const inFlight = new InFlight(5, [
    { firstOffset: 5, lastOffset: 6, deliveryState: 2, deliveryCount: 1 },
    { firstOffset: 9, lastOffset: 10, deliveryState: 0, deliveryCount: 3 },
  ]);
  expect([inFlight.startOffset, inFlight.endOffset, inFlight.nextFetchOffset(0)]).toEqual([7, 11, 7]);
  expect(inFlight.runs.map(({ first, last, state, deliveryCount }) => [first, last, state, deliveryCount])).toEqual([
    [7, 8, 0, 0],
    [9, 10, 0, 3],
  ]);
});

test('a range of ten thousand that is acknowledged one by one at random costs microseconds each', () => {
  const size = 10_000;
  const partition = new Partition([size]);
  partition.acquire({ maxRecords: size });
  const random = seededRandom(7);
  const offsets = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(random.float() * (i + 1));
    [offsets[i], offsets[j]] = [offsets[j], offsets[i]];
  }
  for (const offset of offsets) expect(partition.acknowledge(offset, offset, 1)).toBe(0);
  expect([partition.inFlight.startOffset, partition.inFlight.runs.length]).toEqual([size, 0]);
});
