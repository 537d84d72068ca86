/**
 * `npm run bench`: the same loads on Ottla and on Apache Kafka, in turn, round after round; medians and their ratios.
 *
 *   --only produce,fetch   loads whose name or kind holds one of these words
 *   --rounds 3             measured rounds, after the warm-up
 *   --warm-up 2            rounds that are not measured: Kafka's compiler needs them
 *   --seconds 3            how long a raw load runs
 *   --share 1              how much of Java's records are sent
 *   --quick                one short warm-up, one-second loads, a tenth of Java's records: to see that it runs
 *   --ottla-only           without Apache Kafka: no ratios, for work on Ottla
 *   --dir DIR              where both keep their data (default: the system's temporary directory)
 *   --port 21500           Ottla's; Kafka's is the next, its controller's the one after
 *   --document             also writes docs/performance.md's table and bench/results.json, after each round
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startApacheKafka, startOttla, startTimes, type BrokerUnderLoad } from './brokers.ts';
import { figuresOf, type Effort, type Load } from './load.ts';
import { coordinatorLoads } from './loads/coordinators.ts';
import { javaLoads } from './loads/java.ts';
import { queueLoads } from './loads/queues.ts';
import { rawFetchLoads } from './loads/raw-fetch.ts';
import { rawProduceLoads } from './loads/raw-produce.ts';
import { usageIsKnown } from './process-usage.ts';
import { loadProgram } from './raw-load.ts';
import { Report } from './report.ts';

const KINDS: Readonly<Record<string, readonly Load[]>> = {
  produce: rawProduceLoads,
  fetch: rawFetchLoads,
  java: javaLoads,
  coordinators: coordinatorLoads,
  queues: queueLoads,
};

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    'warm-up': { type: 'string' },
    seconds: { type: 'string' },
    share: { type: 'string' },
    quick: { type: 'boolean', default: false },
    'ottla-only': { type: 'boolean', default: false },
    dir: { type: 'string', default: tmpdir() },
    port: { type: 'string', default: '21500' },
    document: { type: 'boolean', default: false },
  },
});

const rounds = Number(flags.rounds);
const warmUps = Number(flags['warm-up'] ?? (flags.quick ? 1 : 2));
const effort: Effort = {
  seconds: Number(flags.seconds ?? (flags.quick ? 1 : 3)),
  share: Number(flags.share ?? (flags.quick ? 0.1 : 1)),
};
const warmUp: Effort = { seconds: Math.min(2, effort.seconds), share: effort.share / 3 };
const port = Number(flags.port);

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function chosen(): Load[] {
  const words = flags.only?.split(',');
  const fits = (kind: string, load: Load): boolean =>
    words === undefined || words.some((word) => kind === word || load.name.includes(word));
  const loads = Object.entries(KINDS).flatMap(([kind, all]) => all.filter((load) => fits(kind, load)));
  if (loadProgram() !== null) return loads;
  say('bench: no C compiler (cc, or CC=…): raw loads are left out');
  return loads.filter(({ isRaw }) => !isRaw);
}

async function round(brokers: readonly BrokerUnderLoad[], loads: readonly Load[], how: Effort, report: Report | null) {
  for (const load of loads) {
    for (const broker of brokers) {
      const figures = figuresOf(broker, await load.run(broker, how));
      report?.add(load.name, load.title, broker.name, figures);
      if (report !== null) say(`  ${load.name} ${broker.name}: ${Report.line(figures)}`);
    }
  }
}

async function main(): Promise<void> {
  if (!usageIsKnown) say('bench: no /proc on this system: processor time and memory are left out');
  const loads = chosen();
  const dir = mkdtempSync(join(flags.dir, 'ottla-bench-'));
  const report = new Report(effort, warmUps);
  const brokers: BrokerUnderLoad[] = [];
  try {
    if (flags.only === undefined && !flags['ottla-only']) {
      say('start');
      const times = await startTimes(join(dir, 'start'), port, flags.quick ? 1 : 5);
      for (const name of ['ottla', 'kafka'] as const) {
        for (const startMs of times[name]) report.add('start', 'start to first answer', name, { startMs });
      }
    }
    brokers.push(await startOttla(join(dir, 'ottla'), port));
    if (!flags['ottla-only']) brokers.push(await startApacheKafka(join(dir, 'kafka'), port + 1));
    for (let turn = 1; turn <= warmUps; turn++) {
      say(`warm-up ${turn} of ${warmUps}`);
      await round(brokers, loads, warmUp, null);
    }
    for (let turn = 1; turn <= rounds; turn++) {
      say(`round ${turn} of ${rounds}`);
      await round(turn % 2 === 1 ? brokers : brokers.toReversed(), loads, effort, report);
      if (flags.document) report.write(turn);
    }
    process.stdout.write(report.text());
  } finally {
    for (const broker of brokers) await broker.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

await main();
