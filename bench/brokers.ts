/** The two brokers that are compared, each a process of its own with its default configuration, data on the disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startKafka } from '../scripts/kafka/index.ts';

export interface BrokerUnderLoad {
  readonly name: 'ottla' | 'kafka';
  readonly pid: number;
  readonly port: number;
  /** From the start of the process to the first answer; milliseconds. */
  readonly startMs: number;
  stop(): Promise<void>;
}

const launcher = fileURLToPath(new URL('../bin/ottla.cjs', import.meta.url));
const READY_MS = 60_000;

/** The build in dist/, as `npm start` runs it; its only listener is plain text on `port`, unless the settings name others. */
export async function startOttla(
  dir: string,
  port: number,
  settings: readonly string[] = [],
  onOutput: (text: string) => void = () => {},
): Promise<BrokerUnderLoad> {
  if (!existsSync(fileURLToPath(new URL('../dist/main.cjs', import.meta.url)))) {
    throw new Error('dist/ is missing: run `npm run build` first');
  }
  mkdirSync(dir, { recursive: true });
  const hasListeners = settings.some((setting) => setting.startsWith('listeners='));
  const place = hasListeners ? [] : ['--host', '127.0.0.1', '--port', String(port)];
  const set = settings.flatMap((setting) => ['--set', setting]);
  const startedMs = performance.now();
  const flags = (process.env['OTTLA_NODE_FLAGS'] ?? '').split(' ').filter((flag) => flag !== '');
  const child = spawn(process.execPath, [...flags, launcher, 'start', ...place, '--dir', join(dir, 'data'), ...set], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.on('data', (bytes: Buffer) => onOutput(bytes.toString()));
  const ended = once(child, 'exit');
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const late = wait(READY_MS, 'late', { ref: false });
  const first = await Promise.race([once(child.stdout, 'data'), ended.then(() => 'ended'), late]);
  const startMs = performance.now() - startedMs;
  if (typeof first === 'string') throw new Error(`Ottla did not get ready (${first})`);
  return {
    name: 'ottla',
    pid: child.pid!,
    port,
    startMs,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      process.off('exit', killWithUs);
    },
  };
}

/** Apache Kafka with the settings it ships with. */
export async function startApacheKafka(dir: string, port: number): Promise<BrokerUnderLoad> {
  const kafka = await startKafka({ dir, port });
  return { name: 'kafka', pid: kafka.pid, port, startMs: kafka.startMs, stop: () => kafka.stop() };
}

/** Medians of the times from the start of the process to the first answer, with data and caches of an earlier start. */
export async function startTimes(
  dir: string,
  port: number,
  count: number,
): Promise<{ ottla: number[]; kafka: number[] }> {
  const times = { ottla: [] as number[], kafka: [] as number[] };
  for (let turn = 0; turn <= count; turn++) {
    for (const start of [startOttla, startApacheKafka]) {
      const room = join(dir, `start-${start.name}`);
      const broker = await start(room, port);
      await broker.stop();
      if (turn > 0) times[broker.name].push(broker.startMs); // the first one made data and caches
    }
  }
  rmSync(dir, { recursive: true, force: true });
  return times;
}
