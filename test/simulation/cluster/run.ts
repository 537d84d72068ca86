/**
 * The long way: `npm run test:cluster-sim -- --seeds 20000`. Prints each seed whose story shows a fault; CLUSTER_SEED=n tells the story
 * of that seed alone, with all that its processes have said.
 */
import { parseArgs } from 'node:util';
import { tell } from './story.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1000' }, first: { type: 'string' } } });
const only = process.env.CLUSTER_SEED;
const first = Number(only ?? values.first ?? Date.now() % 1_000_000);
const count = only === undefined ? Number(values.seeds) : 1;
const startedMs = performance.now();
let [failed, topics, records, commits, terms] = [0, 0, 0, 0, 0];
for (let seed = first; seed < first + count; seed++) {
  const outcome = await tell(seed);
  topics += outcome.topics;
  records += outcome.records;
  commits += outcome.commits;
  terms += outcome.terms;
  if (only !== undefined) process.stdout.write(`${outcome.logged.join('\n')}\n`);
  if (outcome.wrong.length === 0) continue;
  failed++;
  process.stdout.write(`CLUSTER_SEED=${seed}\n  ${outcome.wrong.slice(0, 5).join('\n  ')}\n`);
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
process.stdout.write(
  `${count} seeds from ${first}: ${topics} topics, ${records} records acknowledged, ${commits} commits in ${terms} terms, ` +
    `${failed} seeds with faults, ${seconds} s\n`,
);
process.exit(failed === 0 ? 0 : 1);
