/**
 * `npm run bench:processes`: the same raw load on one process and on `ottla start --processes 2`, in turn, round after round; medians and
 * their ratios. Each broker has a topic of its own and connections of its own. `-- --rounds 5 --seconds 4`.
 *
 * The load is pumped from the same machine, from a file: that takes the least of the cores, and still a part of what two brokers would use
 * of two. So there are two columns beside the rate. What all cores would carry of it is the part of a core that is left to each broker:
 * cores / (a broker's time a request + the load's), over what one core carries for one broker. On cores of their own two brokers do twice
 * of what one does, over what a request costs more with two of them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CreateTopics } from '../protocol/apis/index.ts';
import { connect } from '../protocol/client.ts';
import { batchOf, produceFrame } from './frames.ts';
import { median } from './median.ts';
import { cpuSeconds } from './process-usage.ts';
import { loadProgram, pump, type Frame } from './raw-load.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '4' } },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const PORT = 21_700;
const SHAPES = [
  { name: 'one record', records: 1, valueBytes: 100, connections: 10, depth: 32 },
  { name: '15 KB', records: 140, valueBytes: 100, connections: 10, depth: 4 },
] as const;
type Shape = (typeof SHAPES)[number];
const launcher = fileURLToPath(new URL('../bin/ottla.cjs', import.meta.url));
const MICRO = 1e6;

interface Result {
  readonly rate: number;
  /** Of all brokers and what starts them, microseconds a request; of the load. */
  readonly brokerUs: number;
  readonly loadUs: number;
  readonly cores: number;
}

/** Brokers of one command, with all their processes. */
interface Started {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

async function start(dir: string, processes: number, port: number): Promise<Started> {
  const many = processes === 1 ? [] : ['--processes', String(processes)];
  const args = ['start', '--host', '127.0.0.1', '--port', String(port), '--dir', dir, ...many];
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), ended]);
  const pid = child.pid!;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return {
    ports: Array.from({ length: processes }, (_, i) => port + i),
    pids: [pid, ...children.map(Number)],
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A topic whose one partition is led by the broker at that port. */
async function framesAt(port: number, nodeId: number, shape: Shape): Promise<Frame[]> {
  const client = await connect({ host: '127.0.0.1', port });
  const name = `${shape.name.replaceAll(' ', '-')}-${port}-${Math.round(performance.now())}`;
  const assignments = [{ partitionIndex: 0, brokerIds: [nodeId] }];
  const topic = { name, numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
  const { topics } = await client.send(CreateTopics, 7, { topics: [topic], timeoutMs: 10_000, validateOnly: false });
  await client.close();
  if (topics[0].errorCode !== 0) throw new Error(`no topic for the load: ${topics[0].errorMessage}`);
  return [produceFrame({ name, topicId: topics[0].topicId, partitions: 1 }, 0, batchOf(shape), 1)];
}

async function measure({ ports, pids }: Started, shape: Shape): Promise<Result> {
  const frames = await Promise.all(ports.map((port, i) => framesAt(port, i + 1, shape)));
  const { connections, depth } = shape;
  const all = (forSeconds: number) =>
    Promise.all(
      ports.map((port, i) => pump(port, frames[i], { connections, depth, seconds: forSeconds, isFed: true })),
    );
  await all(1);
  const used = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = used();
  const results = await all(seconds);
  const brokerSeconds = used() - before;
  const answers = results.reduce((sum, each) => sum + each.answers, 0);
  const loadSeconds = results.reduce((sum, each) => sum + each.loadCpuSeconds, 0);
  return {
    rate: results.reduce((sum, each) => sum + each.answers / each.seconds, 0),
    brokerUs: (brokerSeconds / answers) * MICRO,
    loadUs: (loadSeconds / answers) * MICRO,
    cores: (brokerSeconds + loadSeconds) / Math.max(...results.map((each) => each.seconds)),
  };
}

function medianOf(results: readonly Result[]): Result {
  const of = (key: keyof Result): number => median(results.map((each) => each[key]));
  return { rate: of('rate'), brokerUs: of('brokerUs'), loadUs: of('loadUs'), cores: of('cores') };
}

/** What brokers could do with all cores, the load among them, against one on a core of its own. */
function shared({ brokerUs, loadUs }: Result, one: Result, processes: number): number {
  return Math.min(processes / brokerUs, availableParallelism() / (brokerUs + loadUs)) * one.brokerUs;
}

function rowOf(name: string, processes: number, each: Result, one: Result): string {
  const [rate, cpu] = [each.rate / one.rate, each.brokerUs / one.brokerUs];
  const cells = [
    name,
    processes,
    each.rate.toFixed(0),
    `${rate.toFixed(2)}x`,
    each.brokerUs.toFixed(2),
    `${cpu.toFixed(2)}x`,
    each.loadUs.toFixed(2),
    each.cores.toFixed(2),
    `${shared(each, one, processes).toFixed(2)}x`,
    `${(processes / cpu).toFixed(2)}x`,
  ];
  return `| ${cells.join(' | ')} |`;
}

async function main(dir: string): Promise<void> {
  if (loadProgram() === null) throw new Error('bench:processes needs a C compiler (cc, or CC=…)');
  const brokers = [await start(join(dir, 'one'), 1, PORT), await start(join(dir, 'two'), 2, PORT + 10)];
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(
    '| requests of | processes | requests/s together | | CPU µs a request | | of the load | cores busy | could be here | on cores of their own |',
  );
  say(`| --- |${' ---: |'.repeat(9)}`);
  try {
    for (const shape of SHAPES) {
      const results: Result[][] = brokers.map(() => []);
      for (let round = 0; round < rounds; round++)
        for (const [i, each] of brokers.entries()) results[i].push(await measure(each, shape));
      const [one, two] = results.map(medianOf);
      say(rowOf(shape.name, 1, one, one));
      say(rowOf(shape.name, 2, two, one));
    }
    say(`${availableParallelism()} cores, load average ${loadavg()[0].toFixed(1)}, medians of ${rounds} rounds`);
  } finally {
    await Promise.all(brokers.map((each) => each.stop()));
  }
}

const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'ottla-processes-'));
try {
  await main(dir);
} finally {
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}
