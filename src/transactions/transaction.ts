/** One transactional id as a machine: one event in, and out comes what is answered and the record to be written first. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Transaction, TransactionState } from './transaction-state.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';
import {
  EPOCH_BUMP_VERSION,
  includes,
  isExhausted,
  isPrepared,
  LAST_EPOCH,
  NO_EPOCH,
  NO_PARTITIONS,
  NO_PRODUCER_ID,
  withPartitions,
} from './transaction-state.ts';

export interface ProducerIdAndEpoch {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** `newProducerId` is null until `needsProducerId` asks for one. */
export interface InitEvent {
  readonly type: 'init';
  readonly nowMs: number;
  readonly transactionalId: string;
  readonly timeoutMs: number;
  /** What the client goes on with (KIP-360); null where it is new. */
  readonly expected: ProducerIdAndEpoch | null;
  readonly newProducerId: number | null;
}

export interface AddEvent extends ProducerIdAndEpoch {
  readonly type: 'add';
  readonly nowMs: number;
  readonly partitions: readonly TopicPartition[];
  readonly clientVersion: number;
}

export interface EndEvent extends ProducerIdAndEpoch {
  readonly type: 'end';
  readonly nowMs: number;
  readonly committed: boolean;
  readonly clientVersion: number;
  readonly newProducerId: number | null;
}

export type TransactionEvent =
  | InitEvent
  | AddEvent
  | EndEvent
  /** A look at whether it has gone on for too long. */
  | { readonly type: 'tick'; readonly nowMs: number; readonly newProducerId: number | null }
  /** Each of its partitions has its marker. */
  | { readonly type: 'markersWritten'; readonly nowMs: number }
  /** A look at whether it has been unused for `expirationMs`. */
  | { readonly type: 'expire'; readonly nowMs: number; readonly expirationMs: number };

export interface TransactionOutcome {
  /** For the client, once `next` is written; NONE too where a repeated request had its effect before. */
  readonly errorCode: number;
  /** What the transactional id becomes, null where it is forgotten; absent where nothing changes. */
  readonly next?: Transaction | null;
  /** Nothing is decided: the same event must come again with a `newProducerId`. */
  readonly needsProducerId?: true;
}

const DONE: TransactionOutcome = { errorCode: ErrorCode.NONE };
const NEEDS_PRODUCER_ID: TransactionOutcome = { errorCode: ErrorCode.NONE, needsProducerId: true };

/**
 *      init                add partitions
 *     ──────▶ Empty ─────────────────────────▶ Ongoing ◀────────────────────────────────┐
 *               │                               │   │                                   │
 *               │ end: abort (v2)   end: commit │   │ end: abort, time-out,             │ add
 *               │                               │   │ init of another instance (fence)  │ partitions
 *               │                               ▼   ▼                                   │
 *               │                   PrepareCommit   PrepareAbort ◀──────────┐           │
 *               └──────────────────────┼──────────▶ ▲   │                   │ end:      │
 *                                      │                │                   │ abort     │
 *                     markers written  │                │ markers written   │ (v2)      │
 *                                      ▼                ▼                   │           │
 *                             CompleteCommit      CompleteAbort ────────────┴───────────┤
 *                                      └────────────────────────────────────────────────┘
 *
 *     init: Empty and Complete… become Empty, under the next epoch. Prepare… answers CONCURRENT_TRANSACTIONS to all.
 *     expire: Empty and Complete… become Dead, which is a tombstone in the log and nothing in memory.
 *
 * The only way a transaction changes, and the same for every copy: no I/O and no clock in here. In version 2 (KIP-890) the
 * epoch rises when a transaction ends, with its Prepare… record: markers carry the new epoch, so that whatever the client
 * sent before and arrives later is refused. A fence does the same in either version. At epoch 32766 the markers carry 32767,
 * which no client ever gets, and the next producer id follows.
 */
export function step(current: Transaction | undefined, event: TransactionEvent): TransactionOutcome {
  if (event.type === 'init') return init(current, event);
  if (current === undefined) return refuse(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  switch (event.type) {
    case 'add':
      return add(current, event);
    case 'end':
      return end(current, event);
    case 'tick':
      if (current.state !== 'Ongoing' || current.startMs + current.timeoutMs >= event.nowMs) return DONE;
      return fence(current, event.nowMs, event.newProducerId);
    case 'markersWritten':
      return complete(current, event.nowMs);
    case 'expire': {
      const isUnused = current.state === 'Empty' || isComplete(current.state);
      const isOld = current.lastUpdateMs + event.expirationMs <= event.nowMs;
      return isUnused && isOld ? { errorCode: ErrorCode.NONE, next: null } : DONE;
    }
  }
}

/** NONE where the partition takes part in the transaction that goes on, for the brokers that write to it (KIP-890). */
export function verify(
  current: Transaction | undefined,
  { producerId, producerEpoch }: ProducerIdAndEpoch,
  partition: TopicPartition,
): number {
  if (current === undefined || current.producerId !== producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  if (current.producerEpoch !== producerEpoch) return ErrorCode.PRODUCER_FENCED;
  if (isPrepared(current)) return ErrorCode.CONCURRENT_TRANSACTIONS;
  return includes(current.partitions, partition) ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE;
}

function init(known: Transaction | undefined, event: InitEvent): TransactionOutcome {
  const { nowMs, expected, newProducerId } = event;
  if (known === undefined && newProducerId === null) return NEEDS_PRODUCER_ID;
  const current = known ?? newTransaction(event, newProducerId!);
  if (expected !== null && !isOwn(current, expected)) return refuse(ErrorCode.PRODUCER_FENCED);
  if (isPrepared(current)) return refuse(ErrorCode.CONCURRENT_TRANSACTIONS);
  if (current.state === 'Ongoing') {
    const fenced = fence(current, nowMs, newProducerId);
    // It gets its epoch once the transaction of the instance before has ended.
    return fenced.needsProducerId === true ? fenced : { ...fenced, errorCode: ErrorCode.CONCURRENT_TRANSACTIONS };
  }
  const empty: Transaction = {
    ...current,
    state: 'Empty',
    partitions: NO_PARTITIONS,
    previousProducerId: current.producerId,
    nextProducerId: NO_PRODUCER_ID,
    timeoutMs: event.timeoutMs,
    startMs: -1,
    lastUpdateMs: nowMs,
  };
  const { producerEpoch } = current;
  if (isExhausted(current) && (expected === null || expected.producerEpoch === producerEpoch)) {
    if (newProducerId === null) return NEEDS_PRODUCER_ID;
    const lastProducerEpoch = expected === null ? NO_EPOCH : producerEpoch;
    return write({ ...empty, producerId: newProducerId, producerEpoch: 0, lastProducerEpoch });
  }
  if (expected === null) return write({ ...empty, producerEpoch: producerEpoch + 1, lastProducerEpoch: NO_EPOCH });
  if (producerEpoch === NO_EPOCH || expected.producerEpoch === producerEpoch) {
    return write({ ...empty, producerEpoch: producerEpoch + 1, lastProducerEpoch: producerEpoch });
  }
  // The answer to its last request was lost: it gets the same again.
  return expected.producerEpoch === current.lastProducerEpoch ? write(empty) : refuse(ErrorCode.PRODUCER_FENCED);
}

function newTransaction({ transactionalId, timeoutMs, nowMs }: InitEvent, producerId: number): Transaction {
  return {
    transactionalId,
    state: 'Empty',
    producerId,
    producerEpoch: NO_EPOCH,
    previousProducerId: NO_PRODUCER_ID,
    nextProducerId: NO_PRODUCER_ID,
    lastProducerEpoch: NO_EPOCH,
    timeoutMs,
    partitions: NO_PARTITIONS,
    startMs: -1,
    lastUpdateMs: nowMs,
    clientVersion: 0,
  };
}

/** Whether a client that goes on with `expected` may be who this transactional id belongs to; its epoch is seen to later. */
function isOwn(current: Transaction, expected: ProducerIdAndEpoch): boolean {
  return (
    current.producerEpoch === NO_EPOCH ||
    expected.producerId === current.producerId ||
    (expected.producerId === current.previousProducerId && expected.producerEpoch >= LAST_EPOCH)
  );
}

function add(current: Transaction, event: AddEvent): TransactionOutcome {
  const { nowMs, partitions, clientVersion } = event;
  if (current.producerId !== event.producerId) return refuse(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  if (current.producerEpoch !== event.producerEpoch) return refuse(ErrorCode.PRODUCER_FENCED);
  if (isPrepared(current)) return refuse(ErrorCode.CONCURRENT_TRANSACTIONS);
  const goesOn = current.state === 'Ongoing';
  if (goesOn && partitions.every((partition) => includes(current.partitions, partition))) return DONE;
  return write({
    ...current,
    state: 'Ongoing',
    partitions: withPartitions(current.partitions, partitions),
    previousProducerId: current.producerId,
    startMs: goesOn ? current.startMs : nowMs,
    lastUpdateMs: nowMs,
    clientVersion,
  });
}

function end(current: Transaction, event: EndEvent): TransactionOutcome {
  const { producerEpoch, committed } = event;
  const isBumping = event.clientVersion >= EPOCH_BUMP_VERSION;
  const isRepeated = isBumping && current.clientVersion >= EPOCH_BUMP_VERSION && endedBefore(current, event);
  if (current.producerId !== event.producerId && !isRepeated) return refuse(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  if (producerEpoch !== current.producerEpoch && !isRepeated) return refuse(ErrorCode.PRODUCER_FENCED);
  switch (current.state) {
    case 'Ongoing':
      return prepare(current, event);
    case 'PrepareCommit':
    case 'PrepareAbort': {
      const isSame = committed === (current.state === 'PrepareCommit');
      return refuse(isSame ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.INVALID_TXN_STATE);
    }
    case 'CompleteCommit':
    case 'CompleteAbort': {
      const isSame = committed === (current.state === 'CompleteCommit');
      if (isSame && (isRepeated || !isBumping)) return DONE;
      return isBumping && !isRepeated && !committed ? prepare(current, event) : refuse(ErrorCode.INVALID_TXN_STATE);
    }
    default:
      // In version 2 a client may abort before the broker knows of a partition.
      return isBumping && !committed ? prepare(current, event) : refuse(ErrorCode.INVALID_TXN_STATE);
  }
}

/** Whether the epoch that this request ends has been ended: its answer was lost, and it comes again. */
function endedBefore(current: Transaction, { producerId, producerEpoch }: EndEvent): boolean {
  if (current.state === 'Empty' || current.state === 'Ongoing') return false;
  if (producerId === current.producerId) return current.producerEpoch === producerEpoch + 1;
  const wasLast = producerId === current.previousProducerId && producerEpoch === LAST_EPOCH;
  return wasLast && current.producerEpoch === 0;
}

function prepare(current: Transaction, event: EndEvent): TransactionOutcome {
  const { nowMs, committed, clientVersion } = event;
  const ending: Transaction = {
    ...current,
    state: committed ? 'PrepareCommit' : 'PrepareAbort',
    previousProducerId: current.producerId,
    clientVersion,
    startMs: current.state === 'Ongoing' ? current.startMs : nowMs,
    lastUpdateMs: nowMs,
  };
  return clientVersion >= EPOCH_BUMP_VERSION ? bump(ending, event.newProducerId) : write(ending);
}

/** Aborts what an instance has left open, or one that takes too long: it will not be heard under its epoch any more. */
function fence(current: Transaction, nowMs: number, newProducerId: number | null): TransactionOutcome {
  return bump(
    {
      ...current,
      state: 'PrepareAbort',
      previousProducerId: current.producerId,
      clientVersion: EPOCH_BUMP_VERSION,
      lastUpdateMs: nowMs,
    },
    newProducerId,
  );
}

function bump(ending: Transaction, newProducerId: number | null): TransactionOutcome {
  const { producerEpoch } = ending;
  if (isExhausted(ending) && newProducerId === null) return NEEDS_PRODUCER_ID;
  return write({
    ...ending,
    producerEpoch: producerEpoch + 1,
    lastProducerEpoch: producerEpoch,
    nextProducerId: isExhausted(ending) ? newProducerId! : NO_PRODUCER_ID,
  });
}

function complete(current: Transaction, nowMs: number): TransactionOutcome {
  if (!isPrepared(current)) return DONE;
  const completed: Transaction = {
    ...current,
    state: current.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    partitions: NO_PARTITIONS,
    previousProducerId: current.producerId,
    nextProducerId: NO_PRODUCER_ID,
    lastUpdateMs: nowMs,
  };
  const { nextProducerId } = current;
  return write(nextProducerId < 0 ? completed : { ...completed, producerId: nextProducerId, producerEpoch: 0 });
}

/** What a client goes on with after its transaction: known before the markers are written. */
export function continuation({ producerId, producerEpoch, nextProducerId }: Transaction): ProducerIdAndEpoch {
  return nextProducerId < 0 ? { producerId, producerEpoch } : { producerId: nextProducerId, producerEpoch: 0 };
}

function isComplete(state: TransactionState): boolean {
  return state === 'CompleteCommit' || state === 'CompleteAbort';
}

function write(next: Transaction): TransactionOutcome {
  return { errorCode: ErrorCode.NONE, next };
}

function refuse(errorCode: number): TransactionOutcome {
  return { errorCode };
}
