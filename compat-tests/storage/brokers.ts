/** Ottla from this checkout and an Apache Kafka, each on a directory of its own; both can be stopped and started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Client } from '../../protocol/client.ts';
import { freePort } from '../../test/crash/free-port.ts';
import { dial } from '../../test/running-broker.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const KAFKA = join(REPOSITORY, '../shared/tools/kafka/server');
const MAIN = join(REPOSITORY, 'src/main.ts');
const SETTINGS = [
  'log.cleaner.backoff.ms=200',
  'log.retention.check.interval.ms=300',
  'log.initial.task.delay.ms=300',
  'log.segment.delete.delay.ms=600000', // Kafka loses a directory when a file goes while it is flushed
  'log.cleaner.dedupe.buffer.size=16777216',
  'offsets.topic.num.partitions=1',
  'transaction.state.log.num.partitions=1',
];

export const hasKafka = existsSync(KAFKA);
if (!hasKafka) process.stderr.write('No Apache Kafka to compare with: nothing is tested.\n');

export class Broker {
  readonly name: 'ottla' | 'kafka';
  /** Where its partitions lie. */
  readonly logDirectory: string;
  readonly #directory: string;
  #port = 0;
  #controllerPort = 0;
  #process: ChildProcess | null = null;
  #client: Client | null = null;

  constructor(name: 'ottla' | 'kafka') {
    this.name = name;
    this.#directory = mkdtempSync(join(tmpdir(), `storage-${name}-`));
    this.logDirectory = join(this.#directory, 'data');
  }

  get client(): Client {
    return this.#client!;
  }

  async start(): Promise<void> {
    if (this.#port === 0) [this.#port, this.#controllerPort] = [await freePort(), await freePort()];
    const settings = SETTINGS.flatMap((each) => ['--set', each]);
    const listen = ['--port', `${this.#port}`, '--dir'];
    const [command, ...args] =
      this.name === 'kafka'
        ? [KAFKA, ...listen, this.#directory, '--controller-port', `${this.#controllerPort}`]
        : [process.execPath, MAIN, '--host', '127.0.0.1', ...listen, this.logDirectory, '--set', 'node.id=1'];
    this.#process = await ready(command, [...args, ...settings]);
    this.#client = await dial(`127.0.0.1:${this.#port}`);
  }

  async stop(): Promise<void> {
    await this.#client?.close();
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await gone;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export class Pair {
  readonly ottla = new Broker('ottla');
  readonly kafka = new Broker('kafka');

  async start(): Promise<void> {
    await Promise.all([this.ottla.start(), this.kafka.start()]);
  }

  /** The same of both. */
  async each<T>(ask: (broker: Broker) => Promise<T>): Promise<{ ottla: T; kafka: T }> {
    const [ottla, kafka] = await Promise.all([ask(this.ottla), ask(this.kafka)]);
    return { ottla, kafka };
  }

  async remove(): Promise<void> {
    await Promise.all([this.ottla.remove(), this.kafka.remove()]);
  }
}

function ready(command: string, args: string[]): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code} before it was ready`)));
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('ready')) resolve(child);
    });
  });
}

/** Asks again until `isSo`; says what it saw last when it takes too long. */
export async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean, ms = 60_000): Promise<T> {
  for (const endMs = Date.now() + ms; ;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (Date.now() > endMs) throw new Error(`waited in vain; last seen: ${JSON.stringify(answer).slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
