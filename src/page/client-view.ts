/** One client as a page shows it: what it sent, and what it reads. */
import { filterInPieces, type Pieces } from '../platform/pieces.ts';
import { listedGroups } from '../testing/group-view.ts';
import type { ClientFrame } from './frames.ts';
import { knownGroup } from './known-groups.ts';
import type { PageBroker } from './page-broker.ts';
import type { TrafficDigest } from './traffic-digest.ts';
import { trafficRow } from './traffic-view.ts';

const SHOWN_TOPICS = 100;
const SHOWN_GROUPS = 50;
/** Groups whose members are looked at. */
const LOOKED_AT = 5000;
const SHOWN_REQUESTS = 50;
/** Exchanges that are looked through for them. */
const SEARCHED = 3000;

export function* clientFrame(
  { view, traffic }: PageBroker,
  digest: TrafficDigest | null,
  id: string,
): Pieces<ClientFrame> {
  const isOwn = ({ clientId }: { clientId: string | null }): boolean => (clientId ?? '') === id;
  const produced = (traffic?.all ?? [])
    .slice(-SEARCHED)
    .filter((exchange) => exchange.api === 'Produce' && isOwn(exchange))
    .slice(-SHOWN_REQUESTS)
    .toReversed();
  const groups = yield* filterInPieces(listedGroups(view).slice(0, LOOKED_AT), (listed) =>
    knownGroup(view, listed).members.some(isOwn),
  );
  return {
    id,
    connections: view.listeners.connections().filter(isOwn).length,
    software: digest?.client(id)?.software ?? '',
    isTraffic: traffic !== null,
    topics: (digest?.topicsOf(id) ?? []).slice(0, SHOWN_TOPICS),
    groups: groups.slice(0, SHOWN_GROUPS).map((listed) => listed.id),
    produced: produced.map(trafficRow),
  };
}
