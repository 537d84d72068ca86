/** Ways in which coordinators in a cluster could be wrong, each to be caught by the checker. They change a class, and put it back. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { CoordinatorShard } from '../../../src/coordination/coordinator-shard.ts';
import { TransactionAdmission } from '../../../src/transactions/admission.ts';
import { TransactionEndings } from '../../../src/transactions/endings.ts';
import { mutant, type Mutant } from '../replication/mutants.ts';

export const mutants: readonly Mutant[] = [
  mutant('a coordinator answers before what it depends on is committed', CoordinatorShard.prototype, 'answer', () => {
    return (response) => response;
  }),
  mutant(
    'markers are written before the decision is committed',
    TransactionEndings.prototype,
    'begin',
    (original) =>
      function (this: TransactionEndings, shard, transaction) {
        const undo = mutant('', CoordinatorShard.prototype, 'committed', () => () => ErrorCode.NONE).apply();
        original.call(this, shard, transaction);
        undo();
      },
  ),
  mutant(
    'what producers write in transactions is not verified',
    TransactionAdmission.prototype,
    'admit',
    () => () => ErrorCode.NONE,
  ),
];
