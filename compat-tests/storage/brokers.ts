/** Ottla from this checkout and an Apache Kafka, each on a directory of its own; both can be stopped and started again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../protocol/client.ts';
import { startKafka } from '../../scripts/kafka/index.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { dial } from '../../test/running-broker.ts';
import { javaVersion } from '../brokers/kafka.ts';
import { freePort } from '../brokers/ports.ts';

const SETTINGS = {
  'log.cleaner.backoff.ms': '200',
  'log.retention.check.interval.ms': '300',
  'log.initial.task.delay.ms': '300',
  'log.segment.delete.delay.ms': '600000', // Kafka loses a directory when a file goes while it is flushed
  'log.cleaner.dedupe.buffer.size': '16777216',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
};
const JAVA_MIN = 17;

export const hasKafka = (javaVersion() ?? 0) >= JAVA_MIN;
if (!hasKafka) {
  process.stderr.write(`Apache Kafka wants Java ${JAVA_MIN} or later, which is not here: nothing is tested.\n`);
}

interface BrokerOptions {
  /** Over those that all of them have here. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Its log directory is one that Ottla began. */
  readonly isTakenOver?: boolean;
}

export class Broker {
  readonly name: 'ottla' | 'kafka';
  /** Where its partitions lie. */
  readonly logDirectory: string;
  readonly #directory: string;
  readonly #options: BrokerOptions;
  #port = 0;
  #controllerPort = 0;
  #running: { readonly bootstrap: string; stop(): Promise<void> } | null = null;
  #client: Client | null = null;

  constructor(name: 'ottla' | 'kafka', options: BrokerOptions = {}) {
    this.name = name;
    this.#options = options;
    this.#directory = mkdtempSync(join(tmpdir(), `storage-${name}-`));
    this.logDirectory = join(this.#directory, 'data');
  }

  /** Where it listens. */
  get address(): string {
    return this.#running!.bootstrap;
  }

  get client(): Client {
    return this.#client!;
  }

  async start(): Promise<void> {
    if (this.#port === 0) [this.#port, this.#controllerPort] = [await freePort(), await freePort()];
    const [port, controllerPort] = [this.#port, this.#controllerPort];
    const { settings = {}, isTakenOver = false } = this.#options;
    // A directory that Ottla began names no voters.
    const voters: Readonly<Record<string, string>> = isTakenOver
      ? { 'controller.quorum.voters': `1@127.0.0.1:${controllerPort}` }
      : {};
    this.#running =
      this.name === 'kafka'
        ? await startKafka({
            dir: this.#directory,
            port,
            controllerPort,
            config: { ...SETTINGS, ...settings, ...voters },
          })
        : await startBroker({
            settings: {
              ...SETTINGS,
              ...settings,
              'node.id': '1',
              listeners: `PLAINTEXT://127.0.0.1:${port}`,
              'log.dirs': this.logDirectory,
            },
          });
    this.#client = await dial(this.#running.bootstrap);
  }

  async stop(): Promise<void> {
    await this.#client?.close();
    await this.#running?.stop();
    this.#running = null;
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

/** Asks again until `isSo`; says what it saw last when it takes too long. */
export async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean, ms = 60_000): Promise<T> {
  for (const endMs = Date.now() + ms; ;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (Date.now() > endMs) throw new Error(`waited in vain; last seen: ${JSON.stringify(answer).slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
