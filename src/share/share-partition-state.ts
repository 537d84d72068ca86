/** The state of one share partition as its records keep it, and what requests make of it. Pure. */
import { ErrorCode } from '../../protocol/errors.ts';
import { RangeList, type Range } from './ranges.ts';
import { DeliveryState } from './runs.ts';
import type { InitializeState, ReadState, StateBatch, WriteState } from './share-state.ts';
import type { StateKey } from './state-key.ts';

export interface StateFacts {
  /** Grows with each snapshot. */
  readonly snapshotEpoch: number;
  /** Grows when a group begins anew with the partition. */
  readonly stateEpoch: number;
  /** The highest of the leaders that have read or written it. */
  readonly leaderEpoch: number;
  /** -1: not known yet. */
  readonly startOffset: number;
  /** How many offsets from the start on are finished; -1: unknown. */
  readonly deliveryCompleteCount: number;
  /** Milliseconds since 1970. */
  readonly createTimestamp: number;
}

export interface Snapshot extends StateFacts {
  readonly writeTimestamp: number;
  readonly stateBatches: readonly StateBatch[];
}

/** What has changed: the batches alone, and of the rest all. */
export interface Update extends Pick<
  StateFacts,
  'snapshotEpoch' | 'leaderEpoch' | 'startOffset' | 'deliveryCompleteCount'
> {
  readonly stateBatches: readonly StateBatch[];
}

interface Delivery extends Range {
  readonly deliveryState: number;
  readonly deliveryCount: number;
}

/** Changed by replayed records only. */
export class SharePartitionState {
  readonly key: StateKey;
  facts: StateFacts;
  /** Of the record that holds all of it. */
  snapshotOffset: number;
  /** Since the snapshot. */
  updateCount = 0;
  /** Milliseconds since 1970: of the last record. */
  writtenMs: number;
  /** Of all its records, those of earlier state epochs too: leaders below are fenced. */
  fencingEpoch: number;
  readonly #deliveries = new RangeList<Delivery>(isAlike);

  constructor(key: StateKey, snapshot: Snapshot, offset: number, fencingEpoch = 0) {
    const { stateBatches, writeTimestamp, ...facts } = snapshot;
    this.key = key;
    this.fencingEpoch = Math.max(fencingEpoch, facts.leaderEpoch);
    this.facts = facts;
    this.snapshotOffset = offset;
    this.writtenMs = writeTimestamp;
    this.#deliveries.put(toDeliveries(stateBatches));
  }

  /** Updates of another snapshot are passed over. */
  update(update: Update, writtenMs: number): void {
    const { snapshotEpoch, leaderEpoch, startOffset, deliveryCompleteCount } = update;
    if (snapshotEpoch !== this.facts.snapshotEpoch) return;
    const { stateEpoch, createTimestamp } = this.facts;
    this.facts = { snapshotEpoch, stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount, createTimestamp };
    this.fencingEpoch = Math.max(this.fencingEpoch, leaderEpoch);
    this.updateCount++;
    this.writtenMs = writtenMs;
    deliver(this.#deliveries, update);
  }

  /** In order; neighbours differ. */
  get stateBatches(): StateBatch[] {
    return this.#deliveries.all.map(toBatch);
  }

  /** The whole of it, under the next snapshot epoch. */
  snapshot(nowMs: number): Snapshot {
    const { facts, stateBatches } = this;
    return { ...facts, snapshotEpoch: facts.snapshotEpoch + 1, writeTimestamp: nowMs, stateBatches };
  }

  /** The whole of it with the update. */
  snapshotWith(update: Update, nowMs: number): Snapshot {
    const deliveries = this.#deliveries.copy();
    deliver(deliveries, update);
    const { facts } = this;
    const next = { ...facts, ...update, snapshotEpoch: facts.snapshotEpoch + 1, writeTimestamp: nowMs };
    return { ...next, stateBatches: deliveries.all.map(toBatch) };
  }
}

function deliver(deliveries: RangeList<Delivery>, { stateBatches, startOffset }: Update): void {
  for (const batch of stateBatches) put(deliveries, toDelivery(batch));
  deliveries.dropBefore(startOffset);
}

/** A write that comes late takes nothing back: more deliveries, then the later state count. */
function put(deliveries: RangeList<Delivery>, delivery: Delivery): void {
  const changes: Delivery[] = [];
  let { first } = delivery;
  for (let i = deliveries.indexOf(first); i < deliveries.length; i++) {
    const known = deliveries.at(i);
    if (known.first > delivery.last) break;
    if (!outranks(known, delivery)) continue;
    if (known.first > first) changes.push({ ...delivery, first, last: known.first - 1 });
    first = known.last + 1;
  }
  if (first <= delivery.last) changes.push(first === delivery.first ? delivery : { ...delivery, first });
  deliveries.put(changes);
}

/** The first snapshot, or one that begins anew; or the error that the request is refused with. */
export function initialized(
  state: SharePartitionState | undefined,
  { stateEpoch, startOffset }: InitializeState,
  nowMs: number,
): Snapshot | number {
  if (stateEpoch < 0) return ErrorCode.INVALID_REQUEST;
  if (state !== undefined && stateEpoch < state.facts.stateEpoch) return ErrorCode.FENCED_STATE_EPOCH;
  return {
    snapshotEpoch: state === undefined ? 0 : state.facts.snapshotEpoch + 1,
    stateEpoch,
    leaderEpoch: 0,
    startOffset,
    deliveryCompleteCount: startOffset === -1 ? -1 : 0,
    createTimestamp: nowMs,
    writeTimestamp: nowMs,
    stateBatches: [],
  };
}

/** What a read by a new leader has to record: null where nothing changes, or the error it is refused with. */
export function readBy(state: SharePartitionState | undefined, { leaderEpoch }: ReadState): Update | null | number {
  if (leaderEpoch < 0 || state === undefined) return ErrorCode.INVALID_REQUEST;
  const { facts, fencingEpoch } = state;
  if (leaderEpoch < fencingEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
  return leaderEpoch === fencingEpoch ? null : updateOf({ ...facts, leaderEpoch }, []);
}

export function written(state: SharePartitionState | undefined, request: WriteState): Update | number {
  const { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount, stateBatches } = request;
  if (stateEpoch < 0 || leaderEpoch < 0 || state === undefined) return ErrorCode.INVALID_REQUEST;
  const { facts, fencingEpoch } = state;
  if (leaderEpoch < fencingEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
  if (stateEpoch < facts.stateEpoch) return ErrorCode.FENCED_STATE_EPOCH;
  if (!stateBatches.every(isSensible)) return ErrorCode.INVALID_REQUEST;
  const next = { ...facts, leaderEpoch, ...progress(facts, startOffset, deliveryCompleteCount) };
  return updateOf(next, mergedFrom(stateBatches, next.startOffset));
}

/** The count is of the start that is written with it. */
function progress(facts: StateFacts, startOffset: number, deliveryCompleteCount: number) {
  if (startOffset === -1) return {};
  if (deliveryCompleteCount !== -1) {
    return { startOffset: Math.max(facts.startOffset, startOffset), deliveryCompleteCount };
  }
  return startOffset > facts.startOffset ? { startOffset, deliveryCompleteCount } : {};
}

function updateOf(facts: StateFacts, stateBatches: readonly StateBatch[]): Update {
  const { snapshotEpoch, leaderEpoch, startOffset, deliveryCompleteCount } = facts;
  return { snapshotEpoch, leaderEpoch, startOffset, deliveryCompleteCount, stateBatches };
}

function isSensible({ firstOffset, lastOffset, deliveryState, deliveryCount }: StateBatch): boolean {
  const isState = deliveryState >= DeliveryState.available && deliveryState <= DeliveryState.archived;
  return firstOffset >= 0 && firstOffset <= lastOffset && isState && deliveryCount >= 0;
}

/** In order, neighbours of the same as one, and nothing below the start. */
function mergedFrom(batches: readonly StateBatch[], startOffset: number): readonly StateBatch[] {
  if (batches.length === 1 && batches[0].firstOffset >= startOffset) return batches;
  const list = new RangeList<Delivery>(isAlike);
  const above = batches.filter(({ lastOffset }) => lastOffset >= startOffset);
  const inOrder = above.toSorted((a, b) => a.firstOffset - b.firstOffset);
  for (const { first, ...delivery } of toDeliveries(inOrder)) {
    list.put([{ ...delivery, first: Math.max(first, startOffset) }]);
  }
  return list.all.map(toBatch);
}

function outranks(a: Delivery, b: Delivery): boolean {
  if (a.deliveryCount !== b.deliveryCount) return a.deliveryCount > b.deliveryCount;
  return a.deliveryState > b.deliveryState;
}

function isAlike(a: Delivery, b: Delivery): boolean {
  return a.deliveryState === b.deliveryState && a.deliveryCount === b.deliveryCount;
}

function toDeliveries(batches: readonly StateBatch[]): Delivery[] {
  return batches.map(toDelivery);
}

function toDelivery({ firstOffset, lastOffset, deliveryState, deliveryCount }: StateBatch): Delivery {
  return { first: firstOffset, last: lastOffset, deliveryState, deliveryCount };
}

function toBatch({ first, last, deliveryState, deliveryCount }: Delivery): StateBatch {
  return { firstOffset: first, lastOffset: last, deliveryState, deliveryCount };
}
