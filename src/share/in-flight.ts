/**
 * The offsets of one share partition between its start and its end, and what has become of each: what a share group has in
 * flight. Pure: times come from outside, and nothing here waits.
 *
 *     available ──acquire──▶ acquired ──accept──▶ acknowledged
 *         ▲                     │ ├─gap, log───▶ archived ◀── the dead letter is written
 *         └─release, lock ran out─┘ └─reject, or the last attempt──▶ archiving (with a dead-letter queue), or archived
 *
 * Neighbours of one state are one run, so that a batch that is treated as a whole is one run however many records it has. The
 * runs lie side by side from the start offset to the end; finished ones at the start are dropped, and the start moves over them.
 */
import { AckType } from '../../protocol/acknowledge-type.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { AckRange } from './acknowledgements.ts';
import { Acquisition, type Acquired, type AcquireRequest } from './acquisition.ts';
import { cut, RangeList, type Range } from './ranges.ts';
import { DeliveryState, finished, isAlike, isFinished, isReady, unseen, type Run } from './runs.ts';
import type { StateBatch } from './share-state.ts';

/** What is to become of acquired offsets, or of archiving ones, once it is written. */
export interface Transition {
  readonly from: Run;
  readonly to: Run;
  /** By a member's acknowledgement, not because it was the last attempt. */
  readonly isRejected: boolean;
}

/** What happens to offsets that their member gives back, or is no longer waited for. */
export interface ReleaseRules {
  readonly deliveryLimit: number;
  /** Archived, or archiving where there is a dead-letter queue. */
  readonly undeliverable: typeof DeliveryState.archived | typeof DeliveryState.archiving;
  /** When offsets that have been handed out so often may be handed out again. */
  availableAt(deliveryCount: number): number;
}

export interface AcknowledgeRules extends ReleaseRules {
  readonly renewsLocks: boolean;
  readonly lockedUntil: number;
}

export class InFlight {
  #startOffset: number;
  #endOffset: number;
  /** Offsets in each state. */
  readonly #counts = [0, 0, 0, 0, 0];
  readonly #runs = new RangeList<Run>(isAlike, ({ state, first, last }, sign) => {
    this.#counts[state] += sign * (last - first + 1);
  });

  /** From the state as it was read: in order, without overlaps, none below the start. What lies between them is available. */
  constructor(startOffset: number, batches: readonly StateBatch[]) {
    this.#startOffset = startOffset;
    this.#endOffset = startOffset;
    const runs: Run[] = [];
    for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of batches) {
      if (firstOffset > this.#endOffset) runs.push(unseen(this.#endOffset, firstOffset - 1));
      const span = { first: firstOffset, last: lastOffset };
      // Nobody holds what the state calls acquired: acquisitions are not written.
      const state =
        deliveryState === DeliveryState.acquired ? DeliveryState.available : (deliveryState as DeliveryState);
      runs.push({ ...unseen(firstOffset, lastOffset), state, deliveryCount, batch: span });
      this.#endOffset = lastOffset + 1;
    }
    this.#runs.put(runs);
    this.#trim();
  }

  /** All below is finished. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** Nothing from here on has been looked at. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** How many offsets from the start on are finished. */
  get finishedCount(): number {
    return this.#counts[DeliveryState.acknowledged] + this.#counts[DeliveryState.archived];
  }

  countOf(state: DeliveryState): number {
    return this.#counts[state];
  }

  /** In order, from the start to the end. */
  get runs(): readonly Run[] {
    return this.#runs.all;
  }

  /** The first offset that can be handed out now, or the end. */
  nextFetchOffset(nowMs: number): number {
    if (this.#counts[DeliveryState.available] > 0) {
      for (const run of this.#runs.all) if (isReady(run, nowMs)) return run.first;
    }
    return this.#endOffset;
  }

  /** How many offsets of these can be handed out now, those beyond the end too. */
  readyIn({ first, last }: Range, nowMs: number): number {
    let count = Math.max(0, last - Math.max(first, this.#endOffset) + 1);
    if (first >= this.#endOffset || this.#counts[DeliveryState.available] === 0) return count;
    for (let i = this.#runs.indexOf(first); i < this.#runs.length && this.#runs.at(i).first <= last; i++) {
      const run = this.#runs.at(i);
      if (isReady(run, nowMs)) count += Math.min(last, run.last) - Math.max(first, run.first) + 1;
    }
    return count;
  }

  /** Whether there is room for offsets from the end on. */
  hasRoom(maxLocks: number): boolean {
    return this.#endOffset - this.#startOffset < maxLocks;
  }

  /** When the first lock runs out, or the first offset that waits may be handed out; Infinity where none will. */
  nextDeadline(nowMs: number): number {
    if (this.#counts[DeliveryState.available] + this.#counts[DeliveryState.acquired] === 0) return Infinity;
    let deadline = Infinity;
    for (const { state, isChanging, lockedUntil, availableAt } of this.#runs.all) {
      if (state === DeliveryState.acquired && !isChanging) deadline = Math.min(deadline, lockedUntil);
      else if (state === DeliveryState.available && availableAt > nowMs) deadline = Math.min(deadline, availableAt);
    }
    return deadline;
  }

  /** Hands out what is available in the range that was read. What the log no longer has before it is archived. */
  acquire(request: AcquireRequest): Acquired[] {
    const { fetchOffset, batches } = request;
    if (batches[0].first > fetchOffset) this.archiveAvailable(fetchOffset, batches[0].first - 1);
    const taking = new Acquisition(request, fetchOffset);
    const from = Math.max(fetchOffset, this.#startOffset);
    for (
      let i = this.#runs.indexOf(from);
      i < this.#runs.length && !taking.isFull && this.#runs.at(i).first <= taking.last;
    ) {
      const next = this.#endOfBatch(i);
      taking.fromRuns(this.#runs.all, i, next, from);
      i = next;
    }
    this.#runs.put(taking.changes);
    if (!taking.isFull && taking.last >= this.#endOffset && this.hasRoom(request.maxLocks)) {
      const fresh = taking.beyond(
        Math.max(from, this.#endOffset),
        request.maxLocks - (this.#endOffset - this.#startOffset),
      );
      this.#runs.put(fresh);
      this.#endOffset = Math.max(this.#endOffset, (fresh.at(-1)?.last ?? -1) + 1);
      this.#trim();
    }
    return taking.acquired;
  }

  /**
   * What the acknowledgements of one request ask for: transitions to be written, none for a renewal, which counts at once; or
   * the error that all of them are refused with, and nothing has changed.
   */
  acknowledge(memberId: string, acks: readonly AckRange[], rules: AcknowledgeRules): Transition[] | number {
    const transitions: Transition[] = [];
    const renewed: Run[] = [];
    let before = -1;
    for (const { first, last, type } of acks) {
      if (last < this.#startOffset) continue;
      const from = Math.max(first, this.#startOffset);
      if (last >= this.#endOffset) return ErrorCode.INVALID_REQUEST;
      if (from <= before) return ErrorCode.INVALID_RECORD_STATE;
      before = last;
      if (type === AckType.renew && !rules.renewsLocks) return ErrorCode.INVALID_RECORD_STATE;
      for (let i = this.#runs.indexOf(from); i < this.#runs.length && this.#runs.at(i).first <= last; i++) {
        const run = this.#runs.at(i);
        if (run.memberId !== memberId || run.isChanging) return ErrorCode.INVALID_RECORD_STATE;
        const piece = cut(run, from, last);
        if (type === AckType.renew) renewed.push({ ...piece, lockedUntil: rules.lockedUntil });
        else {
          const isRejected = type === AckType.reject;
          transitions.push({ from: piece, to: acknowledged(piece, type, rules), isRejected });
        }
      }
    }
    if (renewed.length > 0) this.#runs.put(renewed);
    return transitions;
  }

  /** All that the member holds, or all that anybody does whose lock has run out by then. */
  release(whose: { readonly memberId: string } | { readonly lockedUntil: number }, rules: ReleaseRules): Transition[] {
    if (this.#counts[DeliveryState.acquired] === 0) return [];
    const isMeant = (run: Run): boolean =>
      'memberId' in whose ? run.memberId === whose.memberId : run.lockedUntil <= whose.lockedUntil;
    return this.#runs.all
      .filter((run) => run.state === DeliveryState.acquired && !run.isChanging && isMeant(run))
      .map((run) => ({ from: run, to: released(run, rules), isRejected: false }));
  }

  /** The same of single offsets. */
  takeBack(isMeant: (offset: number, memberId: string | null) => boolean, rules: ReleaseRules): Transition[] {
    const transitions: Transition[] = [];
    for (const run of this.#runs.all) {
      if (run.state !== DeliveryState.acquired || run.isChanging) continue;
      for (const { first, last } of spansOf(run, (offset) => isMeant(offset, run.memberId))) {
        const piece = cut(run, first, last);
        transitions.push({ from: piece, to: released(piece, rules), isRejected: false });
      }
    }
    return transitions;
  }

  /** What is archiving within these offsets becomes archived. */
  archived({ first, last }: Range): Transition[] {
    const transitions: Transition[] = [];
    for (let i = this.#runs.indexOf(first); i < this.#runs.length && this.#runs.at(i).first <= last; i++) {
      const run = this.#runs.at(i);
      if (run.state !== DeliveryState.archiving || run.isChanging) continue;
      const piece = cut(run, first, last);
      transitions.push({ from: piece, to: finished(piece, DeliveryState.archived), isRejected: false });
    }
    return transitions;
  }

  /** How many offsets from the start on are finished once the transitions are. */
  finishedWith(transitions: readonly Transition[]): number {
    let count = this.finishedCount;
    for (const { to } of transitions) if (isFinished(to)) count += to.last - to.first + 1;
    return count;
  }

  /** They are on their way to the log. */
  begin(transitions: readonly Transition[]): void {
    this.#runs.put(transitions.map(({ from }) => ({ ...from, isChanging: true })));
  }

  /** They are written. */
  complete(transitions: readonly Transition[]): void {
    this.#runs.put(transitions.map(({ to }) => to));
    this.#trim();
  }

  /** They could not be written: all is as before, but for the time that has passed. */
  rollBack(transitions: readonly Transition[]): void {
    this.#runs.put(transitions.map(({ from }) => from));
  }

  /** The log has nothing below any more: what was waiting to be handed out there never will be. */
  archiveBefore(logStartOffset: number): void {
    if (logStartOffset > this.#startOffset) this.archiveAvailable(this.#startOffset, logStartOffset - 1);
  }

  /** The log has nothing to be handed out between the two, both included. */
  archiveAvailable(first: number, last: number): void {
    this.#archive(first, last, (run) => run.state === DeliveryState.available);
    if (last < this.#endOffset) return;
    this.#runs.put([finished(unseen(this.#endOffset, last), DeliveryState.archived)]);
    this.#endOffset = last + 1;
    this.#trim();
  }

  /** The same of what has just been acquired: the records of an aborted transaction. */
  archiveAcquired(first: number, last: number, memberId: string): void {
    this.#archive(first, last, (run) => run.memberId === memberId && !run.isChanging);
  }

  #archive(first: number, last: number, isMeant: (run: Run) => boolean): void {
    const changes: Run[] = [];
    for (let i = this.#runs.indexOf(first); i < this.#runs.length && this.#runs.at(i).first <= last; i++) {
      const run = this.#runs.at(i);
      if (isMeant(run)) changes.push(finished(cut(run, first, last), DeliveryState.archived));
    }
    this.#runs.put(changes);
    this.#trim();
  }

  /** Behind the last of the runs that were handed out together with this one. */
  #endOfBatch(index: number): number {
    const { batch } = this.#runs.at(index);
    let end = index + 1;
    if (batch === null) return end;
    while (end < this.#runs.length && this.#runs.at(end).batch === batch) end++;
    return end;
  }

  /** The start moves over what is finished. */
  #trim(): void {
    let count = 0;
    while (count < this.#runs.length && isFinished(this.#runs.at(count))) count++;
    if (count === 0) return;
    this.#startOffset = this.#runs.at(count - 1).last + 1;
    this.#runs.drop(count);
  }
}

function acknowledged(run: Run, type: number, rules: AcknowledgeRules): Run {
  if (type === AckType.accept) return finished(run, DeliveryState.acknowledged);
  if (type === AckType.gap) return finished(run, DeliveryState.archived);
  if (type === AckType.reject) return undeliverable(run, rules);
  return released(run, rules);
}

function released(run: Run, rules: ReleaseRules): Run {
  if (run.deliveryCount >= rules.deliveryLimit) return undeliverable(run, rules);
  const availableAt = rules.availableAt(run.deliveryCount);
  return { ...run, state: DeliveryState.available, memberId: null, lockedUntil: 0, availableAt };
}

function undeliverable(run: Run, { undeliverable: state }: ReleaseRules): Run {
  return { ...run, state, memberId: null, lockedUntil: 0, availableAt: 0 };
}

/** The parts of a range whose offsets are meant. */
function spansOf({ first, last }: Range, isMeant: (offset: number) => boolean): Range[] {
  const spans: { first: number; last: number }[] = [];
  for (let offset = first; offset <= last; offset++) {
    if (!isMeant(offset)) continue;
    const before = spans[spans.length - 1];
    if (before?.last === offset - 1) before.last = offset;
    else spans.push({ first: offset, last: offset });
  }
  return spans;
}
