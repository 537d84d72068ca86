/** Whose requests are: several consumers of an application, and what administers it, may have one client id, and Fetch names no group. */
import type { Exchange } from './exchange.ts';

/** Requests of members that keep them in their group. */
export const MEMBERS_REQUESTS: ReadonlySet<string> = new Set([
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'ConsumerGroupHeartbeat',
  'ShareGroupHeartbeat',
  'StreamsGroupHeartbeat',
]);

export type WhoseRequest = (exchange: Exchange) => 'own' | 'others' | 'unknown';

/**
 * Whether a request is of the group or of others. What else came by its connection tells; or it is the group's own, where the client id
 * is a member of no other.
 */
export function ownersOf(exchanges: readonly Exchange[], groupId: string): WhoseRequest {
  const own = new Set<string>();
  const others = new Set<string>();
  const inOthers = new Set<string | null>();
  for (const exchange of exchanges) {
    for (const group of exchange.groups) {
      (group === groupId ? own : others).add(connectionOf(exchange));
      if (group !== groupId && MEMBERS_REQUESTS.has(exchange.api)) inOthers.add(exchange.clientId);
    }
  }
  return (exchange) => {
    const { groups, clientId } = exchange;
    if (groups.length > 0) return groups.includes(groupId) ? 'own' : 'others';
    const connection = connectionOf(exchange);
    if (own.has(connection)) return 'own';
    if (others.has(connection)) return 'others';
    return inOthers.has(clientId) ? 'unknown' : 'own';
  };
}

/** Each broker counts its own from 0, and anew when it is started again. */
function connectionOf({ broker, connection, clientId }: Exchange): string {
  return `${broker} ${connection} ${clientId}`;
}

/**
 * Client ids of consumers that were assigned partitions by their code: they commit for the group without being members of it, and fetch
 * what they commit. Whoever sets the offsets of a group commits likewise; what that client id fetches is for another group then.
 */
export function manualReadersOf(
  exchanges: readonly Exchange[],
  groupId: string,
  whose: WhoseRequest,
  connected: ReadonlySet<string>,
): string[] {
  const committed = new Set<string>();
  const ofOthers = new Set<string>();
  for (const exchange of exchanges) {
    const { api, groups, request } = exchange;
    if (api !== 'OffsetCommit' && api !== 'OffsetFetch') continue;
    const isOwn = groups.includes(groupId);
    if (isOwn && (api !== 'OffsetCommit' || !isOfNoMember(request))) continue;
    for (const place of placesOf(exchange)) (isOwn ? committed : ofOthers).add(place);
  }
  if (committed.size === 0) return [];
  /** By connection; one that has ended while a fetch waited is gone. */
  const reading = new Map<string, string>();
  for (const exchange of exchanges) {
    const { api, clientId, outcome } = exchange;
    if (api !== 'Fetch' || clientId === null || !connected.has(clientId)) continue;
    const owner = whose(exchange);
    const isMeant = (place: string): boolean =>
      committed.has(place) && (owner === 'own' || (owner === 'unknown' && !ofOthers.has(place)));
    if (outcome === 'disconnected') reading.delete(connectionOf(exchange));
    else if (placesOf(exchange).some(isMeant)) reading.set(connectionOf(exchange), clientId);
  }
  return [...new Set(reading.values())];
}

function isOfNoMember(request: object): boolean {
  const { memberId = '' } = request as { memberId?: string };
  return memberId === '';
}

/** What a client asks for: 'app orders[0]'. */
function placesOf({ clientId, topics }: Exchange): string[] {
  return topics.map(({ topic, partition }) => `${clientId} ${topic}[${partition}]`);
}
