/**
 * `npm run test:cluster -- --rounds 30`: three processes on real etcd, clients that go on, and a fault a round. In the end the raw
 * logs of all replicas are compared with what was acknowledged. `--etcds 3` (1 unless given) members of `--etcd 3.6` (the first that
 * is there, unless given), `--fault 'rolling'` for those that are called so, `--first 7` begins with the seventh, `--no-java` leaves
 * Java's clients away, `--keep` leaves directories and logs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { etcds } from '../../scripts/etcd/install.ts';
import { setup } from '../bundled-command.ts';
import { missingJava } from '../clients/exactly-once/java.ts';
import { check, rawLog } from './checker.ts';
import { ChaosCluster, NODES, within } from './cluster.ts';
import { faults } from './faults.ts';
import { JavaClients } from './java-clients.ts';
import { BareProducer, kafkajsProducer, librdkafkaProducer, type Producer } from './producers.ts';
import { checkTransactions } from './transactions-checker.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    etcds: { type: 'string', default: '1' },
    etcd: { type: 'string', default: '' },
    first: { type: 'string', default: '1' },
    java: { type: 'boolean', default: true },
    fault: { type: 'string', default: '' },
    keep: { type: 'boolean', default: false },
  },
  allowNegative: true,
});
const TOPIC = 'chaos';
const TRANSACTIONS = 'chaos-transactions';
const PARTITIONS = 3;
const HEALED_MS = 60_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const etcd = etcds().find(({ version }) => version.startsWith(values.etcd));
if (etcd === undefined) {
  say('there is no etcd here: nothing was tried');
  process.exit(1);
}
const removeBundle = setup();
const directory = mkdtempSync(join(tmpdir(), 'ottla-chaos-'));
say(`etcd ${etcd.version}, ${values.etcds} members; ${directory}`);
const cluster = await ChaosCluster.start(directory, etcd.path, Number(values.etcds));
for (const topic of [TOPIC, TRANSACTIONS]) await cluster.createTopic(topic, PARTITIONS);

const bare = Array.from({ length: PARTITIONS }, (_, i) => new BareProducer(`bare${i}`, cluster, TOPIC, i));
const producers: Producer[] = [...bare, kafkajsProducer(cluster, TOPIC, PARTITIONS)];
const rdkafka = librdkafkaProducer(cluster, TOPIC, PARTITIONS);
if (rdkafka === null) say('librdkafka is not loadable: `npm run librdkafka` brings it');
else producers.push(rdkafka);

const withoutJava = values.java ? missingJava() : 'it is not wanted';
if (withoutJava !== null) say(`no clients in Java: ${withoutJava}`);
const java =
  withoutJava === null ? await JavaClients.start(cluster.bootstrap().join(), TOPIC, TRANSACTIONS, PARTITIONS) : null;

const isFull = async (): Promise<boolean> => (await isFullOf(TOPIC)) && (await isFullOf(TRANSACTIONS));
const isFullOf = async (topic: string): Promise<boolean> =>
  (await cluster.states(topic))?.every(({ isr, leader }) => leader > 0 && isr.length === 3) === true;
const gaps = new Map<string, number[]>();
const healedMs: number[] = [];
const troubles: string[] = [];
const first = Number(values.first) - 1;
const chosen = [...faults.slice(first), ...faults.slice(0, first)].filter(({ name }) => name.includes(values.fault));
let played = 0;

await within(HEALED_MS, isFull);
for (const producer of producers) producer.begin();
await wait(1000);
for (let round = 0; round < Number(values.rounds); round++) {
  const fault = chosen[round % chosen.length];
  await cluster.electPreferred(); // so that each broker leads
  await wait(500);
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
await Promise.all([...producers.map((producer) => producer.end()), java?.endProducing()]);
await within(HEALED_MS, isFull);
await wait(2000); // followers have all by then, and the group has read it
const told = java === null ? producers : [...producers, java];
const { lost, duplicate, bytes, ...raw } = check(cluster, TOPIC, PARTITIONS, told);
const differing = [...raw.differing];
if (java !== null) {
  const logs = Array.from({ length: PARTITIONS }, (_, i) =>
    rawLog(cluster.directoryOf(NODES[0]), `${TRANSACTIONS}-${i}`),
  );
  const hasReadAll = async (): Promise<boolean> => checkTransactions(logs, java).length === 0;
  await within(20_000, hasReadAll);
  troubles.push(...checkTransactions(logs, java).slice(0, 10));
  differing.push(...check(cluster, TRANSACTIONS, PARTITIONS, []).differing);
  java.end();
}
await cluster.end();

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
for (const [name, all] of gaps)
  say(
    `${name}: ${all.length} rounds, gap median ${Math.round(median(all))} ms, worst ${Math.round(Math.max(...all))} ms`,
  );
say(`in sync again: median ${Math.round(median(healedMs))} ms, worst ${Math.round(Math.max(...healedMs))} ms`);
if (java !== null) {
  say(
    `java: ${java.committed.size} transactions committed, ${java.aborted.size} aborted, ${java.read.length} records read`,
  );
  for (const [trouble, count] of java.troubles) say(`java, ${count} times: ${trouble}`);
}
for (const { name, acknowledged, failures } of told)
  say(`${name}: ${acknowledged.length} acknowledged, ${failures} failed`);
for (const one of [...troubles, ...lost.slice(0, 10), ...duplicate.slice(0, 10), ...differing]) say(`WRONG: ${one}`);
say(
  `${played} rounds, ${bytes} bytes a replica: ${lost.length} lost, ${duplicate.length} duplicate, ${differing.length} differing, ${troubles.length} other troubles`,
);
const isWell = troubles.length + lost.length + duplicate.length + differing.length === 0;
if (isWell && !values.keep) rmSync(directory, { recursive: true, force: true });
removeBundle();
process.exit(isWell ? 0 : 1);
