/** What is known of a group of a broker in this process, for `why`: its state and logs, and what its members were seen doing. */
import { readSubscription } from '../../protocol/topics/consumer-protocol-bytes.ts';
import type {
  Departure,
  GroupSituation,
  OpenTransaction,
  PartitionName,
  Rebalance,
  SimilarTopic,
  SituatedMember,
  SituatedPartition,
  Throttling,
} from '../insight/group-situation.ts';
import { configOf, ResourceType } from '../cluster/image.ts';
import { nearNames } from '../insight/near-names.ts';
import type { BrokerView } from './broker-view.ts';
import type { FaultFilter } from './fault-spec.ts';
import type { Faults } from './faults.ts';
import { groupIds, groupWithoutLag } from './group-view.ts';
import type { Group } from './group.ts';
import { MEMBERS_REQUESTS } from './request-owners.ts';
import { queuePartitions } from './queue-view.ts';
import { streamsSubscriptions } from './streams-view.ts';
import { seenOf, type Fetched, type Seen } from './seen-on-wire.ts';
import { fits, type Traffic } from './traffic.ts';
import { countVisible } from './visible-batches.ts';

export interface SituationSources {
  readonly broker: BrokerView;
  /** Null where nothing is recorded. */
  readonly traffic: Traffic | null;
  readonly faults: Pick<Faults, 'list' | 'disk'> | null;
  readonly clockStandsStill: boolean;
}

/** More unread records than so many are not counted to their end: counting a long log would hold up the broker. */
const COUNTED = 100_000;
/** Partitions of a group that are looked at; the first, where it has more. */
const LOOKED_AT = 1000;
/** A client that was throttled for longer ago than that is not any more. */
const THROTTLED_LATELY_MS = 2000;

export function situationOf(sources: SituationSources, groupId: string): GroupSituation {
  const { broker, traffic, faults, clockStandsStill } = sources;
  const { image } = broker.parts.metadata;
  const nowMs = broker.parts.clock.now();
  const group = groupWithoutLag(broker, groupId);
  const connected = new Set(broker.listeners.connections().flatMap(({ clientId }) => clientId ?? []));
  const members = membersOf(broker, group, connected);
  const clients = new Set(members.map(({ clientId }) => clientId));
  const seen =
    traffic === null
      ? null
      : seenOf({
          exchanges: traffic.all,
          count: traffic.count,
          groupId,
          members: clients,
          connected,
          nowMs,
          nameOf: (topicId) => image.topicsById.get(topicId)?.name,
        });
  const partitions = partitionsOf(broker, members, group, seen);
  const topics = topicsOf(members, seen);
  return {
    nowMs,
    id: groupId,
    type: group.type,
    state: group.state,
    members,
    partitions,
    topics: new Map(
      topics.flatMap((name) => {
        const topic = image.topicsByName.get(name);
        return topic === undefined ? [] : [[name, topic.partitions.length] as const];
      }),
    ),
    similar: new Map(topics.flatMap((name) => similarTo(broker, name))),
    similarGroups: group.type === null ? nearNames(groupId, groupIds(broker)) : [],
    lastDeparture: members.length > 0 ? null : lastDeparture(broker, groupId),
    rebalance: rebalanceOf(broker, groupId),
    hindrances: hindrancesOf(faults, groupId, members),
    throttles: throttlesOf(broker, clients, nowMs),
    clockStandsStill,
    wire: seen?.wire ?? null,
  };
}

function membersOf(
  broker: BrokerView,
  { id, type, members }: Omit<Group, 'lag'>,
  connected: ReadonlySet<string>,
): SituatedMember[] {
  const subscriptions = subscriptionsOf(broker, id, type);
  return members.map(({ memberId, clientId, assignment }, index) => ({
    memberId,
    clientId,
    assigned: assignment,
    isConnected: broker.seesConnections ? connected.has(clientId) : null,
    ...(subscriptions[index] ?? { subscribed: null, target: null, pattern: null }),
  }));
}

type Subscribed = Pick<SituatedMember, 'subscribed' | 'target' | 'pattern'>;

/** Of the members, in their order. */
function subscriptionsOf(broker: BrokerView, id: string, type: string | null): Subscribed[] {
  const { groups } = broker.parts;
  if (type === 'consumer') {
    return groups
      .describeConsumerGroup(id)
      .members.map(({ subscribedTopicNames, subscribedTopicRegex, ...member }) => ({
        subscribed: subscribedTopicNames,
        target: member.targetAssignment.topicPartitions.flatMap(({ topicName, partitions }) =>
          partitions.map((partition) => ({ topic: topicName, partition })),
        ),
        pattern: subscribedTopicRegex === '' ? null : subscribedTopicRegex,
      }));
  }
  if (type === 'share') {
    return groups.share
      .describe(id)
      .members.map(({ subscribedTopicNames }) => ({ subscribed: subscribedTopicNames, target: null, pattern: null }));
  }
  if (type === 'streams') return streamsSubscriptions(broker, id).map((each) => ({ ...each, pattern: null }));
  if (type !== 'classic') return [];
  return groups.describeGroup(id).members.map(({ memberMetadata }) => ({
    subscribed: readSubscription(memberMetadata)?.topics ?? null,
    target: null,
    pattern: null,
  }));
}

/** Those that members have subscribed to, or that somebody asked for in vain. */
function topicsOf(members: readonly SituatedMember[], seen: Seen | null): string[] {
  const asked = (seen?.wire.errors ?? []).map(({ about }) => about.replace(/\[\d+\]$/, ''));
  const subscribed = members.flatMap((member) => member.subscribed ?? []);
  return [...new Set([...subscribed, ...asked])].filter((name) => name !== '');
}

/** Looking for near names in ten thousand takes a while, and somebody may look four times a second. */
const nearIn = new WeakMap<object, Map<string, string[]>>();

/** Of a topic that is there and has records nothing needs to be told. */
function similarTo(broker: BrokerView, name: string): [string, SimilarTopic[]][] {
  const { topicsByName } = broker.parts.metadata.image;
  if ((recordsOf(broker, name) ?? 0) > 0) return [];
  const known = nearIn.get(topicsByName) ?? new Map<string, string[]>();
  nearIn.set(topicsByName, known);
  const near = known.get(name) ?? nearNames(name, topicsByName.keys());
  known.set(name, near);
  return near.length === 0 ? [] : [[name, near.map((other) => ({ name: other, records: recordsOf(broker, other) }))]];
}

function recordsOf({ parts }: BrokerView, topic: string): number | null {
  const found = parts.partitions.topicByName(topic);
  if (found === undefined) return null;
  return found.partitions.reduce(
    (sum, one) => sum + (one === undefined ? 0 : one.highWatermark - one.logStartOffset),
    0,
  );
}

function partitionsOf(
  broker: BrokerView,
  members: readonly SituatedMember[],
  { id, type, offsets }: Omit<Group, 'lag'>,
  seen: Seen | null,
): SituatedPartition[] {
  if (type === 'share') return sharePartitions(broker, id, seen);
  const { metadata } = broker.parts;
  const committed = new Map(offsets.map((place) => [nameOf(place), place.offset]));
  const subscribed = new Set(members.flatMap(({ subscribed: topics }) => topics ?? []));
  const places: PartitionName[] = [
    ...members.flatMap(({ assigned }) => assigned),
    ...offsets,
    ...Array.from(subscribed).flatMap((topic) =>
      (metadata.image.topicsByName.get(topic)?.partitions ?? []).map((_, partition) => ({ topic, partition })),
    ),
  ];
  const all = new Map(places.map((place) => [nameOf(place), place]));
  return Array.from(all.values())
    .slice(0, LOOKED_AT)
    .flatMap((place) => situatedPartition(broker, place, committed.get(nameOf(place)) ?? null, seen));
}

/** None where no broker that runs leads it. */
function situatedPartition(
  broker: BrokerView,
  { topic, partition }: PartitionName,
  committed: number | null,
  seen: Seen | null,
): SituatedPartition[] {
  const open = broker.parts.partitions.get(topic, partition);
  if (open === undefined) return [];
  const { logStartOffset: start, lastStableOffset: stable, highWatermark: end } = open;
  const fetched = fetchedIn(seen, nameOf({ topic, partition }), end);
  const isolation = fetched?.isUncommitted === true ? 'read_uncommitted' : 'read_committed';
  const from = Math.max(committed ?? start, start);
  return [
    {
      topic,
      partition,
      start,
      stable,
      end,
      committed,
      unread: Math.min(COUNTED, countVisible(open, from, isolation, COUNTED)),
      hasAborted: from < stable && open.abortedTransactions(from, stable).length > 0,
      fetched,
      openTransaction: stable < end ? oldestOpen(broker, open) : null,
    },
  ];
}

/** Where traffic is recorded and a partition was not fetched, or it may be forgotten where that began, none has skipped anything. */
function fetchedIn(seen: Seen | null, place: string, end: number): SituatedPartition['fetched'] {
  if (seen === null) return null;
  const { first, last, began, isUncommitted } = seen.fetched.get(place) ?? NOT_FETCHED;
  return { first: first ?? 0, last: Math.min(last, end), began, isUncommitted };
}

const NOT_FETCHED: Fetched = { first: null, last: 0, began: null, isUncommitted: false };

/** A share group has no committed offsets: it begins at the first record that it has not finished. */
function sharePartitions(broker: BrokerView, groupId: string, seen: Seen | null): SituatedPartition[] {
  const isolation = configOf(broker.parts.metadata.image, ResourceType.group, groupId).get('share.isolation.level');
  const asked = { began: null, isUncommitted: isolation !== 'read_committed' };
  return queuePartitions(broker, groupId).flatMap(({ topic, partition, start: first, backlog }) => {
    const [place] = situatedPartition(broker, { topic, partition }, first, null);
    if (place === undefined) return [];
    const isNew = seen?.wasDelivered === false && first !== null && first > place.start;
    return {
      ...place,
      unread: backlog,
      ...(isNew
        ? { committed: null, fetched: { ...asked, first, last: first } }
        : { fetched: { ...asked, first: 0, last: 0 } }),
    };
  });
}

type OpenPartition = NonNullable<ReturnType<BrokerView['parts']['partitions']['get']>>;

function oldestOpen(broker: BrokerView, open: OpenPartition): OpenTransaction | null {
  let oldest: { producerId: number; currentTxnFirstOffset: number; lastTimestamp: number } | null = null;
  for (const entry of open.activeProducers()) {
    const { currentTxnFirstOffset: first } = entry;
    if (first >= 0 && (oldest === null || first < oldest.currentTxnFirstOffset)) oldest = entry;
  }
  if (oldest === null) return null;
  const { producerId, currentTxnFirstOffset } = oldest;
  const filter = {
    stateFilters: [],
    producerIdFilters: [producerId],
    durationFilter: -1,
    transactionalIdPattern: null,
  };
  const [known] = broker.parts.transactions.list(filter).transactionStates;
  return {
    transactionalId: known?.transactionalId ?? null,
    producerId,
    firstOffset: currentTxnFirstOffset,
    sinceMs: oldest.lastTimestamp,
  };
}

function lastDeparture(broker: BrokerView, groupId: string): Departure | null {
  const left = broker.events().findLast(({ event, facts }) => event === 'group.member-left' && facts.group === groupId);
  if (left === undefined) return null;
  return { clientId: String(left.facts.client), atMs: left.lastAtMs, reason: String(left.facts.reason) };
}

/** As its coordinator knows it; since when and why, as the log has told. */
function rebalanceOf(broker: BrokerView, groupId: string): Rebalance | null {
  const progress = broker.parts.groups.progress(groupId);
  if (progress === null) return null;
  const began = broker.events().findLast(({ event, facts }) => event === 'group.rebalance' && facts.group === groupId);
  return {
    phase: progress.phase,
    sinceMs: began?.atMs ?? progress.sinceMs,
    reason: began === undefined ? null : String(began.facts.reason),
    waitingFor: [...new Set(progress.waitingFor.map(({ clientId }) => clientId))],
    untilMs: progress.untilMs,
  };
}

/** Requests by which consumers get records, and become members. */
const OF_CONSUMERS: ReadonlySet<string> = new Set([
  'Fetch',
  'ShareFetch',
  ...MEMBERS_REQUESTS,
  'FindCoordinator',
  'Metadata',
  'ListOffsets',
  'OffsetFetch',
]);

/**
 * Faults that may strike the group: those that name it, a topic of its members or one of their clients, or nothing at all. One that
 * is about other requests than those of consumers counts once it has struck; one that strikes no more does not.
 */
function hindrancesOf(
  faults: SituationSources['faults'],
  groupId: string,
  members: readonly SituatedMember[],
): string[] {
  if (faults === null) return [];
  const topics = members.flatMap(({ subscribed, assigned }) => [
    ...(subscribed ?? []),
    ...assigned.map(({ topic }) => topic),
  ]);
  const clients = members.map(({ clientId }) => clientId);
  const isMeant = ({ group, topic, clientId }: FaultFilter): boolean =>
    (group === undefined || group === groupId) &&
    (topic === undefined || topics.some((name) => fits(name, topic))) &&
    (clientId === undefined || clients.some((name) => fits(name, clientId)));
  const rules = faults.list().filter(({ spec, fired, isRemoved }) => {
    const { times = spec.nth === undefined ? Infinity : 1 } = spec;
    const isOver = isRemoved || fired >= times;
    return !isOver && isMeant(spec) && (fired > 0 || [spec.on].flat().some((api) => OF_CONSUMERS.has(api)));
  });
  const disk = faults.disk.list().filter(({ fired }) => fired > 0);
  return [...rules, ...disk].map(({ description }) => description);
}

function throttlesOf(broker: BrokerView, clients: ReadonlySet<string>, nowMs: number): Throttling[] {
  return broker
    .throttles()
    .filter(({ clientId }) => clients.has(clientId))
    .filter(({ lastAtMs, throttleTimeMs }) => nowMs <= lastAtMs + throttleTimeMs + THROTTLED_LATELY_MS);
}

function nameOf({ topic, partition }: PartitionName): string {
  return `${topic}[${partition}]`;
}
