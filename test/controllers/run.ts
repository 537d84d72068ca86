/**
 * The long way: `npm run test:controllers -- --seeds 20000`. Prints each seed whose story shows a fault; CONTROLLER_SEED=n tells the
 * story of that seed alone.
 */
import { parseArgs } from 'node:util';
import { tell } from './story.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1000' }, first: { type: 'string' } } });
const only = process.env.CONTROLLER_SEED;
const first = Number(only ?? values.first ?? Date.now() % 1_000_000);
const count = only === undefined ? Number(values.seeds) : 1;
const startedMs = performance.now();
let [failed, appended, terms] = [0, 0, 0];
for (let seed = first; seed < first + count; seed++) {
  const outcome = await tell(seed);
  appended += outcome.appended;
  terms += outcome.terms;
  if (outcome.wrong.length === 0) continue;
  failed++;
  process.stdout.write(`CONTROLLER_SEED=${seed}\n  ${outcome.wrong.slice(0, 5).join('\n  ')}\n`);
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
process.stdout.write(
  `${count} seeds from ${first}: ${appended} batches appended in ${terms} terms, ${failed} seeds with faults, ${seconds} s\n`,
);
process.exit(failed === 0 ? 0 : 1);
