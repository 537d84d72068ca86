/**
 * `npm run test:cluster -- --rounds 30`: three processes on real etcd, producers that go on, and a fault a round. In the end the raw
 * logs of all replicas are compared with what was acknowledged. `--etcds 3` (1 unless given), `--fault 'rolling'` for those that
 * are called so, `--keep` leaves directories and logs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { etcds } from '../../scripts/etcd/install.ts';
import { setup } from '../bundled-command.ts';
import { check } from './checker.ts';
import { ChaosCluster, within } from './cluster.ts';
import { faults } from './faults.ts';
import { BareProducer, kafkajsProducer, librdkafkaProducer, type Producer } from './producers.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    etcds: { type: 'string', default: '1' },
    fault: { type: 'string', default: '' },
    keep: { type: 'boolean', default: false },
  },
});
const TOPIC = 'chaos';
const PARTITIONS = 3;
const HEALED_MS = 60_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const [etcd] = etcds();
if (etcd === undefined) {
  say('there is no etcd here: nothing was tried');
  process.exit(1);
}
const removeBundle = setup();
const directory = mkdtempSync(join(tmpdir(), 'ottla-chaos-'));
say(`etcd ${etcd.version}, ${values.etcds} members; ${directory}`);
const cluster = await ChaosCluster.start(directory, etcd.path, Number(values.etcds));
await cluster.createTopic(TOPIC, PARTITIONS);

const bare = Array.from({ length: PARTITIONS }, (_, i) => new BareProducer(`bare${i}`, cluster, TOPIC, i));
const producers: Producer[] = [...bare, kafkajsProducer(cluster, TOPIC, PARTITIONS)];
const rdkafka = librdkafkaProducer(cluster, TOPIC, PARTITIONS);
if (rdkafka === null) say('librdkafka is not loadable: `npm run librdkafka` brings it');
else producers.push(rdkafka);

const isFull = async (): Promise<boolean> =>
  (await cluster.states(TOPIC))?.every(({ isr, leader }) => leader > 0 && isr.length === 3) === true;
const gaps = new Map<string, number[]>();
const healedMs: number[] = [];
const troubles: string[] = [];
const chosen = faults.filter(({ name }) => name.includes(values.fault));
let played = 0;

await within(HEALED_MS, isFull);
for (const producer of producers) producer.begin();
await wait(1000);
for (let round = 0; round < Number(values.rounds); round++) {
  const fault = chosen[round % chosen.length];
  for (const producer of producers) producer.takeGap();
  if ((await fault.play(cluster, TOPIC)) === false) {
    say(`${round + 1}. ${fault.name}: cannot be done here`);
    continue;
  }
  played++;
  const beganMs = performance.now();
  if (!(await within(HEALED_MS, isFull)))
    troubles.push(`round ${round + 1} (${fault.name}): not all are in sync after a minute`);
  healedMs.push(performance.now() - beganMs);
  await wait(500);
  const gapMs = Math.max(...bare.map((producer) => producer.takeGap()));
  gaps.set(fault.name, [...(gaps.get(fault.name) ?? []), gapMs]);
  say(
    `${round + 1}. ${fault.name}: longest gap ${Math.round(gapMs)} ms, in sync after ${Math.round(healedMs.at(-1)!)} ms`,
  );
}
await Promise.all(producers.map((producer) => producer.end()));
await within(HEALED_MS, isFull);
await wait(2000); // followers have all by then
const { lost, duplicate, differing, bytes } = check(cluster, TOPIC, PARTITIONS, producers);
await cluster.end();

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
for (const [name, all] of gaps)
  say(
    `${name}: ${all.length} rounds, gap median ${Math.round(median(all))} ms, worst ${Math.round(Math.max(...all))} ms`,
  );
say(`in sync again: median ${Math.round(median(healedMs))} ms, worst ${Math.round(Math.max(...healedMs))} ms`);
for (const { name, acknowledged, failures } of producers)
  say(`${name}: ${acknowledged.length} acknowledged, ${failures} failed`);
for (const one of [...troubles, ...lost.slice(0, 10), ...duplicate.slice(0, 10), ...differing]) say(`WRONG: ${one}`);
say(
  `${played} rounds, ${bytes} bytes a replica: ${lost.length} lost, ${duplicate.length} duplicate, ${differing.length} differing`,
);
const isWell = troubles.length + lost.length + duplicate.length + differing.length === 0;
if (isWell && !values.keep) rmSync(directory, { recursive: true, force: true });
removeBundle();
process.exit(isWell ? 0 : 1);
