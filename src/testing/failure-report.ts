/** What a test is shown when a wait failed, or when it asks: what is in the broker, who is connected, what went wrong. */
import { count } from '../insight/words.ts';
import { why, type Cause } from '../insight/why.ts';
import type { BrokerView } from './broker-view.ts';
import type { Exchange } from './exchange.ts';
import type { Faults } from './faults.ts';
import { allGroups } from './group-view.ts';
import { situationOf } from './group-situation.ts';
import type { Group } from './group.ts';
import { queueFacts, queueLines } from './queue-view.ts';
import type { PendingWaits } from './pending-waits.ts';
import { TopicReader } from './topic-reader.ts';
import type { Traffic } from './traffic.ts';
import { unusualErrors } from './unusual-errors.ts';
import { isWork } from './work.ts';

const SHOWN_MESSAGES = 5;
const SHOWN_ERRORS = 5;
const SHOWN_REQUESTS = 8;
export interface ReportSources {
  readonly broker: BrokerView;
  readonly traffic: Traffic;
  readonly faults: Faults;
  readonly pending: PendingWaits;
  /** Whether time passes only when the test says so. */
  readonly clockStandsStill: boolean;
}

/** What the test is about: its messages and requests are shown. */
export interface ReportFocus {
  readonly topic?: string | undefined;
  readonly group?: string | undefined;
}

/** Many lines. All topics are named, or the one that matters. */
export function failureReport(sources: ReportSources, focus: ReportFocus = {}): string {
  const { broker, traffic, faults, pending } = sources;
  const { group } = focus;
  const lines = [
    ...topicLines(broker, focus.topic),
    ...groupLines(broker, group),
    ...(group === undefined ? [] : whyLines(sources, group)),
    ...clientLines(broker),
    ...faults.list().map((rule) => `  ${rule.toString()}`),
    ...errorLines(traffic),
    ...requestLines(traffic, focus),
    ...pending.lines,
  ];
  return lines.join('\n');
}

function topicLines(broker: BrokerView, wanted: string | undefined): string[] {
  const names = [...broker.parts.metadata.image.topicsByName.keys()].filter((name) => !name.startsWith('__'));
  if (wanted !== undefined && !names.includes(wanted)) {
    return [`  topic ${wanted}: does not exist; topics: ${names.join(', ') || 'none'}`];
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

function groupLines(broker: BrokerView, wanted: string | undefined): string[] {
  const groups = allGroups(broker);
  const isThere = wanted === undefined || groups.some(({ id }) => id === wanted);
  const lines = groups.flatMap((group) => [groupLine(group), ...inFlightLines(broker, group)]);
  if (!isThere) return [`  group ${wanted}: does not exist`, ...lines];
  return lines.length === 0 ? ['  groups: none'] : lines;
}

/** What keeps the group, where something does. */
function whyLines(sources: ReportSources, groupId: string): string[] {
  const findings = why(situationOf(sources, groupId)).filter(({ cause }) => !TOLD_ANYWAY.has(cause));
  return findings.map(({ sentence, next }) => `  why: ${sentence} ${next}`);
}

/** What the lines above tell, or what is well. */
const TOLD_ANYWAY: ReadonlySet<Cause> = new Set(['no-such-group', 'hindered', 'all-read', 'reading']);

function inFlightLines(broker: BrokerView, { id, type }: Group): string[] {
  return type === 'share' ? queueLines(queueFacts(broker, id)) : [];
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
  const errors = traffic.all.flatMap((exchange) => unusualErrors(exchange).map((told) => ({ ...told, exchange })));
  return [
    errors.length === 0 ? '  errors told to clients: none' : '  last errors told to clients:',
    ...errors.slice(-SHOWN_ERRORS).map(({ error, about, exchange }) => {
      const where = about === '' ? '' : ` ${about}`;
      return `    ${exchange.clientId ?? 'no client id'} ${exchange.api}${where} ${error} (request ${exchange.number})`;
    }),
  ];
}

/** Requests that a fault struck, that failed, or that are about what the test waits for; not those that keep in touch. */
function requestLines(traffic: Traffic, focus: ReportFocus): string[] {
  if (traffic.all.length === 0) return ['  requests: none'];
  const found: Exchange[] = [];
  for (let i = traffic.all.length - 1; i >= 0 && found.length < SHOWN_REQUESTS; i--) {
    if (matters(traffic.all[i], focus)) found.unshift(traffic.all[i]);
  }
  const title = found.length === 0 ? `  requests: ${traffic.count}, none of note` : '  last requests of note:';
  return [title, ...found.map((exchange) => `    ${String(exchange)}`)];
}

function matters(exchange: Exchange, { topic, group }: ReportFocus): boolean {
  if (exchange.faults.length > 0 || exchange.outcome === 'lost') return true;
  // Of a consumer that goes, the fetch that waits ends like this.
  if (exchange.outcome === 'disconnected' && exchange.api !== 'Fetch') return true;
  if (unusualErrors(exchange).length > 0) return true;
  if (!isWork(exchange)) return false;
  if (topic === undefined && group === undefined) return true;
  return exchange.topics.some((one) => one.topic === topic) || (group !== undefined && exchange.groups.includes(group));
}
