/** Three brokers of a cluster on a real etcd, each in a process of its own, with replicated state of groups and transactions. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { OttlaProcesses } from '../../../compat-tests/etcd/processes.ts';
import type { Client } from '../../../protocol/client.ts';
import type { Api, Draft, Fields, Values } from '../../../protocol/schema.ts';
import { startEtcd, type RunningEtcd } from '../../../scripts/etcd/cluster.ts';
import { etcds } from '../../../scripts/etcd/install.ts';
import type { Random } from '../../../src/platform/random.ts';
import { RoutedSender } from '../../transactions/routed-sender.ts';
import type { TestedBrokers } from './tested-brokers.ts';

const NODES = [1, 2, 3];
const SETTINGS = {
  'group.initial.rebalance.delay.ms': '0',
  'min.insync.replicas': '2',
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.num.partitions': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
};
/** An answer that does not come is not waited for. */
const ANSWER_MS = 5000;
const PAUSE_MS = 20;
/** A machine that is killed is back after this long at the latest, as with a supervisor. */
const LONGEST_AWAY_MS = 3000;

export class BrokerCluster implements TestedBrokers {
  readonly replicas = NODES.length;
  readonly bootstrap: string;
  readonly #directory: string;
  readonly #etcd: RunningEtcd;
  readonly #processes: OttlaProcesses;
  readonly #clients = new Map<number, Promise<Client>>();
  readonly #sender: RoutedSender;

  private constructor(directory: string, etcd: RunningEtcd, processes: OttlaProcesses) {
    this.#directory = directory;
    this.#etcd = etcd;
    this.#processes = processes;
    this.bootstrap = NODES.map((nodeId) => `127.0.0.1:${processes.running.get(nodeId)!.port}`).join();
    this.#sender = new RoutedSender({
      any: () => NODES[Math.floor(Math.random() * NODES.length)],
      send: (nodeId, api, version, draft) => this.#sendTo(nodeId, api, version, draft),
      pause: (afterError) => (afterError ? wait(PAUSE_MS) : Promise.resolve()),
    });
  }

  static async start(): Promise<BrokerCluster> {
    const [program] = etcds();
    const directory = mkdtempSync(join(tmpdir(), 'ottla-exactly-once-'));
    const etcd = await startEtcd({ program: program.path, directory: join(directory, 'etcd') });
    const processes = new OttlaProcesses(etcd.endpoints, directory, 'brokers', SETTINGS);
    await processes.startAll(...NODES);
    return new BrokerCluster(directory, etcd, processes);
  }

  /** Any of the three, which stays away for a while, or comes back at once. */
  async killOne(random: Random): Promise<string> {
    const nodeId = NODES[Math.floor(random.float() * NODES.length)];
    this.#processes.signal(nodeId, 'SIGKILL');
    const awayMs = random.float() < 0.5 ? 0 : random.float() * LONGEST_AWAY_MS;
    await wait(awayMs);
    const { ready } = await this.#processes.start(nodeId);
    await ready;
    return `broker ${nodeId} was away for ${Math.round(awayMs)} ms`;
  }

  async remove(keep: boolean): Promise<string> {
    for (const client of this.#clients.values()) void client.then((each) => each.close()).catch(() => {});
    if (keep)
      for (const { nodeId, log } of this.#processes.running.values())
        writeFileSync(join(this.#directory, `broker-${nodeId}.log`), log());
    await this.#processes.stopAll();
    await this.#etcd.stop();
    if (!keep) rmSync(this.#directory, { recursive: true, force: true });
    return this.#directory;
  }

  async send<Q extends Fields, S extends Fields>(api: Api<Q, S>, version: number, draft: Draft<Q>): Promise<Values<S>> {
    for (;;) {
      try {
        return await this.#sender.send(api, version, draft);
      } catch {
        await wait(PAUSE_MS);
      }
    }
  }

  async #sendTo<Q extends Fields, S extends Fields>(
    nodeId: number,
    api: Api<Q, S>,
    version: number,
    draft: Draft<Q>,
  ): Promise<Values<S>> {
    let client = await this.#clients.get(nodeId)?.catch(() => null);
    if (client === undefined || client === null || client.isClosed) {
      if (!this.#processes.running.has(nodeId)) throw new Error(`broker ${nodeId} does not run`);
      const connecting = this.#processes.connect(nodeId);
      this.#clients.set(nodeId, connecting);
      client = await connecting;
    }
    const answer = await Promise.race([client.send(api, version, draft), wait(ANSWER_MS, null, { ref: false })]);
    if (answer !== null) return answer;
    void client.close();
    throw new Error(`broker ${nodeId} does not answer ${api.name}`);
  }
}
