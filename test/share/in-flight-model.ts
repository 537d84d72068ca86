import assert from 'node:assert/strict';
import { seededRandom, type Random } from '../../src/platform/random.ts';
import { ackRanges } from '../../src/share/acknowledgements.ts';
import { InFlight, type ReleaseRules, type Transition } from '../../src/share/in-flight.ts';
import type { Range } from '../../src/share/ranges.ts';
import { DeliveryState } from '../../src/share/runs.ts';

interface Offset {
  state: number;
  count: number;
  member: string | null;
  lockedUntil: number;
}

const LIMIT = 4;
const LOCK_MS = 30;
const MEMBERS = ['a', 'b', 'c'];
const NO_BACKOFF: ReleaseRules = { deliveryLimit: LIMIT, undeliverable: DeliveryState.archived, availableAt: () => 0 };

/** The same offset by offset: what a group has in flight, as nobody would keep it. */
export class Model {
  readonly offsets = new Map<number, Offset>();
  readonly random: Random;
  readonly inFlight: InFlight;
  nowMs = 0;
  /** Batches of the log, with gaps between some. */
  readonly log: Range[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.inFlight = new InFlight(0, []);
    for (let first = 0; this.log.length < 200;) {
      const last = first + this.below(7);
      this.log.push({ first, last });
      first = last + 1 + (this.below(6) === 0 ? this.below(5) : 0);
    }
  }

  below(limit: number): number {
    return Math.floor(this.random.float() * limit);
  }

  acquire(): void {
    const { inFlight, nowMs } = this;
    const memberId = MEMBERS[this.below(3)];
    const fetchOffset = inFlight.nextFetchOffset(nowMs);
    const at = this.log.findIndex(({ last }) => last >= fetchOffset);
    if (at < 0) return;
    const isRecordLimit = this.below(2) === 0;
    const maxRecords = 1 + this.below(12);
    const { endOffset } = inFlight;
    const acquired = inFlight.acquire({
      memberId,
      nowMs,
      lockedUntil: nowMs + LOCK_MS,
      fetchOffset,
      batches: this.log.slice(at, at + 1 + this.below(5)),
      maxRecords,
      batchSize: 1 + this.below(9),
      isRecordLimit,
      deliveryLimit: LIMIT,
      maxLocks: 40,
    });
    for (let offset = fetchOffset; offset < this.log[at].first; offset++) {
      const known = this.offsets.get(offset);
      if (known?.state === DeliveryState.available)
        this.offsets.set(offset, { ...known, state: DeliveryState.archived });
    }
    let total = 0;
    let before = -1;
    for (const { first, last, deliveryCount } of acquired) {
      assert.ok(first > before);
      assert.ok(last >= first);
      before = last;
      total += last - first + 1;
      for (let offset = first; offset <= last; offset++) {
        const known = this.offsets.get(offset) ?? { state: DeliveryState.available, count: 0, member: null };
        assert.equal(known.state, DeliveryState.available, `state of ${offset} before it is handed out`);
        assert.equal(deliveryCount, known.count + 1);
        assert.ok(deliveryCount <= LIMIT);
        const lockedUntil = nowMs + LOCK_MS;
        this.offsets.set(offset, {
          state: DeliveryState.acquired,
          count: deliveryCount,
          member: memberId,
          lockedUntil,
        });
      }
    }
    if (isRecordLimit) assert.ok(total <= maxRecords);
    // What lies between the batches is not there, and is passed over or handed out with its neighbours.
    for (let offset = endOffset; offset < inFlight.endOffset; offset++) {
      if (this.offsets.has(offset)) continue;
      assert.ok(!this.log.some(({ first, last }) => first <= offset && last >= offset), `${offset} is lost`);
      this.offsets.set(offset, { state: DeliveryState.archived, count: 0, member: null, lockedUntil: 0 });
    }
  }

  acknowledge(): void {
    const memberId = MEMBERS[this.below(3)];
    const { inFlight } = this;
    const held = [...this.offsets].filter(([, { member }]) => member === memberId).map(([offset]) => offset);
    const chosen = held.filter(() => this.below(3) > 0).sort((a, b) => a - b);
    const strange = inFlight.endOffset + this.below(3) - 2;
    if (this.below(8) === 0 && strange > (chosen.at(-1) ?? -1)) chosen.push(strange);
    const batches = chosen.map((offset) => ({
      firstOffset: offset,
      lastOffset: offset,
      acknowledgeTypes: [this.below(4)],
    }));
    const ranges = ackRanges(batches, false);
    if (typeof ranges === 'number') return;
    const transitions = inFlight.acknowledge(memberId, ranges, {
      ...NO_BACKOFF,
      renewsLocks: true,
      lockedUntil: this.nowMs + LOCK_MS,
    });
    const isMine = chosen.every((offset) => {
      return offset < inFlight.startOffset || this.offsets.get(offset)?.member === memberId;
    });
    assert.equal(typeof transitions === 'number', !isMine);
    if (typeof transitions === 'number') return;
    const types = new Map(batches.map(({ firstOffset, acknowledgeTypes }) => [firstOffset, acknowledgeTypes[0]]));
    this.end(transitions, (offset) => types.get(offset)!);
  }

  end(transitions: readonly Transition[], typeOf: (offset: number) => number): void {
    const { inFlight } = this;
    const before = this.expanded();
    if (this.below(2) === 0) inFlight.begin(transitions);
    if (this.below(5) === 0) {
      inFlight.rollBack(transitions);
      assert.deepEqual(this.expanded(), before);
      return;
    }
    const finished = inFlight.finishedWith(transitions);
    const { startOffset } = inFlight;
    inFlight.complete(transitions);
    for (const { from } of transitions) {
      for (let offset = from.first; offset <= from.last; offset++) this.#become(offset, typeOf(offset));
    }
    const moved = inFlight.startOffset - startOffset;
    assert.equal(inFlight.finishedCount + moved, finished);
  }

  #become(offset: number, type: number): void {
    const known = this.offsets.get(offset)!;
    const isSpent = type === 2 && known.count >= LIMIT;
    const state =
      type === 1
        ? DeliveryState.acknowledged
        : type === 2 && !isSpent
          ? DeliveryState.available
          : DeliveryState.archived;
    this.offsets.set(offset, { state, count: known.count, member: null, lockedUntil: 0 });
  }

  expire(): void {
    this.nowMs += this.below(20);
    this.end(this.inFlight.release({ lockedUntil: this.nowMs }, NO_BACKOFF), () => 2);
    for (const { state, member, lockedUntil } of this.offsets.values()) {
      if (state === DeliveryState.acquired && member !== null) assert.ok(lockedUntil > -1);
    }
  }

  leave(): void {
    this.end(this.inFlight.release({ memberId: MEMBERS[this.below(3)] }, NO_BACKOFF), () => 2);
  }

  deleteRecords(): void {
    const upTo = this.inFlight.startOffset + this.below(6);
    const { endOffset } = this.inFlight;
    this.inFlight.archiveBefore(upTo);
    for (let offset = endOffset; offset < upTo; offset++) {
      this.offsets.set(offset, { state: DeliveryState.archived, count: 0, member: null, lockedUntil: 0 });
    }
    for (const [offset, known] of this.offsets) {
      if (offset < upTo && known.state === DeliveryState.available)
        this.offsets.set(offset, { ...known, state: DeliveryState.archived });
    }
  }

  expanded(): unknown[] {
    return this.inFlight.runs.flatMap(({ first, last, state, deliveryCount, memberId }) =>
      Array.from({ length: last - first + 1 }, (_, i) =>
        state === DeliveryState.acknowledged || state === DeliveryState.archived
          ? [first + i, state]
          : [first + i, state, deliveryCount, memberId],
      ),
    );
  }

  check(): void {
    const { startOffset, endOffset, runs } = this.inFlight;
    const told = this.expanded();
    const meant: unknown[] = [];
    for (let offset = startOffset; offset < endOffset; offset++) {
      const { state, count, member } = this.offsets.get(offset)!;
      const isFinished = state === DeliveryState.acknowledged || state === DeliveryState.archived;
      meant.push(isFinished ? [offset, state] : [offset, state, count, member]);
    }
    assert.deepEqual(told, meant);
    for (let offset = 0; offset < startOffset; offset++) {
      const { state } = this.offsets.get(offset) ?? { state: DeliveryState.archived };
      assert.ok(state === DeliveryState.acknowledged || state === DeliveryState.archived);
    }
    for (let i = 1; i < runs.length; i++) {
      const [a, b] = [runs[i - 1], runs[i]];
      const isOne =
        a.state === b.state && a.deliveryCount === b.deliveryCount && a.memberId === b.memberId && a.batch === b.batch;
      assert.ok(!isOne || a.lockedUntil !== b.lockedUntil, `${a.first} and ${b.first} are one`);
    }
    for (const state of Object.values(DeliveryState)) {
      const count = runs
        .filter((run) => run.state === state)
        .reduce((sum, { first, last }) => sum + last - first + 1, 0);
      assert.equal(this.inFlight.countOf(state), count);
    }
  }
}
