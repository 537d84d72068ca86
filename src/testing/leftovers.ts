/** What a test left behind: clients that are still connected, members that never left, open transactions, idle faults. */
import { count } from '../insight/words.ts';
import type { BrokerView } from './broker-view.ts';
import type { FaultRules } from './fault-rules.ts';
import { groupIds, groupType, groupWithoutLag } from './group-view.ts';
import { queueFacts, recordLine } from './queue-view.ts';
import { openClients } from './failure-report.ts';
import type { PendingWaits } from './pending-waits.ts';
import type { Leftovers, StopReport } from './stop-report.ts';

const SHOWN_RECORDS = 5;
const ONGOING = ['Ongoing', 'PrepareCommit', 'PrepareAbort'];

export function leftBehind(broker: BrokerView, faults: FaultRules, waits: PendingWaits): StopReport {
  const leaks: string[] = [];
  for (const id of groupIds(broker)) {
    for (const { clientId, memberId } of groupWithoutLag(broker, id).members) {
      leaks.push(`member ${memberId} (${clientId}) never left group '${id}': disconnect the consumer`);
    }
  }
  for (const id of groupIds(broker)) {
    if (groupType(broker, id) !== 'share') continue;
    const held = queueFacts(broker, id).partitions.flatMap(({ inFlight }) =>
      inFlight.filter(({ state }) => state === 'acquired'),
    );
    for (const record of held.slice(0, SHOWN_RECORDS)) {
      leaks.push(`${recordLine(record)} of group '${id}': acknowledge or release it`);
    }
    if (held.length > SHOWN_RECORDS)
      leaks.push(`${held.length - SHOWN_RECORDS} more records are held in group '${id}'`);
  }
  const filter = { stateFilters: ONGOING, producerIdFilters: [], durationFilter: -1, transactionalIdPattern: null };
  for (const { transactionalId, transactionState } of broker.parts.transactions.list(filter).transactionStates) {
    leaks.push(`transaction '${transactionalId}' is ${transactionState}: commit or abort it`);
  }
  for (const { clientId, count: connections } of openClients(broker)) {
    leaks.push(`client '${clientId}' has ${count(connections, 'connection')} open: disconnect it`);
  }
  const unusedFaults = faults.unused.map(({ description }) => `never struck: ${description}`);
  return { leaks, unusedFaults, forgottenWaits: waits.forgotten };
}

/** Says nothing where there is nothing to say. @throws {Error} with 'throw' */
export function deliver(report: StopReport, leftovers: Leftovers, warn: (text: string) => void): void {
  const lines = [...report.leaks, ...report.unusedFaults, ...report.forgottenWaits];
  if (lines.length === 0 || leftovers === 'ignore') return;
  if (typeof leftovers === 'function') return leftovers(report);
  const text = `the test broker was stopped, and not everything was in order:\n${lines.map((line) => `  - ${line}`).join('\n')}`;
  if (leftovers === 'throw') throw new Error(text);
  warn(`${text}\n  (startBroker({ leftovers: 'ignore' }) says nothing of this, leftovers: 'throw' fails)\n`);
}
