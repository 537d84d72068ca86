/** One person at the page: what they are shown, and how what they change is asked of the broker. */

import type { PageAccess } from './frames.ts';
import { ChangeRefused, type Hands } from './hands.ts';
import { Journal } from './journal.ts';
import { looksOf, type Look, type LookSources } from './looks.ts';
import type { PageBroker } from './page-broker.ts';
import { Permissions, permittedView } from './permitted.ts';
import { Rates } from './rates.ts';
import type { Visible } from './report.ts';
import type { Visitor } from './visitors.ts';

const DEGREES: readonly PageAccess[] = ['read', 'write', 'test'];

export class Person {
  readonly visitor: Visitor;
  readonly permissions: Permissions;
  /** As far as this person may see. */
  readonly sources: LookSources;
  readonly looks: ReadonlyMap<string, Look>;
  readonly #broker: PageBroker;

  constructor(visitor: Visitor, sources: LookSources) {
    const { broker } = sources;
    this.visitor = visitor;
    this.#broker = broker;
    this.permissions = new Permissions(broker.door.authorizer, visitor.session);
    this.sources = permittedSources(sources, this.permissions);
    this.looks = looksOf(this.sources);
  }

  /** Why this person may not see the view; null where they may, as far as it goes. */
  refusalOf(view: string): string | null {
    const { permissions } = this;
    const lacks = WHOLE_VIEWS[view]?.(permissions) ?? null;
    return lacks === null ? null : `${permissions.who} may not see this: it takes ${lacks}.`;
  }

  get visible(): Visible {
    return {
      view: (name) => this.refusalOf(name) === null,
      recordsOf: (topic) => this.permissions.readsTopic(topic),
    };
  }

  get hands(): Hands {
    const { permissions } = this;
    const { broker } = this.sources;
    return {
      view: broker.view,
      test: broker.test,
      ask: async (api, version, draft, of) => {
        const client = this.#broker.door.enter(this.visitor.session, of);
        try {
          return await client.send(api, version, draft);
        } finally {
          await client.close();
        }
      },
      checkAltersCluster: (what) => {
        if (permissions.altersCluster) return;
        throw new ChangeRefused(403, `${permissions.who} may not do this: ${what} takes ALTER on the cluster.`);
      },
      checkReads: (topic) => {
        if (permissions.readsTopic(topic)) return;
        throw new ChangeRefused(403, `${permissions.who} may not read topic '${topic}'.`);
      },
    };
  }
}

/** What of the degrees goes as far as `wanted`. */
export function reaches(access: PageAccess, wanted: PageAccess): boolean {
  return DEGREES.indexOf(access) >= DEGREES.indexOf(wanted);
}

/** Views about the whole broker: what they take, in words, where it is lacking. */
const WHOLE_VIEWS: Readonly<Record<string, (permissions: Permissions) => string | null>> = {
  clients: ({ seesCluster }) => (seesCluster ? null : 'DESCRIBE on the cluster'),
  storage: ({ seesCluster }) => (seesCluster ? null : 'DESCRIBE on the cluster'),
  journal: ({ seesCluster }) => (seesCluster ? null : 'DESCRIBE on the cluster'),
  settings: ({ seesSettings }) => (seesSettings ? null : 'DESCRIBE_CONFIGS on the cluster'),
  client: ({ seesCluster }) => (seesCluster ? null : 'DESCRIBE on the cluster'),
  traffic: ({ altersCluster }) => (altersCluster ? null : 'ALTER on the cluster'),
  exchange: ({ altersCluster }) => (altersCluster ? null : 'ALTER on the cluster'),
  test: ({ altersCluster }) => (altersCluster ? null : 'ALTER on the cluster'),
};

const NO_JOURNAL: LookSources['journal'] = { newest: () => [], frame: () => ({ found: 0, all: 0, entries: [] }) };

function permittedSources(sources: LookSources, permissions: Permissions): LookSources {
  if (!permissions.areAsked) return sources;
  const { broker } = sources;
  const { seesCluster, altersCluster } = permissions;
  const view = permittedView(broker.view, permissions);
  const digest = altersCluster ? sources.digest : null;
  return {
    broker: { ...broker, view, ...(altersCluster ? {} : { traffic: null, faults: null }) },
    rates: seesCluster ? sources.rates : new Rates(view), // rates of all topics together tell of those that are hidden
    journal: seesCluster ? new Journal(view, digest) : NO_JOURNAL,
    digest,
  };
}

/** What hono-node-server tells of a request besides what was sent. */
interface Bindings {
  readonly incoming?: { readonly socket: { readonly remoteAddress?: string } };
}

/** Of a route behind which there is a person. */
export type PageEnv = { Bindings: Bindings; Variables: { person: Person } };
