/** What a page shows first: what wants somebody's eyes, rates, who is behind, what has just happened. */
import { why } from '../insight/why.ts';
import type { Pieces } from '../platform/pieces.ts';
import type { BrokerView } from '../testing/broker-view.ts';
import { situationOf } from '../testing/group-situation.ts';
import { listedGroups } from '../testing/group-view.ts';
import type { OverviewFrame } from './frames.ts';
import { ageOfGroup, groupSummaries, type GroupSummary } from './groups-view.ts';
import type { Journal } from './journal.ts';
import type { PageBroker } from './page-broker.ts';
import type { Rates } from './rates.ts';

const SHOWN_BEHIND = 10;
const SHOWN_RECENT = 10;
const SHOWN_ATTENTION = 20;

export function* overview(broker: PageBroker, rates: Rates, journal: Pick<Journal, 'newest'>): Pieces<OverviewFrame> {
  const { view, nodeId, bootstrap, version } = broker;
  const { image } = view.parts.metadata;
  const listed = listedGroups(view);
  const groups = yield* groupSummaries(view, listed);
  return {
    cluster: { id: image.clusterId, nodeId, brokers: image.brokers.size, bootstrap, version },
    isTest: broker.test !== null,
    attention: [
      ...partitionsInNeed(view),
      ...brokersInNeed(view),
      ...clientsInNeed(broker),
      ...groupsInNeed(groups),
      ...faultsIn(broker),
    ].slice(0, SHOWN_ATTENTION),
    totals: totalsOf(view, listed.length),
    rates: { records: [...rates.records], bytes: [...rates.bytes] },
    behind: behindOf(view, groups),
    recent: journal.newest(SHOWN_RECENT),
  };
}

function behindOf(view: BrokerView, groups: readonly GroupSummary[]): OverviewFrame['behind'] {
  return groups
    .flatMap((group) => (group.lag === null || group.lag === 0 ? [] : { ...group, lag: group.lag }))
    .sort((a, b) => b.lag - a.lag)
    .slice(0, SHOWN_BEHIND)
    .map((group) => ({ group: group.id, lag: group.lag, ageMs: ageOfGroup(view, group) }));
}

function totalsOf(view: BrokerView, groups: number): OverviewFrame['totals'] {
  let partitions = 0;
  let bytes = 0;
  const { topicsByName } = view.parts.metadata.image;
  for (const [name, topic] of topicsByName) {
    partitions += topic.partitions.length;
    for (const partition of view.parts.partitions.topicByName(name)?.partitions ?? []) bytes += partition?.size ?? 0;
  }
  return { topics: topicsByName.size, partitions, groups, connections: view.listeners.connections().length, bytes };
}

type Attention = OverviewFrame['attention'];

function partitionsInNeed(view: BrokerView): Attention {
  const offline: string[] = [];
  const behind: string[] = [];
  for (const { name, partitions } of view.parts.metadata.image.topicsByName.values()) {
    for (const [index, { leader, isr, replicas }] of partitions.entries()) {
      if (leader < 0) offline.push(`${name}[${index}]`);
      else if (isr.length < replicas.length) behind.push(`${name}[${index}]`);
    }
  }
  return [
    ...(offline.length === 0
      ? []
      : [{ sentence: `${named(offline)} without a leader: no client can write or read there.` }]),
    ...(behind.length === 0 ? [] : [{ sentence: `${named(behind)} with replicas that are not in sync.` }]),
  ].map(({ sentence }) => ({ sentence, link: '#/topics' }));
}

function named(places: readonly string[]): string {
  const what = places.length === 1 ? '1 partition is' : `${places.length} partitions are`;
  const more = places.length > 3 ? ', …' : '';
  return `${what} (${places.slice(0, 3).join(', ')}${more})`;
}

function brokersInNeed(view: BrokerView): Attention {
  return Array.from(view.parts.metadata.image.brokers.values())
    .filter(({ fenced }) => fenced)
    .map(({ id }) => ({ sentence: `Broker ${id} is fenced: the controller does not hear of it.`, link: '#/' }));
}

/** What keeps consumers that have not got as far as naming their group: no group's view would tell. */
function clientsInNeed({ view, traffic, clockIsVirtual }: PageBroker): Attention {
  if (traffic === null) return [];
  const findings = why(situationOf({ broker: view, traffic, faults: null, clockStandsStill: clockIsVirtual }, ''));
  return findings
    .filter(({ cause }) => cause !== 'no-such-group')
    .map(({ sentence }) => ({ sentence, link: '#/clients' }));
}

function groupsInNeed(groups: readonly GroupSummary[]): Attention {
  return groups.flatMap(({ id, state, members, lag }) => {
    const link = `#/groups/${encodeURIComponent(id)}`;
    if (state === 'PreparingRebalance') return { sentence: `Group '${id}' rebalances.`, link };
    if (members > 0 || lag === null || lag === 0) return [];
    return { sentence: `Group '${id}' has ${lag} records to read and no members.`, link };
  });
}

function faultsIn({ faults, clockIsVirtual }: PageBroker): Attention {
  const struck = (faults?.list() ?? []).map(({ description }) => ({
    sentence: `In force: ${description}.`,
    link: '#/test',
  }));
  const clock = { sentence: 'The clock is virtual: time passes when the test advances it.', link: '#/test' };
  return clockIsVirtual ? [...struck, clock] : struck;
}
