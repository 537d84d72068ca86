import { expect, test } from 'vitest';
import { step } from '../../src/groups/classic/step.ts';
import type { ClassicEvent } from '../../src/groups/classic/step.ts';
import { newClassicGroup } from '../../src/groups/classic/state.ts';
import type { ClassicGroup, ClassicEffect, TimerName } from '../../src/groups/classic/state.ts';
import { seededRandom } from '../../src/platform/random.ts';
import type { Random } from '../../src/platform/random.ts';

// oxlint-disable vitest/no-standalone-expect -- the shell below is only ever driven from the test
const LIMITS = { maxSize: 4, initialRebalanceDelayMs: 3000 };
const PROTOCOLS = ['range', 'sticky'].map((name) => ({ name, metadata: Buffer.from(name) }));

/** A shell that answers, stores and waits at random, and holds the machine to what must always be true. */
class RandomShell {
  readonly group: ClassicGroup = newClassicGroup('g', 0);
  readonly waiting = new Set<number>();
  answered = 0;
  readonly #random: Random;
  readonly #timers = new Map<string, { timer: TimerName; memberId: string }>();
  readonly #ids: string[] = [''];
  #calls = 0;
  #generation = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  turn(): void {
    this.#apply(this.#event());
    this.check();
  }

  /** Whoever waits when the coordinator goes is told so. */
  end(): void {
    this.#apply({ type: 'unloaded', nowMs: 0, errorCode: 16 });
    expect(this.waiting.size).toBe(0);
    expect(this.#timers.size).toBe(0);
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random.float() * from.length)];
  }

  #event(): ClassicEvent {
    const nowMs = 0;
    // Mostly those that are in the group, some that were, some that are new.
    const known = [...this.group.members.keys(), ...this.group.pendingMembers.keys()];
    const memberId = this.#pick([...known, ...known, this.#pick(this.#ids), '']);
    const groupInstanceId = this.#pick([null, null, null, 'one', 'two']);
    const generationId = this.group.generationId - this.#pick([0, 0, 0, 1]);
    const type = this.#pick([
      'join',
      'join',
      'join',
      'sync',
      'sync',
      'heartbeat',
      'committed',
      'timer',
      'timer',
      this.#pick(['leave', 'leave', 'connectionClosed'] as const),
    ] as const);
    switch (type) {
      case 'join':
        return {
          type,
          nowMs,
          to: this.#call(),
          memberId,
          newMemberId: `m${this.#calls}`,
          groupInstanceId,
          clientId: 'c',
          clientHost: '/h',
          connectionId: this.#pick([1, 2, 3]),
          sessionTimeoutMs: 1,
          rebalanceTimeoutMs: 10_000,
          protocolType: 'consumer',
          protocols: this.#pick([PROTOCOLS, PROTOCOLS.slice(0, 1), PROTOCOLS.toReversed()]),
          reason: null,
          requireKnownMemberId: this.#pick([true, false]),
          supportSkippingAssignment: true,
        };
      case 'sync':
        return {
          type,
          nowMs,
          to: this.#call(),
          memberId,
          groupInstanceId,
          generationId,
          protocolType: null,
          protocolName: null,
          assignments: [],
        };
      case 'leave':
        return { type, nowMs, members: [{ memberId, groupInstanceId, reason: null }] };
      case 'timer': {
        const name = this.#pick([...this.#timers.keys()]);
        if (name === undefined) return { type: 'committed', nowMs, memberId };
        const { timer, memberId: whose } = this.#timers.get(name) as { timer: TimerName; memberId: string };
        this.#timers.delete(name);
        return { type: `${timer}Timer`, nowMs, memberId: whose };
      }
      case 'connectionClosed':
        return { type, nowMs, connectionId: this.#pick([1, 2, 3]) };
      default:
        return { type, nowMs, memberId, groupInstanceId, generationId };
    }
  }

  #call(): number {
    this.waiting.add(++this.#calls);
    return this.#calls;
  }

  #apply(event: ClassicEvent): void {
    const effects = step(this.group, event, LIMITS);
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: ClassicEffect): void {
    switch (effect.type) {
      case 'joinReply':
      case 'syncReply':
        // Exactly once each.
        expect(this.waiting.delete(effect.to)).toBe(true);
        this.answered++;
        if (effect.type === 'joinReply' && effect.response.memberId !== '') this.#ids.push(effect.response.memberId);
        return;
      case 'startTimer':
        this.#timers.set(`${effect.timer} ${effect.memberId}`, effect);
        return;
      case 'cancelTimer':
        this.#timers.delete(`${effect.timer} ${effect.memberId}`);
        return;
      case 'append':
        this.#apply({ type: 'stored', nowMs: 0, stored: effect.onceStored, errorCode: this.#pick([0, 0, 0, 15]) });
    }
  }

  check(): void {
    const { group } = this;
    const members = [...group.members.values()];
    expect(members.length).toBeLessThanOrEqual(LIMITS.maxSize + 1); // one may come between
    expect(group.leader === null ? members.length : Number(group.members.has(group.leader))).toBe(
      group.leader === null ? 0 : 1,
    );
    for (const id of group.pendingSync) expect(group.members.has(id)).toBe(true);
    expect([...group.staticMembers]).toEqual(
      expect.arrayContaining(
        members.filter((each) => each.groupInstanceId !== null).map((each) => [each.groupInstanceId, each.memberId]),
      ),
    );
    for (const id of group.staticMembers.values()) expect(group.members.has(id)).toBe(true);
    // The calls that wait are those the members know of.
    const known = members.flatMap(({ joining, syncing }) => [joining, syncing]).filter((call) => call !== null);
    expect(new Set(known)).toEqual(this.waiting);
    // Whoever waits, waits for something that comes by itself.
    if (group.state === 'PreparingRebalance') expect(this.#timers.has('join ')).toBe(true);
    if (members.some(({ syncing }) => syncing !== null)) expect(group.state).toBe('CompletingRebalance');
    if (group.state === 'Empty') expect(members).toEqual([]);
    expect(group.generationId).toBeGreaterThanOrEqual(this.#generation);
    this.#generation = group.generationId;
  }
}

test('whatever comes, each call is answered once, and no one waits for what does not come by itself', () => {
  let answered = 0;
  let generations = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const shell = new RandomShell(seed);
    for (let i = 0; i < 150; i++) shell.turn();
    shell.end();
    answered += shell.answered;
    generations += shell.group.generationId;
  }
  // The walk has been somewhere.
  expect(answered).toBeGreaterThan(5000);
  expect(generations).toBeGreaterThan(500);
});
