/** What the members of a group were seen doing on the wire, as far back as the traffic goes that is looked at. */
import type { RepeatedError, SeenOnWire } from '../insight/group-situation.ts';
import type { Exchange } from './exchange.ts';
import { MEMBERS_REQUESTS, ownersOf, manualReadersOf } from './request-owners.ts';
import { unusualErrors } from './unusual-errors.ts';

/** Older exchanges are not looked at: somebody may look four times a second. */
const LOOKED_AT = 3000;
const SHOWN_ERRORS = 5;
const READ_UNCOMMITTED = 0;

/** A member that has succeeded with one of these has got over what its group told it before. */
const JOINS: ReadonlySet<string> = new Set([
  'JoinGroup',
  'ConsumerGroupHeartbeat',
  'ShareGroupHeartbeat',
  'StreamsGroupHeartbeat',
]);
const OF_GROUPS: ReadonlySet<string> = new Set([
  ...MEMBERS_REQUESTS,
  'LeaveGroup',
  'FindCoordinator',
  'OffsetCommit',
  'OffsetFetch',
  'TxnOffsetCommit',
]);
/** What consumers ask: an application may use one client id for its producers and administrators, too. */
const OF_CONSUMERS: ReadonlySet<string> = new Set([
  ...OF_GROUPS,
  'AddOffsetsToTxn',
  'ApiVersions',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'OffsetForLeaderEpoch',
  'SaslAuthenticate',
  'SaslHandshake',
  'ShareAcknowledge',
  'ShareFetch',
]);
/** With these a client finds out whom to connect to. */
const CONNECTING: ReadonlySet<string> = new Set([
  'ApiVersions',
  'Metadata',
  'FindCoordinator',
  'SaslHandshake',
  'SaslAuthenticate',
]);
/** A step of the protocol: the rebalance says more. */
const EXPECTED: ReadonlySet<string> = new Set(['REBALANCE_IN_PROGRESS']);
/** A client that has just connected is about to come back. */
const LOST_AFTER_MS = 1000;

export interface Seen {
  readonly wire: SeenOnWire;
  /** By 'orders[0]': what members have asked for. */
  readonly fetched: ReadonlyMap<string, Fetched>;
  /** Whether members of a share group were given records; null where that may be forgotten. */
  readonly wasDelivered: boolean | null;
}

export interface Fetched {
  /** The offset of the first fetch; null where that may be forgotten. */
  readonly first: number | null;
  /** And of the newest. */
  readonly last: number;
  /** Where the group began to read when it had committed nothing; null where it had, or nobody knows. */
  readonly began: number | null;
  /** Whether the newest fetch asked for what is not committed, too. */
  readonly isUncommitted: boolean;
}

export interface SeenBy {
  readonly exchanges: readonly Exchange[];
  /** Requests that came, forgotten ones included. */
  readonly count: number;
  readonly groupId: string;
  /** Client ids of members. */
  readonly members: ReadonlySet<string>;
  /** Client ids that have a connection open. */
  readonly connected: ReadonlySet<string>;
  readonly nowMs: number;
  /** The name of a topic id; undefined where no topic has it. */
  readonly nameOf: (topicId: string) => string | undefined;
}

export function seenOf(by: SeenBy): Seen {
  const { groupId, members, count } = by;
  const all = by.exchanges.slice(-LOOKED_AT);
  const isWhole = count === all.length;
  const connecting = members.size > 0 ? new Map<string, Connecting>() : onlyConnecting(all, groupId);
  const whose = ownersOf(all, groupId);
  const isConcerned = (exchange: Exchange): boolean => {
    const clientId = exchange.clientId ?? '';
    return members.has(clientId) || connecting.has(clientId) || exchange.groups.includes(groupId);
  };
  const concerned = all.filter((exchange) => isConcerned(exchange) && whose(exchange) !== 'others');
  const times = timesOf(concerned, groupId, members);
  const isOwn = (exchange: Exchange): boolean => whose(exchange) === 'own';
  const began = beginnings(all.filter(isOwn), by);
  return {
    wire: {
      ...times,
      errors: unresolvedErrors(concerned),
      lostAfterMetadata: lost(by, connecting),
      readers: manualReadersOf(all, groupId, whose, by.connected),
    },
    fetched: fetchedBy(concerned.filter(isOwn), { members, sinceMs: times.sinceMs, isWhole, began }),
    wasDelivered: delivered(concerned, members) || (isWhole ? false : null),
  };
}

function timesOf(
  exchanges: readonly Exchange[],
  groupId: string,
  members: ReadonlySet<string>,
): Pick<SeenOnWire, 'sinceMs' | 'lastFetchMs' | 'lastHeartbeatMs'> {
  const lastFetchMs = new Map<string, number | null>(Array.from(members, (clientId) => [clientId, null]));
  const lastHeartbeatMs = new Map(lastFetchMs);
  const sinceMs = new Map<string, number>();
  for (const { clientId, api, at, groups, outcome } of exchanges) {
    if (clientId === null || !members.has(clientId)) continue;
    if (api === 'Fetch' || api === 'ShareFetch') {
      const until = outcome === 'waiting' ? Infinity : at;
      lastFetchMs.set(clientId, Math.max(until, lastFetchMs.get(clientId) ?? 0));
    } else if (MEMBERS_REQUESTS.has(api) && groups.includes(groupId)) {
      lastHeartbeatMs.set(clientId, at);
      if (!sinceMs.has(clientId)) sinceMs.set(clientId, at);
    }
  }
  return { sinceMs, lastFetchMs, lastHeartbeatMs };
}

interface FetchRequest {
  readonly isolationLevel: number;
  readonly topics: readonly { readonly partitions: readonly { readonly fetchOffset: number }[] }[];
}

interface Members {
  readonly members: ReadonlySet<string>;
  readonly sinceMs: ReadonlyMap<string, number>;
  readonly isWhole: boolean;
  readonly began: ReadonlyMap<string, number>;
}

/** Of fetches since the client became a member. */
function fetchedBy(
  exchanges: readonly Exchange[],
  { members, sinceMs, isWhole, began }: Members,
): ReadonlyMap<string, Fetched> {
  const fetched = new Map<string, Fetched>();
  for (const exchange of exchanges) {
    const { api, clientId, at } = exchange;
    if (api !== 'Fetch' || clientId === null || !members.has(clientId)) continue;
    if (at < (sinceMs.get(clientId) ?? Infinity)) continue;
    const isUncommitted = (exchange.request as unknown as FetchRequest).isolationLevel === READ_UNCOMMITTED;
    for (const [place, offset] of offsetsIn(exchange)) {
      const known = fetched.get(place);
      const first = known === undefined ? (isWhole ? offset : null) : known.first;
      fetched.set(place, { first, last: offset, began: began.get(place) ?? null, isUncommitted });
    }
  }
  return fetched;
}

/** Of a Fetch: by 'orders[0]' the offset that is asked for. */
function offsetsIn({ request, topics }: Exchange): [string, number][] {
  if (topics.length === 0) return []; // nor is there anything in one that could not be decoded
  const offsets = (request as unknown as FetchRequest).topics.flatMap(({ partitions }) =>
    partitions.map(({ fetchOffset }) => fetchOffset),
  );
  return topics.flatMap(({ topic, partition }, index): [string, number][] =>
    (offsets[index] ?? -1) < 0 ? [] : [[`${topic}[${partition}]`, offsets[index]]],
  );
}

interface FetchedOffsets {
  readonly topics: readonly {
    /** '' from version 10 on, which names topics by their ids. */
    readonly name?: string;
    readonly topicId?: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly committedOffset: number }[];
  }[];
}

/**
 * By 'orders[0]': the offset of the first fetch after a member was told that the group has committed nothing there. Consumers of
 * Java commit where they begin, so that what is committed does not tell.
 */
function beginnings(exchanges: readonly Exchange[], by: SeenBy): Map<string, number> {
  const { groupId } = by;
  const clients = new Set<string>();
  const without = new Set<string>();
  const began = new Map<string, number>();
  for (const exchange of exchanges) {
    const { api, groups } = exchange;
    const clientId = exchange.clientId ?? '';
    if (MEMBERS_REQUESTS.has(api) && groups.includes(groupId)) clients.add(clientId);
    if (api === 'OffsetFetch' && groups.includes(groupId)) {
      for (const [place, offset] of committedIn(exchange, by)) {
        if (offset < 0) without.add(place);
        else without.delete(place);
        began.delete(place);
      }
    }
    if (api !== 'Fetch' || !clients.has(clientId)) continue;
    for (const [place, offset] of offsetsIn(exchange)) if (without.delete(place)) began.set(place, offset);
  }
  return began;
}

/** What an OffsetFetch was answered for the group. */
function committedIn({ response }: Exchange, { groupId, nameOf }: SeenBy): [string, number][] {
  if (response === null) return [];
  const { groups, topics } = response as unknown as Partial<FetchedOffsets> & {
    readonly groups?: readonly (FetchedOffsets & { readonly groupId: string })[];
  };
  const answered = groups?.find((group) => group.groupId === groupId)?.topics ?? topics ?? [];
  return answered.flatMap(({ name = '', topicId = '', partitions }) =>
    partitions.map(({ partitionIndex, committedOffset }): [string, number] => [
      `${name === '' ? (nameOf(topicId) ?? topicId) : name}[${partitionIndex}]`,
      committedOffset,
    ]),
  );
}

interface ShareFetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly { readonly acquiredRecords: readonly unknown[] }[];
  }[];
}

function delivered(exchanges: readonly Exchange[], members: ReadonlySet<string>): boolean {
  return exchanges.some(({ api, clientId, response }) => {
    if (api !== 'ShareFetch' || clientId === null || !members.has(clientId) || response === null) return false;
    return (response as unknown as ShareFetchResponse).responses.some(({ partitions }) =>
      partitions.some(({ acquiredRecords }) => acquiredRecords.length > 0),
    );
  });
}

/** Errors that a client has not got over: it has not succeeded since with the same request about the same thing. */
function unresolvedErrors(exchanges: readonly Exchange[]): RepeatedError[] {
  const found = new Map<string, RepeatedError>();
  for (const exchange of exchanges) {
    if (exchange.outcome !== 'answered' || !OF_CONSUMERS.has(exchange.api)) continue;
    const clientId = exchange.clientId ?? '';
    const told = unusualErrors(exchange).filter(({ error }) => !EXPECTED.has(error));
    const now = new Set(told.map(({ error, about }) => keyOf(clientId, exchange.api, error, about)));
    for (const [key, each] of found) if (!now.has(key) && hasGotOver(each, exchange)) found.delete(key);
    for (const { error, about } of told) {
      const key = keyOf(clientId, exchange.api, error, about);
      const times = (found.get(key)?.times ?? 0) + 1;
      found.set(key, { error, api: exchange.api, about, clientId, times, lastAtMs: exchange.at });
    }
  }
  return [...found.values()].sort((a, b) => b.lastAtMs - a.lastAtMs).slice(0, SHOWN_ERRORS);
}

function keyOf(clientId: string, api: string, error: string, about: string): string {
  return JSON.stringify([clientId, api, error, about]);
}

function hasGotOver({ clientId, api, about }: RepeatedError, later: Exchange): boolean {
  if (clientId !== (later.clientId ?? '')) return false;
  if (JOINS.has(later.api) && OF_GROUPS.has(api) && later.errors.length === 0) return true;
  if (api !== later.api) return false;
  if (about === '' || later.groups.includes(about) || later.transactionalIds.includes(about)) return true;
  return later.topics.some(({ topic, partition }) => about === topic || about === `${topic}[${partition}]`);
}

interface Connecting {
  readonly times: number;
  readonly firstAtMs: number;
  /** What it was told to connect to last; '' for nothing. */
  readonly toldAddress: string;
  /** Whether it has asked for a topic or a group: who knows the brokers alone wants nothing of them yet. */
  readonly isWanting: boolean;
  /** Whether it has asked for the coordinator of another group. */
  readonly isOfAnother: boolean;
}

const NOTHING_ASKED: Connecting = {
  times: 0,
  firstAtMs: Infinity,
  toldAddress: '',
  isWanting: false,
  isOfAnother: false,
};

/** Clients that have asked whom to connect to, and nothing else; none that is of another group. */
function onlyConnecting(exchanges: readonly Exchange[], groupId: string): Map<string, Connecting> {
  const others = new Set<string>();
  const found = new Map<string, Connecting>();
  for (const exchange of exchanges) {
    const clientId = exchange.clientId ?? '';
    if (!CONNECTING.has(exchange.api)) others.add(clientId);
    if (others.has(clientId)) {
      found.delete(clientId);
      continue;
    }
    const before = found.get(clientId) ?? NOTHING_ASKED;
    const told = addressIn(exchange);
    found.set(clientId, {
      times: before.times + (told === '' ? 0 : 1),
      firstAtMs: Math.min(before.firstAtMs, exchange.at),
      toldAddress: told === '' ? before.toldAddress : told,
      isWanting: before.isWanting || exchange.topics.length > 0 || exchange.api === 'FindCoordinator',
      isOfAnother: before.isOfAnother || exchange.groups.some((group) => group !== groupId),
    });
  }
  return new Map(Array.from(found).filter(([, { isOfAnother }]) => !isOfAnother));
}

interface Place {
  readonly host: string;
  readonly port: number;
}

function addressIn({ api, response }: Exchange): string {
  if (response === null) return '';
  const { brokers, coordinators, ...rest } = response as unknown as {
    brokers?: Place[];
    coordinators?: Place[];
  } & Partial<Place>;
  const place = api === 'Metadata' ? brokers?.[0] : api === 'FindCoordinator' ? (coordinators?.[0] ?? rest) : undefined;
  return place?.host === undefined || place.host === '' ? '' : `${place.host}:${place.port}`;
}

function lost(
  { connected, nowMs, members }: SeenBy,
  connecting: ReadonlyMap<string, Connecting>,
): SeenOnWire['lostAfterMetadata'] {
  if (members.size > 0) return [];
  return Array.from(connecting).flatMap(([clientId, { times, firstAtMs, toldAddress, isWanting }]) => {
    const isStill = connected.has(clientId) || times > 1;
    if (toldAddress === '' || !isWanting || !isStill || nowMs - firstAtMs < LOST_AFTER_MS) return [];
    return [{ clientId, toldAddress }];
  });
}
