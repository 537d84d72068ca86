/** A broker in a process of its own, with its files on the disk, that is killed and started again on the same port. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Client } from '../../../protocol/client.ts';
import type { Api, Draft, Fields, Values } from '../../../protocol/schema.ts';
import { commandPath } from '../../bundled-command.ts';
import { freePort } from '../../crash/free-port.ts';
import type { TestedBrokers } from './tested-brokers.ts';

const SETTINGS = {
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '2',
  'transaction.state.log.num.partitions': '2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
};

export class BrokerProcess implements TestedBrokers {
  readonly replicas = 1;
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'ottla-exactly-once-'));
  #process: ChildProcess | null = null;
  #client: Client | null = null;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<BrokerProcess> {
    const broker = new BrokerProcess(await freePort());
    await broker.start();
    return broker;
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const settings = Object.entries(SETTINGS).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const where = ['--host', '127.0.0.1', '--port', String(this.port), '--dir', this.#directory];
    const broker = spawn(process.execPath, [commandPath(), 'start', ...where, ...settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = broker;
    await new Promise<void>((resolve, reject) => {
      broker.once('exit', (code) => reject(new Error(`the broker ended with ${code}: see ${this.#directory}`)));
      broker.stdout.on('data', (text: Buffer) => void (String(text).includes('ready') && resolve()));
    });
  }

  async killOne(): Promise<string> {
    await this.kill();
    await this.start();
    return 'the broker was killed';
  }

  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.#process?.once('exit', resolve));
    this.#process?.kill('SIGKILL');
    await gone;
  }

  async remove(keep: boolean): Promise<string> {
    await this.#client?.close();
    await this.kill();
    if (!keep) rmSync(this.#directory, { recursive: true, force: true });
    return this.#directory;
  }

  async send<Q extends Fields, S extends Fields>(api: Api<Q, S>, version: number, draft: Draft<Q>): Promise<Values<S>> {
    for (;;) {
      try {
        this.#client ??= await connect({ host: '127.0.0.1', port: this.port });
        return await this.#client.send(api, version, draft);
      } catch {
        await this.#client?.close().catch(() => {});
        this.#client = null;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}
