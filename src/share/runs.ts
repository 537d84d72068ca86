/** A run of offsets in one state, and lists of them: what in-flight.ts is made of. Pure. */

import type { Range } from './ranges.ts';

export const DeliveryState = { available: 0, acquired: 1, acknowledged: 2, archiving: 3, archived: 4 } as const;
export type DeliveryState = (typeof DeliveryState)[keyof typeof DeliveryState];

/** Offsets of which the same is true. Both ends are part of it. */
export interface Run extends Range {
  readonly state: DeliveryState;
  readonly deliveryCount: number;
  /**
   * The offsets that were handed out together the first time: what is handed out again is measured by it. Null while they have
   * not been handed out since the state was read.
   */
  readonly batch: Range | null;
  /** Whose they are while acquired, else null. */
  readonly memberId: string | null;
  /** Milliseconds of the caller's clock: when the lock runs out; 0 but while acquired. */
  readonly lockedUntil: number;
  /** Milliseconds of the caller's clock: not handed out before; 0 but while available. */
  readonly availableAt: number;
  /** A write decides on it: until it has ended, nothing else changes it. */
  readonly isChanging: boolean;
}

export function finished(run: Run, state: DeliveryState): Run {
  return { ...run, state, memberId: null, lockedUntil: 0, availableAt: 0, isChanging: false };
}

export function unseen(first: number, last: number): Run {
  return {
    first,
    last,
    state: DeliveryState.available,
    deliveryCount: 0,
    batch: null,
    memberId: null,
    lockedUntil: 0,
    availableAt: 0,
    isChanging: false,
  };
}

export function isReady({ state, availableAt }: Run, nowMs: number): boolean {
  return state === DeliveryState.available && availableAt <= nowMs;
}

export function isFinished({ state }: Run): boolean {
  return state === DeliveryState.acknowledged || state === DeliveryState.archived;
}

/** Whether neighbours can be one run. */
export function isAlike(a: Run, b: Run): boolean {
  if (a.state !== b.state) return false;
  if (isFinished(a)) return true; // nobody asks any more how they came about
  return (
    a.batch === b.batch &&
    a.deliveryCount === b.deliveryCount &&
    a.memberId === b.memberId &&
    a.lockedUntil === b.lockedUntil &&
    a.availableAt === b.availableAt &&
    a.isChanging === b.isChanging
  );
}
