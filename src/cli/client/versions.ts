/** Which version of an API a client and a broker both speak. */
import type { AnyApi } from '../../../protocol/schema.ts';
import { VersionGap } from './failure.ts';

/** What ApiVersions answered, by API key. */
export type BrokerVersions = ReadonlyMap<number, { readonly first: number; readonly last: number }>;

/**
 * The last version of each API in the form that this client uses: later ones name topics by id, or ask for several
 * groups at once. Every broker from 0.11 to 4.x answers something up to there.
 */
const NEWEST: Readonly<Record<string, number>> = {
  Produce: 12,
  Fetch: 12,
  OffsetCommit: 9,
  OffsetFetch: 7,
  FindCoordinator: 3,
  DeleteTopics: 5,
};

/** The newest version both speak. Throws VersionGap where there is none. */
export function chooseVersion(api: Pick<AnyApi, 'key' | 'name' | 'versions'>, broker: BrokerVersions): number {
  const theirs = broker.get(api.key);
  if (theirs === undefined) {
    throw new VersionGap(`this broker does not know the request ${api.name}: it is too old, or leaves that out`);
  }
  const last = Math.min(NEWEST[api.name] ?? Infinity, api.versions.last, theirs.last);
  if (last >= Math.max(api.versions.first, theirs.first)) return last;
  const side = theirs.last < api.versions.first ? 'older' : 'newer';
  throw new VersionGap(
    `this broker speaks ${api.name} in versions ${theirs.first} to ${theirs.last}, ottla in ` +
      `${api.versions.first} to ${Math.min(NEWEST[api.name] ?? Infinity, api.versions.last)}: the broker is ${side} than this tool`,
  );
}

export function speaks(api: Pick<AnyApi, 'key' | 'name' | 'versions'>, broker: BrokerVersions): boolean {
  try {
    chooseVersion(api, broker);
    return true;
  } catch {
    return false;
  }
}
