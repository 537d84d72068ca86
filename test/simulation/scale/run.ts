/**
 * `npm run sim:scale`: 300 brokers, 10,000 topics of 100 partitions with three replicas each, on real controllers, images and fetchers,
 * in virtual time; prints what each step takes. `-- --brokers 30 --topics 100` is a smaller one, `--restarts 10` restarts no more
 * brokers, `--rounds 10` has ten rolling restarts, `--json FILE` keeps the figures (scripts/scale-plots.ts draws them), `--log` prints what
 * controllers have said.
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { HEADER, Measured, rowOf, type Figures } from './figures.ts';
import { LargeCluster } from './large-cluster.ts';
import { STEPS } from './steps.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    brokers: { type: 'string', default: '300' },
    topics: { type: 'string', default: '10000' },
    partitions: { type: 'string', default: '100' },
    restarts: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    json: { type: 'string' },
    log: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [brokers, topics, partitions] = [values.brokers, values.topics, values.partitions].map(Number);
const size = {
  topics,
  partitions,
  replicationFactor: 3,
  ...(values.restarts === undefined ? {} : { restarts: Number(values.restarts) }),
};

say(`${brokers} brokers, ${topics} topics × ${partitions} partitions × 3 replicas, seed ${values.seed}`);
say(HEADER);
const cluster = await LargeCluster.start({ seed: Number(values.seed), brokers });
const measured = new Measured(cluster);
const figures: Figures[] = [];
const steps = STEPS.flatMap(([name, step]) =>
  name !== 'rolling restart' || Number(values.rounds) === 1
    ? [[name, step] as const]
    : Array.from({ length: Number(values.rounds) }, (_, i) => [`${name} (${i + 1})`, step] as const),
);
for (const [name, step] of steps) {
  const each = await measured.step(name, () => step(cluster, size));
  figures.push(each);
  say(rowOf(each));
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ brokers, topics, partitions, figures }, null, 1)}\n`);
}
say(`load average ${loadavg()[0].toFixed(1)}`);
if (values.log) say(cluster.logged.join('\n'));
process.exit(0);
