/** What a test left behind: clients that are still connected, members that never left, open transactions, idle faults. */
import type { BrokerView } from './broker-view.ts';
import type { Faults } from './faults.ts';
import { groupIds, groupWithoutLag } from './group-view.ts';
import { count, openClients } from './failure-report.ts';

export interface StopReport {
  /** A sentence each: consumers and producers left open, group members that never left, transactions never ended. */
  readonly leaks: readonly string[];
  /** A sentence each: faults that never struck. */
  readonly unusedFaults: readonly string[];
}

/** What happens to a report that has something to say: a warning on stderr, an error from `stop()`, nothing, or your own. */
export type OnStop = 'warn' | 'throw' | 'ignore' | ((report: StopReport) => void);

const ONGOING = ['Ongoing', 'PrepareCommit', 'PrepareAbort'];

export function stopReport(broker: BrokerView, faults: Faults): StopReport {
  const leaks: string[] = [];
  for (const id of groupIds(broker)) {
    for (const { clientId, memberId } of groupWithoutLag(broker, id).members) {
      leaks.push(`member ${memberId} (${clientId}) never left group '${id}': disconnect the consumer`);
    }
  }
  const filter = { stateFilters: ONGOING, producerIdFilters: [], durationFilter: -1, transactionalIdPattern: null };
  for (const { transactionalId, transactionState } of broker.parts.transactions.list(filter).transactionStates) {
    leaks.push(`transaction '${transactionalId}' is ${transactionState}: commit or abort it`);
  }
  for (const { clientId, count: connections } of openClients(broker)) {
    leaks.push(`client '${clientId}' has ${count(connections, 'connection')} open: disconnect it`);
  }
  return { leaks, unusedFaults: faults.unused.map(({ description }) => `never struck: ${description}`) };
}

/** Says nothing where there is nothing to say. @throws {Error} with 'throw' */
export function deliver(report: StopReport, onStop: OnStop, warn: (text: string) => void): void {
  const lines = [...report.leaks, ...report.unusedFaults];
  if (lines.length === 0 || onStop === 'ignore') return;
  if (typeof onStop === 'function') return onStop(report);
  const text = `the test broker was stopped, and not everything was in order:\n${lines.map((line) => `  - ${line}`).join('\n')}`;
  if (onStop === 'throw') throw new Error(text);
  warn(`${text}\n  (startBroker({ onStop: 'ignore' }) says nothing of this, onStop: 'throw' fails)\n`);
}
