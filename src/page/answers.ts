/** What the page's server answers besides its files: loaded behind them, for it takes longer than they do. */
import { getRequestListener } from '@hono/node-server';
import type { TakeRequest } from '../platform/http.ts';
import type { ReportWishes } from '../testing/report.ts';
import type { PageAccess } from './frames.ts';
import { Journal } from './journal.ts';
import type { LookSources } from './looks.ts';
import type { Guarded } from './origin.ts';
import type { PageBroker } from './page-broker.ts';
import { Rates } from './rates.ts';
import { reportFile } from './report-file.ts';
import { pageRoutes } from './routes.ts';
import { TrafficDigest } from './traffic-digest.ts';

export interface Served {
  readonly broker: PageBroker;
  readonly access: PageAccess;
}

export class PageAnswers {
  readonly #sources: Served & LookSources;

  constructor(served: Served) {
    const { view, traffic } = served.broker;
    const digest = traffic === null ? null : new TrafficDigest(() => served.broker.traffic);
    this.#sources = { ...served, rates: new Rates(view), journal: new Journal(view, digest), digest };
  }

  listener(guarded: Guarded): TakeRequest {
    const app = pageRoutes({ ...this.#sources, guarded });
    const take = getRequestListener(app.fetch, { overrideGlobalObjects: false });
    return (request, response) => void take(request, response);
  }

  report(wishes: ReportWishes): Promise<string> {
    return reportFile(this.#sources, wishes);
  }
}
