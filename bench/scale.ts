/**
 * `npm run bench:scale`: whether Ottla's costs stay flat as partitions and connections grow, what waiting fetches weigh, how late
 * the event loop is while background work runs, and how far processes go on this machine's cores. Ottla alone; words after `--`
 * choose parts: partitions, connections, waiting, delay, processes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startOttla, type BrokerUnderLoad } from './brokers.ts';
import { batchOf, fetchFrame, produceFrame } from './frames.ts';
import { cpuSeconds, residentMb } from './process-usage.ts';
import { loadProgram, pump, withIdle, type PumpOptions } from './raw-load.ts';
import { withTopic, type Topic } from './topics.ts';
import { delayParts } from './scale-delay.ts';

const PORT = 21_560;
const SECONDS = 2;
const ROUNDS = 3;
const words = process.argv.slice(2);
const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'ottla-scale-'));

const SMALL = { records: 1, valueBytes: 100 };
const LARGE = { records: 140, valueBytes: 100 };

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Processor time a request, microseconds: the least of a few rounds, since what disturbs only adds. */
async function costOf(broker: BrokerUnderLoad, frames: Parameters<typeof pump>[1], options: PumpOptions) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= ROUNDS; round++) {
    const before = cpuSeconds(broker.pid);
    const { answers } = await pump(broker.port, frames, options);
    if (round > 0) least = Math.min(least, ((cpuSeconds(broker.pid) - before) / answers) * 1e6);
  }
  return least.toFixed(1);
}

function framesFor(topic: Topic, shape: typeof SMALL) {
  const batch = batchOf(shape);
  return Array.from({ length: topic.partitions }, (_, index) => produceFrame(topic, index, batch, 1));
}

async function partitions(broker: BrokerUnderLoad): Promise<void> {
  say('partitions | CPU µs a request of one record | of 15 KB | RSS MB');
  for (const count of [1, 10, 100, 1000, 10_000]) {
    await withTopic(broker.port, count, async (topic) => {
      const small = await costOf(broker, framesFor(topic, SMALL), { connections: 1, depth: 64, seconds: SECONDS });
      const large = await costOf(broker, framesFor(topic, LARGE), { connections: 1, depth: 5, seconds: SECONDS });
      say(`${count} | ${small} | ${large} | ${residentMb(broker.pid).toFixed(0)}`);
    });
  }
}

async function connections(broker: BrokerUnderLoad): Promise<void> {
  say('connections | CPU µs a request of one record, 8 under way on each | of 15 KB, 1 under way | RSS MB');
  for (const count of [1, 10, 100, 1000]) {
    await withTopic(broker.port, 1, async (topic) => {
      const small = await costOf(broker, framesFor(topic, SMALL), { connections: count, depth: 8, seconds: SECONDS });
      const large = await costOf(broker, framesFor(topic, LARGE), { connections: count, depth: 1, seconds: SECONDS });
      say(`${count} | ${small} | ${large} | ${residentMb(broker.pid).toFixed(0)}`);
    });
  }
}

/** Fetches that wait at the end of a partition: each on a connection of its own, its answer not read before it is due. */
async function waiting(broker: BrokerUnderLoad): Promise<void> {
  say('waiting fetches | MB more | CPU % while they wait');
  for (const count of [1000, 10_000]) {
    await withTopic(broker.port, 1, async (topic) => {
      const before = residentMb(broker.pid);
      const frame = fetchFrame(topic, 0, 1 << 20, 5000);
      await withIdle(broker.port, { ...frame, answered: false }, count, async () => {
        await wait(500);
        const cpu = cpuSeconds(broker.pid);
        await wait(2000);
        const percent = ((cpuSeconds(broker.pid) - cpu) / 2) * 100;
        say(`${count} | ${(residentMb(broker.pid) - before).toFixed(0)} | ${percent.toFixed(1)}`);
      });
    });
  }
}

/** The same load on one process, and on two at once: what the next core costs and brings. */
async function processes(broker: BrokerUnderLoad): Promise<void> {
  const second = await startOttla(join(dir, 'second'), PORT + 1);
  const both = [broker, second];
  say('processes | requests/s of one record, all together | CPU µs a request | cores busy');
  for (const count of [1, 2]) {
    const some = both.slice(0, count);
    const results = await Promise.all(
      some.map((each) =>
        withTopic(each.port, 1, async (topic) => {
          const frames = framesFor(topic, SMALL);
          await pump(each.port, frames, { connections: 10, depth: 32, seconds: 1 });
          const before = cpuSeconds(each.pid);
          const { answers, seconds } = await pump(each.port, frames, { connections: 10, depth: 32, seconds: 4 });
          return { rate: answers / seconds, answers, cpu: cpuSeconds(each.pid) - before, seconds };
        }),
      ),
    );
    const rate = results.reduce((sum, each) => sum + each.rate, 0);
    const cpu = results.reduce((sum, each) => sum + each.cpu, 0);
    const answers = results.reduce((sum, each) => sum + each.answers, 0);
    const busy = results.reduce((sum, each) => sum + each.cpu / each.seconds, 0);
    say(`${count} | ${rate.toFixed(0)} | ${((cpu / answers) * 1e6).toFixed(2)} | ${busy.toFixed(2)}`);
  }
  await second.stop();
}

const PARTS = { partitions, connections, waiting, processes };

async function main(): Promise<void> {
  if (loadProgram() === null) throw new Error('bench:scale needs a C compiler (cc, or CC=…)');
  const isChosen = (name: string): boolean => words.length === 0 || words.includes(name);
  try {
    for (const [name, part] of Object.entries(PARTS).filter(([each]) => isChosen(each))) {
      const broker = await startOttla(join(dir, name), PORT);
      await part(broker);
      await broker.stop();
    }
    if (isChosen('delay')) await delayParts(join(dir, 'delay'), PORT, say);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

await main();
