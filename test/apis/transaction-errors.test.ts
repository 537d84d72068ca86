/** What Apache Kafka 4.4.0 answered for writes whose transaction's coordinator does not answer, or refuses them. */
import { expect, test } from 'vitest';
import { errorName, ErrorCode } from '../../protocol/errors.ts';
import { admitted, commitAdmitted } from '../../src/apis/transaction-errors.ts';

test.each([
  ['NETWORK_EXCEPTION', 'NOT_ENOUGH_REPLICAS'],
  ['COORDINATOR_NOT_AVAILABLE', 'NOT_ENOUGH_REPLICAS'],
  ['NOT_COORDINATOR', 'NOT_ENOUGH_REPLICAS'],
  ['CONCURRENT_TRANSACTIONS', 'NOT_ENOUGH_REPLICAS'],
  ['TRANSACTION_ABORTABLE', 'TRANSACTION_ABORTABLE'],
  ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH'],
] as const)('a batch that is %s for its coordinator is %s for its producer', (answered, told) => {
  expect(errorName(admitted(ErrorCode[answered], true))).toBe(told);
});

test.each([
  ['NETWORK_EXCEPTION', 0, 'COORDINATOR_NOT_AVAILABLE'],
  ['NETWORK_EXCEPTION', 2, 'COORDINATOR_LOAD_IN_PROGRESS'],
  ['NETWORK_EXCEPTION', 5, 'COORDINATOR_LOAD_IN_PROGRESS'],
  ['COORDINATOR_NOT_AVAILABLE', 0, 'COORDINATOR_NOT_AVAILABLE'],
  ['COORDINATOR_NOT_AVAILABLE', 5, 'COORDINATOR_NOT_AVAILABLE'],
  ['TRANSACTION_ABORTABLE', 4, 'TRANSACTION_ABORTABLE'],
  ['TRANSACTION_ABORTABLE', 3, 'INVALID_TXN_STATE'],
] as const)('a commit of offsets that is %s is, in version %i, %s', (answered, version, told) => {
  expect(errorName(commitAdmitted(ErrorCode[answered], version))).toBe(told);
});
