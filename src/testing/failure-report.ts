/** What a test is shown when it waited in vain, or when it ends: what is in the broker, who is connected, what went wrong. */
import type { BrokerView } from './broker-view.ts';
import type { Faults } from './faults.ts';
import { allGroups, type Group } from './group-view.ts';
import { TopicReader } from './topic-reader.ts';
import type { Traffic } from './traffic.ts';

const SHOWN_MESSAGES = 5;
const SHOWN_ERRORS = 5;
const SHOWN_REQUESTS = 8;

export interface ReportSources {
  readonly broker: BrokerView;
  readonly traffic: Traffic;
  readonly faults: Faults;
}

/** Many lines; `topic` is the one that matters, all topics are named. */
export function failureReport(sources: ReportSources, topic?: string): string {
  const lines = [
    ...topicLines(sources.broker, topic),
    ...groupLines(sources.broker),
    ...clientLines(sources.broker),
    ...errorLines(sources.traffic),
    ...sources.faults.list().map((rule) => `  ${rule.toString()}`),
  ];
  return lines.join('\n');
}

function topicLines(broker: BrokerView, wanted: string | undefined): string[] {
  const names = [...broker.parts.controller.image.topicsByName.keys()].filter((name) => !name.startsWith('__'));
  if (wanted !== undefined && !names.includes(wanted)) {
    return [`  topic ${wanted}: there is none; topics: ${names.join(', ') || 'none'}`];
  }
  return (wanted === undefined ? names : [wanted]).flatMap((name) => {
    const reader = new TopicReader(broker, name);
    const seen = reader.count();
    const shown = wanted === undefined ? [] : reader.newest(SHOWN_MESSAGES);
    const all = new TopicReader(broker, name, 'read_uncommitted').count();
    const undecided = all > seen ? `, ${all - seen} more aborted or in open transactions` : '';
    return [`  topic ${name}: ${count(seen, 'message')}${undecided}`, ...shown.map((each) => `    ${String(each)}`)];
  });
}

export function groupLine({ id, state, members, offsets, lag }: Group): string {
  const who = members.map(({ clientId, assignment }) => {
    const places = assignment.map(({ topic, partition }) => `${topic}[${partition}]`);
    return `${clientId} (${places.join(' ') || 'nothing assigned'})`;
  });
  const committed = offsets.map(({ topic, partition, offset }) => `${topic}[${partition}]=${offset}`);
  return (
    `  group ${id}: ${state}, ${count(members.length, 'member')}${who.length > 0 ? `: ${who.join(', ')}` : ''}; ` +
    `committed ${committed.join(' ') || 'nothing'}${lag === null ? '' : `; lag ${lag}`}`
  );
}

function groupLines(broker: BrokerView): string[] {
  const groups = allGroups(broker);
  return groups.length === 0 ? ['  groups: none'] : groups.map(groupLine);
}

function clientLines(broker: BrokerView): string[] {
  const clients = openClients(broker);
  return [`  clients connected: ${clients.map(({ clientId, count: n }) => `${clientId} (${n})`).join(', ') || 'none'}`];
}

/** Connections by client id. */
export function openClients(broker: BrokerView): { clientId: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { clientId } of broker.listeners.connections()) {
    const name = clientId ?? 'a client that said nothing yet';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([clientId, n]) => ({ clientId, count: n }));
}

function errorLines(traffic: Traffic): string[] {
  const errors = traffic.errors().slice(-SHOWN_ERRORS);
  const requests = traffic.all.slice(-SHOWN_REQUESTS).map((exchange) => `    ${String(exchange)}`);
  return [
    errors.length === 0 ? '  errors told to clients: none' : '  last errors told to clients:',
    ...errors.map(({ error, about, exchange }) => {
      return `    ${exchange.clientId ?? 'no client id'} ${exchange.api} ${about} ${error} (request ${exchange.number})`;
    }),
    requests.length === 0 ? '  requests: none' : '  last requests:',
    ...requests,
  ];
}

export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? '' : 's'}`;
}
