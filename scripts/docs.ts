/** Writes the generated pages of docs/. `test/docs.test.ts` fails when one of them is stale. */
import { writeFileSync } from 'node:fs';
import { apis } from '../protocol/apis/index.ts';
import { controllerHandlers } from '../src/apis/controllers/index.ts';
import { handlers } from '../src/apis/index.ts';
import { openApiDocument } from '../src/control/app.ts';
import { groupKeys } from '../src/config/group.ts';
import { serverKeys } from '../src/config/server.ts';
import { topicKeys } from '../src/config/topic.ts';
import { apiSupportPage } from './api-support.ts';
import { cliPage } from './cli.ts';
import { configurationPage } from './configuration.ts';
import { permissionsPage } from './permissions.ts';
import { testingApiPage } from './testing-api.ts';

/** Handlers of the CONTROLLER listener that brokers do not have. */
const ofBrokers: ReadonlySet<unknown> = new Set(handlers.map(({ permissions }) => permissions));
const controllersOwn = controllerHandlers.filter(({ permissions }) => !ofBrokers.has(permissions));

/** What each generated page says now, by its path from the root. */
export const pages: Readonly<Record<string, string>> = {
  'docs/api-support.md': apiSupportPage(apis, handlers),
  'docs/cli.md': cliPage(),
  'docs/configuration.md': configurationPage([
    { title: 'Broker', table: serverKeys },
    { title: 'Topic', table: topicKeys },
    { title: 'Group', table: groupKeys },
  ]),
  'docs/permissions.md': permissionsPage(handlers, controllersOwn),
  'docs/testing-api.md': testingApiPage(),
  'docs/openapi.json': `${JSON.stringify(openApiDocument(), null, 2)}\n`,
};

if (import.meta.main) {
  for (const [path, text] of Object.entries(pages)) writeFileSync(new URL(`../${path}`, import.meta.url), text);
}
