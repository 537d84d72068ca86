/** What the members of a group were seen doing on the wire, as far back as the traffic goes that is looked at. */
import type { RepeatedError, SeenOnWire } from '../insight/group-situation.ts';
import type { Exchange } from './exchange.ts';
import { unusualErrors } from './unusual-errors.ts';

/** Older exchanges are not looked at: somebody may look four times a second. */
const LOOKED_AT = 3000;
const SHOWN_ERRORS = 5;

/** Requests of members that keep them in their group. */
export const MEMBERS_REQUESTS: ReadonlySet<string> = new Set([
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'ConsumerGroupHeartbeat',
  'ShareGroupHeartbeat',
]);
/** A member that has succeeded with one of these has got over what its group told it before. */
const JOINS: ReadonlySet<string> = new Set(['JoinGroup', 'ConsumerGroupHeartbeat', 'ShareGroupHeartbeat']);
const OF_GROUPS: ReadonlySet<string> = new Set([
  ...MEMBERS_REQUESTS,
  'LeaveGroup',
  'FindCoordinator',
  'OffsetCommit',
  'OffsetFetch',
  'TxnOffsetCommit',
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
  /** By 'orders[0]': the first and the newest offset that members asked for; `first` null where it may be forgotten. */
  readonly fetched: ReadonlyMap<string, { readonly first: number | null; readonly last: number }>;
  /** Whether members of a share group were given records; null where that may be forgotten. */
  readonly wasDelivered: boolean | null;
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
}

export function seenOf(by: SeenBy): Seen {
  const { groupId, members, count } = by;
  const all = by.exchanges.slice(-LOOKED_AT);
  const isWhole = count === all.length;
  const connecting = members.size > 0 ? new Map<string, Connecting>() : onlyConnecting(all);
  const isConcerned = (exchange: Exchange): boolean => {
    const clientId = exchange.clientId ?? '';
    return members.has(clientId) || connecting.has(clientId) || exchange.groups.includes(groupId);
  };
  const concerned = all.filter(isConcerned);
  const times = timesOf(concerned, groupId, members);
  return {
    wire: { ...times, errors: unresolvedErrors(concerned), lostAfterMetadata: lost(by, connecting) },
    fetched: fetchedBy(concerned, members, times.sinceMs, isWhole),
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
  readonly topics: readonly { readonly partitions: readonly { readonly fetchOffset: number }[] }[];
}

/** Of fetches since the client became a member. */
function fetchedBy(
  exchanges: readonly Exchange[],
  members: ReadonlySet<string>,
  sinceMs: ReadonlyMap<string, number>,
  isWhole: boolean,
): Seen['fetched'] {
  const fetched = new Map<string, { first: number | null; last: number }>();
  for (const { api, clientId, at, request, topics } of exchanges) {
    if (api !== 'Fetch' || clientId === null || !members.has(clientId)) continue;
    if (at < (sinceMs.get(clientId) ?? Infinity)) continue;
    const offsets = (request as unknown as FetchRequest).topics.flatMap(({ partitions }) =>
      partitions.map(({ fetchOffset }) => fetchOffset),
    );
    for (const [index, { topic, partition }] of topics.entries()) {
      const offset = offsets[index] ?? -1;
      if (offset < 0) continue;
      const place = `${topic}[${partition}]`;
      const known = fetched.get(place);
      fetched.set(place, { first: known === undefined ? (isWhole ? offset : null) : known.first, last: offset });
    }
  }
  return fetched;
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
    if (exchange.outcome !== 'answered') continue;
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
}

/** Clients that have asked whom to connect to, and nothing else. */
function onlyConnecting(exchanges: readonly Exchange[]): Map<string, Connecting> {
  const others = new Set<string>();
  const found = new Map<string, Connecting>();
  for (const exchange of exchanges) {
    const clientId = exchange.clientId ?? '';
    if (!CONNECTING.has(exchange.api)) others.add(clientId);
    if (others.has(clientId)) {
      found.delete(clientId);
      continue;
    }
    const before = found.get(clientId) ?? { times: 0, firstAtMs: exchange.at, toldAddress: '' };
    const told = addressIn(exchange);
    found.set(clientId, {
      times: before.times + (told === '' ? 0 : 1),
      firstAtMs: before.firstAtMs,
      toldAddress: told === '' ? before.toldAddress : told,
    });
  }
  return found;
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
  return Array.from(connecting).flatMap(([clientId, { times, firstAtMs, toldAddress }]) => {
    const isStill = connected.has(clientId) || times > 1;
    if (toldAddress === '' || !isStill || nowMs - firstAtMs < LOST_AFTER_MS) return [];
    return [{ clientId, toldAddress }];
  });
}
