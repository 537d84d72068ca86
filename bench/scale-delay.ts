/** How late the broker's event loop is while it fetches, deletes, compacts and recovers: its clients wait that long at least. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encodeBatch } from '../protocol/records/encode.ts';
import { batchOf, fetchFrame, produceFrame } from './frames.ts';
import { pump } from './raw-load.ts';
import { createTopic, recordCount, withTopic, type Topic } from './topics.ts';

const launcher = fileURLToPath(new URL('../bin/ottla.cjs', import.meta.url));
const monitor = fileURLToPath(new URL('event-loop.cjs', import.meta.url));
const SETTINGS = ['log.retention.check.interval.ms=500', 'log.cleaner.backoff.ms=200', 'log.initial.task.delay.ms=500'];
const MANY = { connections: 4, depth: 4, seconds: 4 };

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** See event-loop.cjs; milliseconds. */
interface Delay {
  readonly late: Quantiles;
  readonly work: Quantiles;
}

class Watched {
  readonly port: number;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    process.once('exit', () => child.kill('SIGKILL'));
    child.stdout!.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  static async start(dir: string, port: number): Promise<Watched> {
    mkdirSync(dir, { recursive: true });
    const flags = ['--host', '127.0.0.1', '--port', String(port), '--dir', dir];
    const set = SETTINGS.flatMap((setting) => ['--set', setting]);
    const child = spawn(process.execPath, ['--require', monitor, launcher, 'start', ...flags, ...set], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const watched = new Watched(child, port);
    while (!watched.#output.includes('ready')) await wait(5);
    return watched;
  }

  /** How late its event loop has been since this was asked last; milliseconds. */
  async delay(): Promise<Delay> {
    this.#output = '';
    this.#child.kill('SIGUSR2');
    while (!this.#output.includes('\n')) await wait(5);
    return JSON.parse(/event-loop (.*)/.exec(this.#output)![1]) as Delay;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}

export async function delayParts(dir: string, port: number, say: (text: string) => void): Promise<void> {
  let broker = await Watched.start(dir, port);
  const tell = async (what: string): Promise<void> => {
    const { late, work } = await broker.delay();
    const shown = [work.p50, work.p99, work.max, late.p50, late.p99, late.max].map((ms) => ms.toFixed(1));
    say(`${what} | ${shown.join(' | ')}`);
  };
  say('event loop, ms, while | its own work between two looks: p50 | p99 | longest | late: p50 | p99 | longest');
  await wait(1000);
  await broker.delay();
  await wait(3000);
  await tell('nothing happens');
  await withTopic(port, 1, async (topic) => {
    await pump(port, [large(topic)], MANY);
    await tell('15 KB batches are produced at full speed');
    const end = await recordCount(port, topic);
    const bytes = 10 << 20;
    const frames = Array.from({ length: 40 }, (_, at) => fetchFrame(topic, Math.floor((end * at) / 50), bytes));
    await pump(port, frames, MANY);
    await tell('10 MiB fetches of it are answered at full speed');
  });
  const short = { 'segment.bytes': '8388608', 'retention.bytes': '33554432' };
  await withTopic(
    port,
    1,
    async (topic) => {
      await pump(port, [large(topic)], MANY);
      await wait(2000);
      await tell('segments roll and retention deletes them');
    },
    short,
  );
  for (const compression of ['none', 'lz4'] as const) {
    const compacted = { 'cleanup.policy': 'compact', 'segment.bytes': '8388608', 'min.cleanable.dirty.ratio': '0.01' };
    await withTopic(
      port,
      1,
      async (topic) => {
        const frames = Array.from({ length: 50 }, (_, at) => produceFrame(topic, 0, keyed(at, compression), 1));
        await pump(port, frames, { connections: 1, depth: 2, seconds: 2 });
        await wait(4000);
        await tell(`a topic is written and compacted, ${compression}`);
      },
      compacted,
    );
  }
  await pump(port, [large(await createTopic(port, 1))], MANY);
  await broker.end('SIGKILL');
  broker = await Watched.start(dir, port);
  await wait(1000);
  await tell('it starts after kill -9, with a segment to be checked');
  await broker.end('SIGTERM');
}

function large(topic: Topic) {
  return produceFrame(topic, 0, batchOf({ records: 140, valueBytes: 100 }), 1);
}

/** A thousand records whose keys come again and again. */
function keyed(seed: number, compression: 'none' | 'lz4'): Buffer {
  const timestamp = Date.now();
  const records = Array.from({ length: 1000 }, (_, at) => ({
    key: Buffer.from(`key-${(seed * 7919 + at * 31) % 20_000}`),
    value: Buffer.from(`{"state":"ready","turn":${seed},"of":${at}}`.padEnd(100, ' ')),
    timestamp,
  }));
  return encodeBatch({ records, compression });
}
