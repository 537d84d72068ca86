/** Brokers that do one thing wrong, each of which the checker must catch. */
import { ErrorCode } from '../../protocol/errors.ts';
import { GroupPartition } from '../../src/groups/group-partition.ts';
import { Log } from '../../src/log/log.ts';
import { ProducerSnapshots } from '../../src/log/producer-snapshots.ts';
import { ProducerState } from '../../src/log/producer-state.ts';
import { Partition } from '../../src/partitions/partition.ts';
import { Receipt } from '../../src/partitions/receipt.ts';
import { TransactionCoordinator } from '../../src/transactions/coordinator.ts';
import { decodeTransaction } from '../../src/transactions/transaction-records.ts';
import { TransactionPartition } from '../../src/transactions/transaction-partition.ts';

export interface Mutant {
  readonly name: string;
  /** Where it takes a rare coincidence: the seed from which on it comes soon. */
  readonly firstSeed?: number;
  /** Puts the fault in; the answer takes it out again. */
  apply(): () => void;
}

/** The log and the coordinator both look at the epoch of a write: what one lets through the other may still refuse. */
const noEpochInLog = mutant(
  '',
  ProducerState,
  'check',
  (original) =>
    function check(this: ProducerState, ...args: Parameters<typeof original>) {
      const errorCode = original.apply(this, args);
      return errorCode === ErrorCode.INVALID_PRODUCER_EPOCH ? ErrorCode.NONE : errorCode;
    },
);
const noEpochInCoordinator = mutant(
  '',
  TransactionCoordinator,
  'admit',
  (original) =>
    function admit(this: TransactionCoordinator, ...args: Parameters<typeof original>) {
      const errorCode = original.apply(this, args);
      return errorCode === ErrorCode.PRODUCER_FENCED ? ErrorCode.NONE : errorCode;
    },
);
const oldEpochInMarkers = mutant(
  '',
  Partition,
  'appendMarker',
  (original) =>
    function appendMarker(this: Partition, marker) {
      return original.call(this, { ...marker, producerEpoch: Math.max(0, marker.producerEpoch - 1) });
    },
);

export const mutants: readonly Mutant[] = [
  both('no epoch check: zombies write on', noEpochInLog, noEpochInCoordinator),
  both('markers carry the epoch of the transaction, and end it for nobody', oldEpochInMarkers, noEpochInCoordinator),
  mutant(
    'no sequence check: a repeated batch is appended again',
    ProducerState,
    'check',
    (original) =>
      function check(this: ProducerState, ...args: Parameters<typeof original>) {
        const errorCode = original.apply(this, args);
        const isSequence =
          errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER || errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER;
        return isSequence ? ErrorCode.NONE : errorCode;
      },
  ),
  mutant(
    'a duplicate is refused instead of acknowledged with its first offset',
    ProducerState,
    'check',
    (original) =>
      function check(this: ProducerState, ...args: Parameters<typeof original>) {
        const errorCode = original.apply(this, args);
        return errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER ? ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER : errorCode;
      },
  ),
  {
    name: 'the last stable offset is the high watermark',
    apply() {
      const own = Object.getOwnPropertyDescriptor(Partition.prototype, 'lastStableOffset')!;
      Object.defineProperty(Partition.prototype, 'lastStableOffset', {
        configurable: true,
        get(this: Partition) {
          return this.highWatermark;
        },
      });
      return () => Object.defineProperty(Partition.prototype, 'lastStableOffset', own);
    },
  },
  mutant('fetches do not tell of aborted transactions', Log, 'abortedTransactions', () => () => []),
  mutant(
    'every marker commits',
    Partition,
    'appendMarker',
    (original) =>
      function appendMarker(this: Partition, marker) {
        return original.call(this, { ...marker, committed: true });
      },
  ),
  mutant(
    'every marker aborts',
    Partition,
    'appendMarker',
    (original) =>
      function appendMarker(this: Partition, marker) {
        return original.call(this, { ...marker, committed: false });
      },
  ),
  mutant(
    'the second partition gets no marker',
    Partition,
    'appendMarker',
    (original) =>
      function appendMarker(this: Partition, marker) {
        return this.index === 0 ? original.call(this, marker) : Receipt.refused(ErrorCode.NONE);
      },
  ),
  mutant(
    'the epoch stays when a transaction ends (KAFKA-17754)',
    TransactionCoordinator,
    'end',
    (original) =>
      function end(this: TransactionCoordinator, request) {
        return original.call(this, { ...request, clientVersion: 0 });
      },
  ),
  mutant(
    'a transactional write is admitted whoever comes',
    TransactionCoordinator,
    'admit',
    () => () => ErrorCode.NONE,
  ),
  mutant(
    'offsets in a transaction count at once',
    GroupPartition,
    'replay',
    (original) =>
      function replay(this: GroupPartition, record) {
        original.call(this, record);
      },
  ),
  mutant(
    'offsets of a transaction that commits are forgotten',
    GroupPartition,
    'completeTransaction',
    (original) =>
      function completeTransaction(this: GroupPartition, producerId) {
        original.call(this, producerId, false);
      },
  ),
  mutant(
    'offsets of a transaction that aborts count',
    GroupPartition,
    'completeTransaction',
    (original) =>
      function completeTransaction(this: GroupPartition, producerId) {
        original.call(this, producerId, true);
      },
  ),
  mutant(
    'a transaction whose end is decided is forgotten by a restart',
    TransactionPartition,
    'replayRecord',
    (original) =>
      function replayRecord(this: TransactionPartition, record) {
        original.call(this, record);
        for (const [id, { state }] of this.transactions) if (state.startsWith('Prepare')) this.transactions.delete(id);
      },
  ),
  {
    firstSeed: 89,
    ...mutant(
      'markers are written without a record of the decision',
      Partition,
      'appendRecords',
      (original) =>
        function appendRecords(this: Partition, records, options) {
          const isDecision =
            this.topic === '__transaction_state' &&
            records.some(
              ({ key, value }) =>
                key !== null && decodeTransaction(key, value)?.transaction?.state.startsWith('Prepare') === true,
            );
          return isDecision
            ? new Receipt(this, ErrorCode.NONE, -1, -1, this.leaderEpoch, -1, 0)
            : original.call(this, records, options);
        },
    ),
  },
  mutant('a restart forgets producers', ProducerSnapshots, 'load', () => () => new ProducerState()),
];

function both(name: string, one: Mutant, other: Mutant): Mutant {
  return {
    name,
    apply() {
      const undo = [one.apply(), other.apply()];
      return () => {
        for (const each of undo.toReversed()) each();
      };
    },
  };
}

/** `wrap` gets the method, and gives the one that takes its place. */
function mutant<T, K extends keyof T>(
  name: string,
  type: { readonly prototype: T },
  method: K,
  wrap: (original: T[K]) => T[K],
): Mutant {
  return {
    name,
    apply() {
      const { prototype } = type;
      const original = prototype[method];
      prototype[method] = wrap(original);
      return () => {
        prototype[method] = original;
      };
    },
  };
}
