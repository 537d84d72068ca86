/** Share groups that do one thing wrong, each of which the checker must catch. */
import { Log } from '../../src/log/log.ts';
import { DeadLetters } from '../../src/share/dead-letters.ts';
import { InFlight } from '../../src/share/in-flight.ts';
import { RangeList } from '../../src/share/ranges.ts';
import { DeliveryState, isFinished, type Run } from '../../src/share/runs.ts';
import { ShareDelivery } from '../../src/share/share-fetch.ts';
import { SharePartition } from '../../src/share/share-partition.ts';
import { ShareCoordinator } from '../../src/share/state-coordinator.ts';

export interface Mutant {
  readonly name: string;
  /** Puts the fault in; the answer takes it out again. */
  apply(): () => void;
}

export const mutants: readonly Mutant[] = [
  mutant('an answer before the state is written', ShareCoordinator.prototype, 'write', () => {
    return function write(this: ShareCoordinator, _groupId, partitions) {
      return partitions.map(() => ({ errorCode: 0, errorMessage: null }));
    };
  }),
  mutant('one attempt too many', InFlight.prototype, 'acknowledge', (original) => {
    return function acknowledge(this: InFlight, memberId, acks, rules) {
      return original.call(this, memberId, acks, { ...rules, deliveryLimit: rules.deliveryLimit + 1 });
    };
  }),
  mutant('locks that outlive their connection', ShareDelivery.prototype, 'connectionEnded', () => {
    return function connectionEnded(this: ShareDelivery) {};
  }),
  mutant('a start that moves over what is archiving', SharePartition.prototype, 'writeOf', (original) => {
    return function writeOf(this: SharePartition, transitions) {
      const written = original.call(this, transitions);
      const isOver = (run: Run): boolean => run.state === DeliveryState.archiving || isFinished(run);
      const ends = (run: Run): boolean => transitions.some(({ from, to }) => from.first === run.first && isOver(to));
      const holding = this.inFlight.runs.find((run) => !isOver(run) && !ends(run));
      return { ...written, startOffset: holding?.first ?? this.inFlight.endOffset };
    };
  }),
  mutant('splits that are not merged again', RangeList.prototype, 'isOne', () => {
    return function isOne() {
      return false;
    };
  }),
  mutant('records of aborted transactions', Log.prototype, 'abortedTransactions', () => {
    return function abortedTransactions(this: Log) {
      return [];
    };
  }),
  mutant('locks that run out at once', InFlight.prototype, 'acquire', (original) => {
    return function acquire(this: InFlight, request) {
      return original.call(this, { ...request, lockedUntil: request.nowMs + 1 });
    };
  }),
  mutant('deliveries that are not counted', InFlight.prototype, 'acquire', (original) => {
    return function acquire(this: InFlight, request) {
      return original.call(this, request).map((one) => ({ ...one, deliveryCount: 1 }));
    };
  }),
  mutant('dead letters that are not taken up again', DeadLetters.prototype, 'resume', () => {
    return function resume(this: DeadLetters) {};
  }),
];

function mutant<T extends object, Key extends keyof T>(
  name: string,
  target: T,
  key: Key,
  change: (original: T[Key]) => T[Key],
): Mutant {
  return {
    name,
    apply() {
      const original = target[key];
      target[key] = change(original);
      return () => void (target[key] = original);
    },
  };
}
