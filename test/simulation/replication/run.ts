/** The long way: `--seeds 1000 --first 1`, `--machines synced`, `lost` or `unclean` for how machines go, `--operators` for partitions that are moved meanwhile (see ReplicasOptions). REPLICAS_SEED=n tells the story of one seed, with all that its processes have said. Ctrl-C ends it after the seed that is told. */
import { parseArgs } from 'node:util';
import { tellReplicas, type ReplicasOptions } from './replicas-story.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string' },
    machines: { type: 'string', default: 'killed' },
    operators: { type: 'boolean', default: false },
  },
});
const machines = values.machines as NonNullable<ReplicasOptions['machines']>;
const only = process.env.REPLICAS_SEED;
const first = Number(only ?? values.first ?? Date.now() % 1_000_000);
const count = only === undefined ? Number(values.seeds) : 1;
const startedMs = performance.now();
let [told, failed, records, elections] = [0, 0, 0, 0];
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
for (let seed = first; seed < first + count && !stopped.signal.aborted; seed++) {
  const outcome = await tellReplicas(seed, { machines, hasOperators: values.operators });
  told++;
  records += outcome.records;
  elections += outcome.elections;
  if (only !== undefined) process.stdout.write(`${outcome.logged.join('\n')}\n`);
  if (outcome.wrong.length === 0) continue;
  failed++;
  process.stdout.write(`REPLICAS_SEED=${seed}\n  ${outcome.wrong.slice(0, 5).join('\n  ')}\n`);
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
process.stdout.write(
  `${told} seeds from ${first}: ${records} records acknowledged, ${elections} elections, ${failed} seeds with faults, ${seconds} s\n`,
);
process.exit(failed === 0 ? 0 : 1);
