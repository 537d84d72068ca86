/**
 * `npm run bench:etcd-size`: what a real etcd keeps of a large cluster after ten rolling restarts, on a smaller one: 300 brokers, topics of
 * 100 partitions with three replicas each, the real controller's commits, snapshots and compactions; brokers are models. What a million
 * partitions would be is extrapolated in proportion, and the sizes measured say whether that holds. `-- --rounds 10 10000 30000`.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEtcd } from '../scripts/etcd/cluster.ts';
import { etcds } from '../scripts/etcd/install.ts';
import type { Controller } from '../src/cluster/controller.ts';
import { eachRecordOf } from '../src/cluster/image-records.ts';
import type { RegistrationRequest } from '../src/cluster/registration.ts';
import type { TermMetadataStore } from '../src/controllers/term-metadata-store.ts';
import { randomUuid, systemRandom } from '../src/platform/random.ts';
import { proposalsFor } from '../test/simulation/scale/proposals.ts';
import { beginController, registrationOf } from './etcd-controller.ts';

const BROKERS = 300;
const PARTITIONS_EACH = 100;
const MILLION = 1e6;
const MB = 1e6;
/** Of a million partitions; all that grows with them is in proportion here, so that snapshots come as often. */
const SNAPSHOT_AFTER_BYTES = 20 << 20;
const COMMITS_TO_JOIN = 190;
/** As many as are restarted between two looks at leaders (leader.imbalance.check.interval.seconds), 4 s each. */
const BALANCED_AFTER = 75;
const CLUSTER_ID = 'etcd-size';

const { values: flags, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '10' } },
  allowPositionals: true,
});
const rounds = Number(flags.rounds);
const sizes = positionals.length > 0 ? positionals.map(Number) : [10_000, 30_000];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

class Cluster {
  snapshots = 0;
  readonly #controller: Controller;
  readonly #store: TermMetadataStore;
  /** Of a million partitions. */
  readonly #share: number;
  readonly #brokers: RegistrationRequest[] = [];
  readonly #epochs: number[] = [];
  #writing: Promise<void> | null = null;
  #restarted = 0;

  constructor(controller: Controller, store: TermMetadataStore, partitions: number) {
    this.#controller = controller;
    this.#store = store;
    this.#share = partitions / MILLION;
  }

  async make(partitions: number): Promise<void> {
    for (let id = 0; id < BROKERS; id++) {
      this.#brokers.push(registrationOf(id, CLUSTER_ID));
      await this.#register(id);
    }
    for (let i = 0; i < partitions / PARTITIONS_EACH; i++) {
      const more = { numPartitions: PARTITIONS_EACH, replicationFactor: 3, assignments: [], configs: [] };
      const made = await this.#controller.createTopics([{ name: `topic-${i}`, ...more }], { validateOnly: false });
      if (made[0].errorMessage !== null) throw new Error(made[0].errorMessage);
      this.#mindSnapshot();
    }
  }

  async restartAll(): Promise<void> {
    for (let id = 0; id < BROKERS; id++) await this.#restart(id);
  }

  /** It stops in order, comes back as another process, and its replicas join again, leader by leader. */
  async #restart(id: number): Promise<void> {
    const epoch = this.#epochs[id];
    await this.#controller.changeBroker(id, epoch, 'begin-controlled-shutdown');
    await this.#controller.changeBroker(id, epoch, 'fence');
    const incarnationId = randomUuid(systemRandom);
    this.#brokers[id] = { ...this.#brokers[id], incarnationId, previousBrokerEpoch: epoch };
    await this.#register(id);
    const proposals = proposalsFor(this.#controller.image, id);
    const each = Math.ceil(proposals.length / Math.ceil(COMMITS_TO_JOIN * this.#share));
    for (let from = 0; from < proposals.length; from += each) {
      const asked = proposals.slice(from, from + each).map((request) => this.#controller.alterPartitions(request));
      for (const { errorCode } of await Promise.all(asked)) if (errorCode !== 0) throw new Error(`error ${errorCode}`);
    }
    if (++this.#restarted % BALANCED_AFTER === 0) await this.#controller.balanceLeaders(Infinity);
    this.#mindSnapshot();
  }

  async #register(id: number): Promise<void> {
    const { brokerEpoch, errorMessage } = await this.#controller.registerBroker(this.#brokers[id], () => false);
    if (errorMessage !== null) throw new Error(errorMessage);
    this.#epochs[id] = brokerEpoch;
    await this.#controller.changeBroker(id, brokerEpoch, 'unfence');
  }

  /** As an active controller minds it, beside the commits. */
  #mindSnapshot(): void {
    if (this.#writing === null && this.#store.isSnapshotDue(SNAPSHOT_AFTER_BYTES * this.#share))
      this.#writing = this.#writeSnapshot();
  }

  async #writeSnapshot(): Promise<void> {
    const { image } = this.#controller;
    await this.#store.writeSnapshot(eachRecordOf(image), image.revision);
    this.snapshots++;
    this.#writing = null;
  }

  async end(): Promise<void> {
    await this.#writing;
    await this.#controller.close();
  }
}

function bytesIn(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((each) => each.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

async function measure(program: string, directory: string, partitions: number): Promise<void> {
  const etcd = await startEtcd({ program, directory });
  try {
    const settings = new Map([['min.insync.replicas', '2']]);
    const { client, store, controller } = await beginController(etcd, CLUSTER_ID, settings);
    const cluster = new Cluster(controller, store, partitions);
    await cluster.make(partitions);
    const fileMb = async (): Promise<number> => (await client.status()).dbSizeBytes / MB;
    const row = async (what: string): Promise<number> => {
      const [file, snapshot] = [await fileMb(), (store.snapshot?.bytes ?? 0) / MB];
      const all = bytesIn(directory) / MB;
      const cells = [partitions, what, controller.image.revision + 1, cluster.snapshots, snapshot, file, all];
      say(`| ${cells.map((cell, i) => (i < 4 ? cell : Number(cell).toFixed(1))).join(' | ')} |`);
      return file;
    };
    let file = await row('topics made');
    for (let round = 1; round <= rounds; round++) {
      await cluster.restartAll();
      file = await row(`rolling restart ${round}`);
    }
    await cluster.end();
    client.close();
    say(`a million partitions, in proportion: ${((file * MILLION) / partitions).toFixed(0)} MB in etcd's file`);
  } finally {
    await etcd.stop();
  }
}

const found = etcds((line) => void process.stderr.write(`etcd: ${line}\n`)).at(0);
if (found === undefined) throw new Error('bench:etcd-size needs an etcd: scripts/etcd/install.ts says where it looks');
const directory = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'ottla-etcd-size-'));
say(`etcd ${found.version}, ${BROKERS} brokers`);
say('| partitions | | records so far | snapshots | MB of the newest | MB in etcd’s file | with its log |');
say(`| ---: | --- |${' ---: |'.repeat(5)}`);
try {
  for (const size of sizes) await measure(found.path, join(directory, String(size)), size);
  say(`load average ${loadavg()[0].toFixed(1)}`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
