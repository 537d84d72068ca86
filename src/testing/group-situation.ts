/** What is known of a group of a broker in this process, for `why`: its state and logs, and what its members were seen doing. */
import { readSubscription } from '../../protocol/topics/consumer-protocol-bytes.ts';
import type {
  Departure,
  GroupSituation,
  OpenTransaction,
  PartitionName,
  Rebalance,
  RepeatedError,
  SeenOnWire,
  SituatedMember,
  SituatedPartition,
} from '../insight/group-situation.ts';
import type { BrokerView } from './broker-view.ts';
import type { Exchange } from './exchange.ts';
import type { FaultFilter } from './fault-spec.ts';
import type { Faults } from './faults.ts';
import { groupWithoutLag } from './group-view.ts';
import type { CommittedOffset, Group } from './group.ts';
import { fits, type Traffic } from './traffic.ts';
import { unusualErrors } from './unusual-errors.ts';
import { countVisible } from './visible-batches.ts';

export interface SituationSources {
  readonly broker: BrokerView;
  /** Null where nothing is recorded. */
  readonly traffic: Traffic | null;
  readonly faults: Pick<Faults, 'list'> | null;
  readonly clockStandsStill: boolean;
}

/** More unread records than so many are not counted to their end: counting a long log would hold up the broker. */
const COUNTED = 100_000;
/** Partitions of a group that are looked at; the first, where it has more. */
const LOOKED_AT = 1000;

export function situationOf(sources: SituationSources, groupId: string): GroupSituation {
  const { broker, traffic, faults, clockStandsStill } = sources;
  const group = groupWithoutLag(broker, groupId);
  const members = membersOf(broker, group);
  const topics = new Map(
    Array.from(broker.parts.metadata.image.topicsByName.values(), ({ name, partitions }) => [name, partitions.length]),
  );
  const exchanges = traffic?.all ?? [];
  const clients = new Set(members.map(({ clientId }) => clientId));
  return {
    nowMs: broker.parts.clock.now(),
    id: groupId,
    type: group.type,
    state: group.state,
    members,
    partitions: partitionsOf(broker, members, group.offsets),
    topics,
    lastDeparture: members.length > 0 ? null : lastDeparture(exchanges, groupId),
    rebalance: rebalanceOf(group, exchanges),
    hindrances: hindrancesOf(faults, groupId, members),
    clockStandsStill,
    wire: traffic === null ? null : seenOf(exchanges, groupId, clients),
  };
}

function membersOf(broker: BrokerView, { id, type, members }: Omit<Group, 'lag'>): SituatedMember[] {
  const common = (index: number) => {
    const { memberId, clientId, assignment } = members[index];
    return { memberId, clientId, assigned: assignment };
  };
  const { groups } = broker.parts;
  if (type === 'consumer') {
    return groups.describeConsumerGroup(id).members.map(({ subscribedTopicNames, targetAssignment }, index) => ({
      ...common(index),
      subscribed: subscribedTopicNames,
      target: targetAssignment.topicPartitions.flatMap(({ topicName, partitions }) =>
        partitions.map((partition) => ({ topic: topicName, partition })),
      ),
    }));
  }
  const described = type === 'classic' ? groups.describeGroup(id).members : [];
  return members.map((_, index) => ({
    ...common(index),
    subscribed: index < described.length ? (readSubscription(described[index].memberMetadata)?.topics ?? null) : null,
    target: null,
  }));
}

function partitionsOf(
  broker: BrokerView,
  members: readonly SituatedMember[],
  offsets: readonly CommittedOffset[],
): SituatedPartition[] {
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
    .flatMap((place) => situatedPartition(broker, place, committed.get(nameOf(place)) ?? null));
}

/** None where no broker that runs leads it. */
function situatedPartition(
  broker: BrokerView,
  { topic, partition }: PartitionName,
  committed: number | null,
): SituatedPartition[] {
  const open = broker.parts.partitions.get(topic, partition);
  if (open === undefined) return [];
  const { logStartOffset: start, lastStableOffset: stable, highWatermark: end } = open;
  const from = committed ?? start;
  return [
    {
      topic,
      partition,
      start,
      stable,
      end,
      committed,
      unread: from >= stable ? 0 : Math.min(COUNTED, countVisible(open, from, 'read_committed', COUNTED)),
      openTransaction: stable < end ? oldestOpen(broker, open) : null,
    },
  ];
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

/** A member that told that it leaves, as the traffic has it. */
function lastDeparture(exchanges: readonly Exchange[], groupId: string): Departure | null {
  for (let i = exchanges.length - 1; i >= 0; i--) {
    const exchange = exchanges[i];
    if (!exchange.groups.includes(groupId)) continue;
    const clientId = exchange.clientId ?? 'a client without an id';
    if (leaves(exchange)) return { clientId, atMs: exchange.at, reason: 'it left the group' };
    if (MEMBERS_REQUESTS.has(exchange.api)) {
      return { clientId, atMs: exchange.at, reason: 'its last request came then, and it was not heard of again' };
    }
  }
  return null;
}

const MEMBERS_REQUESTS = new Set([
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'ConsumerGroupHeartbeat',
  'ShareGroupHeartbeat',
]);

function leaves({ api, request }: Exchange): boolean {
  if (api === 'LeaveGroup') return true;
  const isHeartbeat = api === 'ConsumerGroupHeartbeat' || api === 'ShareGroupHeartbeat';
  return isHeartbeat && (request as { memberEpoch: number }).memberEpoch < 0;
}

const REBALANCING = new Set(['PreparingRebalance', 'CompletingRebalance']);

/** Of a classic group: whoever has not sent its JoinGroup or SyncGroup is waited for. */
function rebalanceOf({ id, state, members }: Omit<Group, 'lag'>, exchanges: readonly Exchange[]): Rebalance | null {
  if (!REBALANCING.has(state)) return null;
  const awaited = state === 'PreparingRebalance' ? 'JoinGroup' : 'SyncGroup';
  const waiting = exchanges.filter(
    ({ api, outcome, groups }) => api === awaited && outcome === 'waiting' && groups.includes(id),
  );
  const there = new Set(waiting.map(({ clientId }) => clientId));
  const waitingFor = members.map(({ clientId }) => clientId).filter((clientId) => !there.has(clientId));
  return waiting.length === 0 ? null : { sinceMs: waiting[0].at, waitingFor: [...new Set(waitingFor)], untilMs: null };
}

/** Faults that may strike the group: those that name it, a topic of its members or one of their clients, or nothing at all. */
function hindrancesOf(
  faults: Pick<Faults, 'list'> | null,
  groupId: string,
  members: readonly SituatedMember[],
): string[] {
  const topics = members.flatMap(({ subscribed, assigned }) => [
    ...(subscribed ?? []),
    ...assigned.map(({ topic }) => topic),
  ]);
  const clients = members.map(({ clientId }) => clientId);
  const isMeant = ({ group, topic, clientId }: FaultFilter): boolean =>
    (group === undefined || group === groupId) &&
    (topic === undefined || topics.some((name) => fits(name, topic))) &&
    (clientId === undefined || clients.some((name) => fits(name, clientId)));
  return (faults?.list() ?? []).filter(({ spec }) => isMeant(spec)).map(({ description }) => description);
}

function seenOf(exchanges: readonly Exchange[], groupId: string, clients: ReadonlySet<string>): SeenOnWire {
  const lastFetchMs = new Map<string, number | null>(Array.from(clients, (clientId) => [clientId, null]));
  const lastHeartbeatMs = new Map(lastFetchMs);
  const sinceMs = new Map<string, number>();
  for (const { clientId, api, at, groups, outcome } of exchanges) {
    if (clientId === null || !clients.has(clientId)) continue;
    if (api === 'Fetch' || api === 'ShareFetch') lastFetchMs.set(clientId, outcome === 'waiting' ? Infinity : at);
    else if (MEMBERS_REQUESTS.has(api) && groups.includes(groupId)) {
      lastHeartbeatMs.set(clientId, at);
      if (!sinceMs.has(clientId)) sinceMs.set(clientId, at);
    }
  }
  return {
    sinceMs,
    lastFetchMs,
    lastHeartbeatMs,
    errors: repeatedErrors(exchanges, groupId, clients),
    lostAfterMetadata: [],
  };
}

function repeatedErrors(
  exchanges: readonly Exchange[],
  groupId: string,
  clients: ReadonlySet<string>,
): RepeatedError[] {
  const found = new Map<string, RepeatedError>();
  for (const exchange of exchanges) {
    const clientId = exchange.clientId ?? '';
    if (!clients.has(clientId) && !exchange.groups.includes(groupId)) continue;
    for (const { error, about } of unusualErrors(exchange)) {
      const key = `${clientId} ${exchange.api} ${error} ${about}`;
      const times = (found.get(key)?.times ?? 0) + 1;
      found.set(key, { error, api: exchange.api, about, clientId, times, lastAtMs: exchange.at });
    }
  }
  return [...found.values()].sort((a, b) => b.lastAtMs - a.lastAtMs).slice(0, SHOWN_ERRORS);
}

const SHOWN_ERRORS = 5;

function nameOf({ topic, partition }: PartitionName): string {
  return `${topic}[${partition}]`;
}
