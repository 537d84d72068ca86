/**
 * Sees what no process may see: every commit with who made it, and every image of every broker. Notes what must never be: two
 * controllers in one epoch, two versions of one state, an epoch that goes back.
 */
import type { BrokerImage, ClusterImage, ImageDelta, PartitionImage } from '../../../src/cluster/image.ts';
import type { MetadataFeed } from '../../../src/cluster/metadata-feed.ts';
import { decodeMetadataBatch } from '../../../src/cluster/metadata-batch.ts';
import * as batch from '../../../protocol/records/batch.ts';
import type { Channel, TxnRequest } from '../../../src/etcd/channel.ts';
import type { SimulatedEtcd } from '../etcd/simulated-etcd.ts';
import type { SimulatedProcess } from '../simulated-process.ts';

const CLAIM_KEY = '/controller';
const LOG_KEY = /\/log\/(\d{20})$/;

/** What runs on a machine, and what its broker has read of the cluster. */
export interface Running {
  readonly process: SimulatedProcess;
  readonly metadata: MetadataFeed | null;
}

export class Observer {
  /** What must never be, in the order it was seen. */
  readonly wrong: string[] = [];
  commits = 0;
  /** Epochs in which something was committed. */
  get terms(): number {
    return this.#writers.size;
  }

  readonly #nowMs: () => number;
  readonly #runs: (nodeId: number) => Running | null;
  /** By whom a broker was registered: `id@epoch` → process. */
  readonly #registered = new Map<string, SimulatedProcess>();
  readonly #store: SimulatedEtcd['store'];
  /** The key by which a controller holds its claim, and who made it last. */
  #claim: { readonly key: Buffer; readonly holder: string } | null = null;
  /** Who has sent a transaction. */
  readonly #senders = new WeakMap<TxnRequest, string>();
  readonly #names = new WeakMap<SimulatedProcess, string>();
  readonly #writers = new Map<number, string>();
  readonly #batches = new Map<number, Buffer>();
  /** What is said under one name must be the same whoever says it: 'partition t-0 epoch 3' → its state. */
  readonly #said = new Map<string, string>();
  #lastEpoch = 0;
  #nextOffset = 0;
  #processes = 0;

  constructor({ store }: SimulatedEtcd, nowMs: () => number, runs: (nodeId: number) => Running | null) {
    this.#nowMs = nowMs;
    this.#runs = runs;
    this.#store = store;
    const txn = store.txn.bind(store);
    store.txn = (request, header) => {
      const outcome = txn(request, header);
      if (outcome.succeeded) this.#committed(request);
      return outcome;
    };
  }

  /** Between a process and etcd: so that commits have a name. */
  channel(channel: Channel, host: string, process: SimulatedProcess): Channel {
    const name = this.#nameOf(host, process);
    return {
      ...channel,
      call: (method, request, deadlineMs) => {
        if (method === 'txn') this.#senders.set(request as TxnRequest, name);
        return channel.call(method, request, deadlineMs);
      },
    };
  }

  follow(metadata: MetadataFeed, host: string, process: SimulatedProcess): void {
    const name = this.#nameOf(host, process);
    metadata.onChange((image, previous, delta) => this.#see(name, image, previous, delta));
  }

  say(what: string): void {
    if (this.wrong.length < 20) this.wrong.push(`${this.#nowMs().toFixed(0)}: ${what}`);
  }

  #nameOf(host: string, process: SimulatedProcess): string {
    let name = this.#names.get(process);
    if (name === undefined) this.#names.set(process, (name = `${host}#${++this.#processes}`));
    return name;
  }

  #committed(request: TxnRequest): void {
    const writer = this.#senders.get(request) ?? 'unknown';
    for (const op of request.success) {
      if (!('put' in op)) continue;
      const key = op.put.key.toString();
      if (key.endsWith(CLAIM_KEY)) this.#claim = { key: Buffer.from(op.put.key), holder: writer };
      const offset = LOG_KEY.exec(key)?.[1];
      if (offset !== undefined) this.#appended(writer, Number(offset), Buffer.from(op.put.value));
    }
  }

  #appended(writer: string, offset: number, bytes: Buffer): void {
    this.commits++;
    if (!this.#isHeldBy(writer)) this.say(`${writer} commits while the claim is ${this.#claim?.holder ?? "nobody's"}`);
    for (const record of decodeMetadataBatch(bytes).records) {
      if (record.type === 'RegisterBrokerRecord') this.#register(record);
      else if (record.type === 'BrokerRegistrationChangeRecord' && record.fenced < 0) this.#unfenced(record);
    }
    const epoch = batch.leaderEpoch(bytes, 0);
    const known = this.#writers.get(epoch);
    if (known !== undefined && known !== writer)
      this.say(`${known} and ${writer} have both committed in epoch ${epoch}`);
    this.#writers.set(epoch, writer);
    if (epoch < this.#lastEpoch) this.say(`${writer} commits in epoch ${epoch} after epoch ${this.#lastEpoch}`);
    this.#lastEpoch = Math.max(this.#lastEpoch, epoch);
    const there = this.#batches.get(offset);
    if (there !== undefined && !there.equals(bytes)) this.say(`${writer} writes over offset ${offset} of the log`);
    if (there === undefined && offset !== this.#nextOffset) {
      this.say(`${writer} appends at offset ${offset}, and the log ends at ${this.#nextOffset}`);
    }
    this.#batches.set(offset, bytes);
    this.#nextOffset = Math.max(this.#nextOffset, decodeMetadataBatch(bytes).revision + 1);
  }

  #isHeldBy(writer: string): boolean {
    if (this.#claim === null || this.#claim.holder !== writer) return false;
    const header = { memberId: '1', revision: 0, raftTerm: 0 };
    return this.#store.range({ key: this.#claim.key }, header).kvs.length > 0;
  }

  #register({ brokerId, brokerEpoch }: { readonly brokerId: number; readonly brokerEpoch: number }): void {
    const running = this.#runs(brokerId);
    if (running !== null) this.#registered.set(`${brokerId}@${brokerEpoch}`, running.process);
  }

  #unfenced({ brokerId, brokerEpoch }: { readonly brokerId: number; readonly brokerEpoch: number }): void {
    const running = this.#runs(brokerId);
    const revision = running?.metadata?.image.revision ?? -1;
    if (running?.process !== this.#registered.get(`${brokerId}@${brokerEpoch}`) || revision >= brokerEpoch) return;
    this.say(`broker ${brokerId} of epoch ${brokerEpoch} is unfenced, and has read the log up to ${revision}`);
  }

  #see(name: string, image: ClusterImage, previous: ClusterImage | null, delta: ImageDelta | null): void {
    if (previous !== null && image.revision < previous.revision) {
      this.say(`the image of ${name} goes back from ${previous.revision} to ${image.revision}`);
    }
    for (const id of delta?.topicIds ?? image.topicsById.keys()) {
      const topic = image.topicsById.get(id);
      for (const [index, partition] of topic?.partitions.entries() ?? []) {
        const old = previous?.topicsById.get(id)?.partitions[index];
        if (old !== partition) this.#seePartition(name, `${topic!.name}/${id}-${index}`, partition, old);
      }
    }
    for (const id of delta?.brokerIds ?? image.brokers.keys()) {
      const broker = image.brokers.get(id);
      if (broker !== undefined) this.#seeBroker(name, broker, image);
    }
  }

  #seePartition(name: string, partition: string, state: PartitionImage, old: PartitionImage | undefined): void {
    const { partitionEpoch, leaderEpoch, leader } = state;
    this.#same(name, `partition ${partition} in partition epoch ${partitionEpoch}`, JSON.stringify(state));
    this.#same(name, `the leader of ${partition} in epoch ${leaderEpoch}`, String(leader));
    if (old === undefined) return;
    const isBack = partitionEpoch <= old.partitionEpoch || leaderEpoch < old.leaderEpoch;
    if (isBack) this.say(`${name} sees the epochs of ${partition} go back: ${JSON.stringify([old, state])}`);
  }

  #seeBroker(name: string, broker: BrokerImage, image: ClusterImage): void {
    this.#same(name, `the process of broker ${broker.id} in epoch ${broker.epoch}`, broker.incarnationId);
    if (!broker.fenced) return;
    for (const topic of image.topicsById.values()) {
      for (const [index, { leader }] of topic.partitions.entries())
        if (leader === broker.id)
          this.say(`broker ${broker.id} is fenced, and leads ${topic.name}-${index} for ${name}`);
    }
  }

  #same(name: string, what: string, state: string): void {
    const known = this.#said.get(what);
    if (known === undefined) this.#said.set(what, state);
    else if (known !== state) this.say(`${name} sees as ${what} ${state}, and others ${known}`);
  }
}
