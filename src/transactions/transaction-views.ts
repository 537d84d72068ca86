/** What operators are shown of transactions (KIP-664). Pure. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Transaction, TransactionState } from './transaction-state.ts';
import { NamePattern, PatternError } from '../patterns/name-pattern.ts';
import { STATES } from './transaction-state.ts';

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
export function unknownStates(stateFilters: readonly string[]): string[] {
  return [...new Set(stateFilters)].filter((name) => !isState(name));
}

/** A test by the filter; null where its pattern is no regular expression. */
export function transactionFilter(
  filter: TransactionFilter,
  nowMs: number,
): ((transaction: Transaction) => boolean) | null {
  const { stateFilters, producerIdFilters, durationFilter } = filter;
  const pattern = compilePattern(filter.transactionalIdPattern ?? '');
  if (pattern === null) return null;
  const states = new Set(stateFilters);
  const producerIds = new Set(producerIdFilters);
  return ({ transactionalId, state, producerId, startMs }) => {
    if (state === 'Dead' || (states.size > 0 && !states.has(state))) return false;
    if (producerIds.size > 0 && !producerIds.has(producerId)) return false;
    if (durationFilter >= 0 && nowMs - startMs <= durationFilter) return false;
    return pattern === undefined || pattern.matches(transactionalId);
  };
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
