/** What operators are shown of transactions (KIP-664). Pure. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Transaction, TransactionState } from './transaction-state.ts';
import { NamePattern, PatternError } from '../patterns/name-pattern.ts';
import { STATES } from './transaction-state.ts';
import { flatMapInPieces, setInPieces, type Pieces } from '../platform/pieces.ts';

/** Named as in DescribeTransactionsResponse. */
export interface DescribedTransaction {
  readonly errorCode: number;
  readonly transactionalId: string;
  readonly transactionState: string;
  readonly transactionTimeoutMs: number;
  readonly transactionStartTimeMs: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

/** Named as in ListTransactionsRequest. */
export interface TransactionFilter {
  readonly stateFilters: readonly string[];
  readonly producerIdFilters: readonly number[];
  /** Those open for longer, in milliseconds; negative: all. */
  readonly durationFilter: number;
  /** A regular expression in RE2's syntax for the whole transactional id (KIP-1152); null or empty: all. */
  readonly transactionalIdPattern: string | null;
}

export interface ListedTransaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly transactionState: TransactionState;
}

export function describeTransaction(transaction: Transaction): DescribedTransaction {
  return {
    errorCode: ErrorCode.NONE,
    transactionalId: transaction.transactionalId,
    transactionState: transaction.state,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: transaction.startMs,
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    topics: Array.from(transaction.partitions, ([topic, indexes]) => ({ topic, partitions: [...indexes] })),
  };
}

export function undescribedTransaction(transactionalId: string, errorCode: number): DescribedTransaction {
  return {
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  };
}

/** The filters that name no state. */
function* unknownStates(stateFilters: readonly string[]): Pieces<string[]> {
  const unknown = yield* setInPieces(stateFilters, (name) => (isState(name) ? null : name));
  return yield* flatMapInPieces(unknown, (name) => (name === null ? [] : [name]));
}

export interface ListedTransactions {
  readonly errorCode: number;
  readonly unknownStateFilters: readonly string[];
  readonly transactionStates: readonly ListedTransaction[];
}

/** Looked at between two pauses where there is no pattern, which pauses by itself. */
const TRANSACTIONS_A_PIECE = 1000;

/** Those that the filter lets through, with pauses. */
export function* listTransactions(
  all: readonly Iterable<Transaction>[],
  filter: TransactionFilter,
  nowMs: number,
  isLoading: boolean,
): Generator<void, ListedTransactions> {
  const pattern = compilePattern(filter.transactionalIdPattern ?? '');
  if (pattern === null) return refusedList(ErrorCode.INVALID_REGULAR_EXPRESSION);
  if (isLoading) return refusedList(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  const passes = yield* transactionFilter(filter, nowMs);
  const transactionStates: ListedTransaction[] = [];
  let looked = 0;
  for (const transactions of all) {
    for (const { transactionalId, producerId, state, startMs } of transactions) {
      if (++looked % TRANSACTIONS_A_PIECE === 0) yield;
      if (!passes({ producerId, state, startMs })) continue;
      if (pattern !== undefined && !(yield* pattern.matchesInPieces(transactionalId))) continue;
      transactionStates.push({ transactionalId, producerId, transactionState: state });
    }
  }
  return {
    errorCode: ErrorCode.NONE,
    unknownStateFilters: yield* unknownStates(filter.stateFilters),
    transactionStates,
  };
}

export function refusedList(errorCode: number): ListedTransactions {
  return { errorCode, unknownStateFilters: [], transactionStates: [] };
}

/** The filter but for its pattern. */
function* transactionFilter(
  { stateFilters, producerIdFilters, durationFilter }: TransactionFilter,
  nowMs: number,
): Pieces<(transaction: Pick<Transaction, 'state' | 'producerId' | 'startMs'>) => boolean> {
  const states = yield* setInPieces(stateFilters, (name) => name);
  const producerIds = yield* setInPieces(producerIdFilters, (id) => id);
  return ({ state, producerId, startMs }) =>
    state !== 'Dead' &&
    (states.size === 0 || states.has(state)) &&
    (producerIds.size === 0 || producerIds.has(producerId)) &&
    (durationFilter < 0 || nowMs - startMs > durationFilter);
}

/** Undefined where all match. */
function compilePattern(expression: string): NamePattern | undefined | null {
  if (expression === '') return undefined;
  try {
    return new NamePattern(expression);
  } catch (error) {
    if (error instanceof PatternError) return null;
    throw error;
  }
}

function isState(name: string): boolean {
  return (STATES as readonly string[]).includes(name);
}
