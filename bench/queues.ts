/**
 * `npm run bench:queues`: what share groups cost a broker by themselves, without sockets, and last with them. Words after `--` choose
 * parts: singly, memory, waiting, state, wire. What Java's clients get is `npm run bench -- --only queues`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FindCoordinator, Produce, ShareFetch, ShareGroupHeartbeat } from '../protocol/apis/index.ts';
import { connect, type Client } from '../protocol/client.ts';
import { encodeBatch } from '../protocol/records/encode.ts';
import { PendingWaits } from '../src/apis/pending-waits.ts';
import { startBroker, type RunningBroker } from '../src/broker/broker.ts';
import { ResourceType } from '../src/cluster/image.ts';
import { seededRandom } from '../src/platform/random.ts';
import type { AckBatch } from '../src/share/acknowledgements.ts';
import { InFlight } from '../src/share/in-flight.ts';
import type { ShareAnswer } from '../src/share/share-fetch.ts';
import { ShareStatePartition } from '../src/share/state-partition.ts';

import { startOttla } from './brokers.ts';
import { batchOf } from './frames.ts';
import { median } from './median.ts';
import { beginEarliest } from './loads/queues.ts';
import { cpuSeconds } from './process-usage.ts';
import { createTopic } from './topics.ts';

const words = process.argv.slice(2);
const PORT = 21_580;
const RECORDS = 1e6;
const RECORDS_A_BATCH = 140;
const GROUP = 'queue';
const IN_FLIGHT = 10_000;
const PARTITIONS = 1000;
const LOCKS = 2000;
const WAITING = 10_000;
const UPDATES = 500;
const ACCEPT = 1;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function shuffled(count: number): number[] {
  const random = seededRandom(1);
  const all = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = Math.floor(random.float() * (i + 1));
    [all[i], all[other]] = [all[other], all[i]];
  }
  return all;
}

/** Microseconds that each call took. */
function timed<T>(all: readonly T[], task: (one: T) => void): number[] {
  return all.map((one) => {
    const begun = performance.now();
    task(one);
    return (performance.now() - begun) * 1000;
  });
}

async function withBroker(task: (queue: Queue) => Promise<void>): Promise<void> {
  const settings = {
    listeners: 'PLAINTEXT://127.0.0.1:0',
    'group.share.max.share.sessions': `${2 * WAITING}`,
    'group.share.max.partition.max.record.locks': `${IN_FLIGHT}`,
    'share.coordinator.state.topic.num.partitions': '1',
  };
  const broker = await startBroker({ memory: true, settings });
  await task(new Queue(broker));
  await broker.stop();
}

/** A share group whose members ask the broker's parts directly. */
class Queue {
  readonly #broker: RunningBroker;
  topicId = '';

  constructor(broker: RunningBroker) {
    this.#broker = broker;
  }

  get parts() {
    return this.#broker.parts;
  }

  async begin(numPartitions: number, locks: number): Promise<void> {
    const { controller, metadata, share } = this.parts;
    const topic = { name: 'topic', numPartitions, replicationFactor: 1, assignments: [], configs: [] };
    await controller.createTopics([topic], { validateOnly: false });
    this.topicId = metadata.image.topicsByName.get('topic')!.id;
    const values = new Map([
      ['share.auto.offset.reset', 'earliest'],
      ['share.partition.max.record.locks', `${locks}`],
    ]);
    await controller.alterConfigs(() => ({
      changes: [{ type: ResourceType.group, name: GROUP, values }],
      result: null,
    }));
    const { state } = await share.use();
    const all = Array.from({ length: numPartitions }, (_, partition) => {
      return { topicId: this.topicId, partition, stateEpoch: 1, startOffset: -1 };
    });
    await state.initialize(GROUP, all);
  }

  produce(partition: number, records: number, perBatch: number): void {
    const drafts = Array.from({ length: perBatch }, () => ({ key: null, value: Buffer.alloc(1), timestamp: 1 }));
    for (let made = 0; made < records; made += perBatch) {
      const bytes = encodeBatch({ records: drafts });
      this.parts.partitions.get('topic', partition)!.append(bytes, 0, bytes.length);
    }
    this.parts.partitions.settle();
  }

  member(memberId: string, connectionId: number): Member {
    return new Member(this, memberId, connectionId);
  }
}

class Member {
  readonly #queue: Queue;
  readonly #who: { readonly groupId: string; readonly memberId: string; readonly connectionId: number };
  readonly waits = new PendingWaits();
  #epoch = 0;

  constructor(queue: Queue, memberId: string, connectionId: number) {
    this.#queue = queue;
    this.#who = { groupId: GROUP, memberId, connectionId };
  }

  fetch(partitions: readonly number[], maxRecords: number, maxWaitMs = 0): ShareAnswer | Promise<ShareAnswer> {
    const { topicId } = this.#queue;
    return this.#queue.parts.share.loaded!.delivery.fetch({
      ...this.#who,
      epoch: this.#epoch++,
      isRenewAck: false,
      partitions: partitions.map((partition) => ({ topicId, partition, acks: [] })),
      forgotten: [],
      maxWaitMs,
      minBytes: 1,
      maxBytes: 1 << 30,
      maxRecords,
      batchSize: maxRecords,
      isRecordLimit: false,
      isModeKnown: true,
      whenEnded: (run) => this.waits.whenEnded(run),
      waits: (cancel) => this.waits.add(cancel),
    });
  }

  acknowledge(acks: readonly AckBatch[]): ShareAnswer | Promise<ShareAnswer> {
    const { topicId } = this.#queue;
    return this.#queue.parts.share.loaded!.delivery.acknowledge({
      ...this.#who,
      epoch: this.#epoch++,
      isRenewAck: false,
      partitions: [{ topicId, partition: 0, acks }],
    });
  }
}

/** 10,000 records in flight, acknowledged one by one in random order. */
async function singly(): Promise<void> {
  const order = shuffled(IN_FLIGHT);
  const rules = {
    deliveryLimit: 5,
    undeliverable: 4,
    renewsLocks: true,
    lockedUntil: 1,
    availableAt: () => 0,
  } as const;
  for (let round = 0; round < 3; round++) {
    const inFlight = new InFlight(0, []);
    const batches = Array.from({ length: IN_FLIGHT / 100 }, (_, i) => ({ first: i * 100, last: i * 100 + 99 }));
    const limits = { maxRecords: IN_FLIGHT, batchSize: 100, isRecordLimit: false, deliveryLimit: 5 };
    const when = { nowMs: 0, lockedUntil: 1, fetchOffset: 0, maxLocks: IN_FLIGHT };
    inFlight.acquire({ memberId: 'm', batches, ...limits, ...when });
    const samples = timed(order, (offset) => {
      const transitions = inFlight.acknowledge('m', [{ first: offset, last: offset, type: ACCEPT }], rules);
      if (typeof transitions === 'number') throw new Error(`error ${transitions}`);
      inFlight.complete(transitions);
    });
    say(`singly | the machine alone, median | ${median(samples).toFixed(2)} µs`);
  }
  for (let round = 0; round < 3; round++) {
    await withBroker(async (queue) => {
      await queue.begin(1, IN_FLIGHT);
      queue.produce(0, IN_FLIGHT, 100);
      const member = queue.member('m', 1);
      await member.fetch([0], IN_FLIGHT);
      const samples = timed(order, (offset) => {
        const acks = [{ firstOffset: offset, lastOffset: offset, acknowledgeTypes: [ACCEPT] }];
        const answer = member.acknowledge(acks);
        if (answer instanceof Promise || answer.partitions[0].acknowledgeErrorCode !== 0) throw new Error('refused');
      });
      say(`singly | a request each, its state written, median | ${median(samples).toFixed(2)} µs`);
    });
  }
}

function heapMb(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}

/** 1,000 share partitions with 2,000 records in flight each, in whole batches. */
async function memory(): Promise<void> {
  await withBroker(async (queue) => {
    await queue.begin(PARTITIONS, LOCKS);
    for (let partition = 0; partition < PARTITIONS; partition++) queue.produce(partition, LOCKS, 100);
    const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    const member = queue.member('m', 1);
    await member.fetch(all, 1); // the session, and what the first of them takes
    const before = heapMb();
    await member.fetch([], PARTITIONS * LOCKS);
    let inFlight = 0;
    for (const each of queue.parts.share.loaded!.partitions.all) inFlight += each.inFlight.countOf(1);
    const took = heapMb() - before;
    const cpu = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const { user, system } = process.cpuUsage(cpu);
    say(`memory | ${PARTITIONS} share partitions, ${inFlight} records in flight | ${took.toFixed(1)} MB`);
    say(`memory | processor while nothing happens | ${((user + system) / 2e4).toFixed(1)} %`);
  });
}

/** 10,000 share fetches that wait for something to acquire. */
async function waiting(): Promise<void> {
  await withBroker(async (queue) => {
    await queue.begin(1, LOCKS);
    const before = heapMb();
    const members = Array.from({ length: WAITING }, (_, i) => queue.member(`m${i}`, i + 1));
    const fetches = members.map((member) => member.fetch([0], 500, 60_000));
    const took = heapMb() - before;
    const cpu = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const { user, system } = process.cpuUsage(cpu);
    say(
      `waiting | ${WAITING} share fetches | ${took.toFixed(1)} MB, ${((user + system) / 2e4).toFixed(1)} % processor`,
    );
    for (const member of members) member.waits.end();
    for (const fetched of fetches) await fetched;
  });
}

/** A partition of the state topic with 1,000 share partitions of 500 updates each. */
async function state(): Promise<void> {
  await withBroker(async (queue) => {
    await queue.begin(PARTITIONS, LOCKS);
    const { share, partitions } = queue.parts;
    for (let update = 0; update < UPDATES - 1; update++) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const batch = { firstOffset: update * 100, lastOffset: update * 100 + 99, deliveryState: 2, deliveryCount: 1 };
        const progress = { startOffset: update * 100, deliveryCompleteCount: 100, stateBatches: [batch] };
        const epochs = { stateEpoch: 1, leaderEpoch: 0 };
        await share.loaded!.state.write(GROUP, [{ topicId: queue.topicId, partition, ...epochs, ...progress }]);
      }
    }
    const log = partitions.get('__share_group_state', 0)!;
    for (let round = 0; round < 3; round++) {
      const read = new ShareStatePartition();
      const begun = process.cpuUsage();
      let longest = 0;
      let turn = performance.now();
      for (const _ of log.recordPieces(read.reader(), () => {})) {
        longest = Math.max(longest, performance.now() - turn);
        turn = performance.now();
      }
      const { user, system } = process.cpuUsage(begun);
      say(
        `state | ${log.highWatermark} records of ${read.states.size} share partitions | ${((user + system) / 1e6).toFixed(2)} s of processor, longest piece ${longest.toFixed(0)} ms`,
      );
    }
  });
}

/** A million records of 100 B through a socket, by one consumer that asks and acknowledges as Java's does. */
async function wire(): Promise<void> {
  const directory = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'ottla-queues-'));
  const broker = await startOttla(directory, PORT);
  const topic = await createTopic(PORT, 1);
  const client = await connect({ host: '127.0.0.1', port: PORT });
  await beginEarliest(broker, GROUP);
  const records = batchOf({ records: RECORDS_A_BATCH, valueBytes: 100 });
  const topicData = [{ topicId: topic.topicId, partitionData: [{ index: 0, records }] }];
  const batches = Math.ceil(RECORDS / RECORDS_A_BATCH);
  for (let i = 0; i < batches; i++) await client.send(Produce, 13, { acks: 1, timeoutMs: 30_000, topicData });
  for (let round = 0; round < 4; round++) {
    const group = `${GROUP}-${round}`;
    await beginEarliest(broker, group);
    await joinShareGroup(client, group, topic.name);
    const cpu = cpuSeconds(broker.pid);
    const begun = performance.now();
    const requests = await consumeAll(client, group, topic.topicId, batches * RECORDS_A_BATCH);
    const seconds = (performance.now() - begun) / 1000;
    const spent = (cpuSeconds(broker.pid) - cpu).toFixed(2);
    say(`wire | ${RECORDS} records in ${requests} requests | ${spent} s of processor, ${seconds.toFixed(2)} s`);
  }
  await client.close();
  await broker.stop();
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

async function joinShareGroup(client: Client, groupId: string, topic: string): Promise<void> {
  const member = { groupId, memberId: 'm' };
  await client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: [groupId] });
  for (let memberEpoch = 0; ;) {
    const subscribedTopicNames = memberEpoch === 0 ? [topic] : null;
    const answer = await client.send(ShareGroupHeartbeat, 1, { ...member, memberEpoch, subscribedTopicNames });
    if (answer.errorCode === 0) ({ memberEpoch } = answer);
    if ((answer.assignment?.topicPartitions.length ?? 0) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Answers how many requests it took. */
async function consumeAll(client: Client, groupId: string, topicId: string, wanted: number): Promise<number> {
  let acknowledgementBatches: { firstOffset: number; lastOffset: number; acknowledgeTypes: number[] }[] = [];
  let epoch = 0;
  let left = wanted;
  for (; left > 0; epoch++) {
    const topics = [{ topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches }] }];
    const { responses } = await client.send(ShareFetch, 2, {
      groupId,
      memberId: 'm',
      shareSessionEpoch: epoch,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 50 << 20,
      maxRecords: 500,
      batchSize: 500,
      topics: epoch === 0 || acknowledgementBatches.length > 0 ? topics : [],
      forgottenTopicsData: [],
    });
    const acquired = responses.flatMap(({ partitions }) => partitions.flatMap((each) => each.acquiredRecords));
    for (const { firstOffset, lastOffset } of acquired) left -= lastOffset - firstOffset + 1;
    acknowledgementBatches = acquired.map(({ firstOffset, lastOffset }) => {
      return { firstOffset, lastOffset, acknowledgeTypes: [ACCEPT] };
    });
  }
  return epoch;
}

const PARTS = { singly, memory, waiting, state, wire };

for (const [name, part] of Object.entries(PARTS)) if (words.length === 0 || words.includes(name)) await part();
