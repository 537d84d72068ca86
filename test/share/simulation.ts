/** One seeded run of members of a share group on a faulty broker, and what its history says: the same seed is the same run. */
import { ShareAcknowledge, ShareFetch } from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeBatch, type BatchDraft } from '../../protocol/records/encode.ts';
import { ResourceType } from '../../src/cluster/image.ts';
import { deleteRecordsBefore } from '../../src/partitions/delete-records.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { DeliveryState, isAlike } from '../../src/share/runs.ts';
import { FaultyBroker, Lost, NO_FAULTS, type Faults } from '../transactions/faulty-broker.ts';
import { History, LIMIT, LOCK_MS } from './history.ts';

export interface Run {
  readonly seed: number;
  readonly faults: Faults;
}

export interface Result {
  readonly violations: readonly string[];
  readonly crashes: number;
  readonly deliveries: number;
  readonly deadLetters: number;
}

const GROUP = 'group';
const TOPIC = 'topic';
const QUEUE = 'dlq.queue';
const STEPS = 150;
/** Far more than any run needs: one that needs more is stuck. */
const MOST_ROUNDS = 400;
const ACCEPT = 1;
const RELEASE = 2;
const REJECT = 3;

export async function simulate({ seed, faults }: Run): Promise<Result> {
  const run = new Simulation(seed);
  await run.begin();
  run.broker.faults = faults;
  await run.go();
  run.broker.faults = NO_FAULTS;
  await run.end();
  await run.broker.stop();
  const { history, broker } = run;
  const { violations, deliveries, deadLetters } = history;
  return { violations, crashes: broker.crashes, deliveries, deadLetters: deadLetters.size };
}

class Simulation {
  readonly broker: FaultyBroker;
  readonly history: History;
  readonly #random: () => number;
  readonly #members: Member[];
  #topicId = '';

  constructor(seed: number) {
    const chance = seededRandom(seed);
    this.#random = () => chance.float();
    this.broker = new FaultyBroker(seed);
    this.history = new History(() => this.broker.crashes);
    this.#members = ['a', 'b', 'c'].map((name) => new Member(name, this.broker, this.history, this.#random));
  }

  get #partition() {
    return this.broker.parts.partitions.get(TOPIC, 0)!;
  }

  get #inFlight() {
    return this.broker.parts.share.loaded?.partitions.of(GROUP)[0]?.inFlight;
  }

  async begin(): Promise<void> {
    await this.broker.start();
    const { controller, share, metadata } = this.broker.parts;
    await controller.ensureInternalTopic('__share_group_state');
    const on = [{ name: 'errors.deadletterqueue.group.enable', value: 'true' }];
    const topics = [TOPIC, QUEUE].map((name) => ({
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: on,
    }));
    await controller.createTopics(topics, { validateOnly: false });
    const values = new Map([
      ['share.auto.offset.reset', 'earliest'],
      ['share.isolation.level', 'read_committed'],
      ['share.delivery.count.limit', String(LIMIT)],
      ['share.record.lock.duration.ms', String(LOCK_MS)],
      ['errors.deadletterqueue.topic.name', QUEUE],
    ]);
    await controller.alterConfigs(() => ({
      changes: [{ type: ResourceType.group, name: GROUP, values }],
      result: null,
    }));
    this.#topicId = metadata.image.topicsByName.get(TOPIC)!.id;
    const { state } = await share.use();
    await state.initialize(GROUP, [{ topicId: this.#topicId, partition: 0, stateEpoch: 1, startOffset: -1 }]);
    for (const member of this.#members) member.topicId = this.#topicId;
    for (let i = 0; i < 12; i++) this.#produce();
  }

  #produce(): void {
    const size = 1 + Math.floor(this.#random() * 5);
    const first = this.#partition.endOffset;
    if (this.#random() > 0.2) {
      this.#append(size, {});
      return;
    }
    const producer = { producerId: 7, producerEpoch: 0 };
    this.#append(size, { ...producer, baseSequence: 0, isTransactional: true });
    for (let i = 0; i < size; i++) this.history.nobodys.add(first + i);
    const marker = { ...producer, coordinatorEpoch: 0, transactionVersion: 1, timestamp: 0, committed: false };
    this.#partition.appendMarker(marker);
    this.history.nobodys.add(this.#partition.endOffset - 1);
    this.history.markers.add(this.#partition.endOffset - 1);
  }

  #append(size: number, more: Partial<BatchDraft>): void {
    const records = Array.from({ length: size }, (_, i) => ({ key: null, value: Buffer.from(`v${i}`), timestamp: 1 }));
    const bytes = encodeBatch({ records, ...more });
    this.#partition.append(bytes, 0, bytes.length);
    this.broker.parts.partitions.settle();
  }

  async go(): Promise<void> {
    for (let i = 0; i < STEPS; i++) {
      for (const member of this.#members) member.act();
      await this.broker.step();
      const dice = this.#random();
      if (dice < 0.1) await this.#pass(Math.floor(this.#random() * LOCK_MS));
      else if (dice < 0.13) this.#disconnect();
      else if (dice < 0.14) this.#delete();
      this.#lookForSplits();
    }
  }

  /** What has come apart and is alike again is one run. */
  #lookForSplits(): void {
    const runs = this.#inFlight?.runs ?? [];
    const at = runs.findIndex((run, i) => i > 0 && isAlike(runs[i - 1], run));
    if (at > 0) this.history.complain(`${runs[at].first} and what lies before it are alike, and are two runs`);
  }

  async #pass(ms: number): Promise<void> {
    await this.broker.advance(ms);
    this.history.passed(ms);
  }

  /** All at once, for all come by one connection here. */
  #disconnect(): void {
    const { share } = this.broker.parts;
    for (const session of share.loaded?.sessions.all ?? [])
      share.loaded!.delivery.connectionEnded(session.connectionId);
    this.history.nothingIsHeld();
    const held = this.#inFlight?.countOf(DeliveryState.acquired) ?? 0;
    if (held > 0) this.history.complain(`${held} offsets are held after the disconnect`);
  }

  #delete(): void {
    const upTo = Math.floor(this.#random() * 6);
    if (deleteRecordsBefore(this.#partition, upTo) !== ErrorCode.NONE) return;
    for (let offset = 0; offset < upTo; offset++) this.history.deleted.add(offset);
  }

  /** Nothing fails any more: everything comes to its end. */
  async end(): Promise<void> {
    await this.broker.drain();
    const last = new Member('last', this.broker, this.history, () => 0);
    last.topicId = this.#topicId;
    const end = this.#partition.endOffset;
    for (let round = 0; (this.#inFlight?.startOffset ?? 0) < end && round < MOST_ROUNDS; round++) {
      last.act();
      while (await this.broker.step());
      if (round % 4 === 3) await this.#pass(LOCK_MS + 1);
    }
    const start = this.#inFlight?.startOffset ?? 0;
    if (start < end) this.history.complain(`is stuck at ${start}, before ${end}`);
    const queue = this.broker.parts.partitions.get(QUEUE, 0)!;
    for (const batch of queue.batches(0, queue.highWatermark)) {
      for (const { headers } of batch.records()) {
        this.history.deadLetters.add(Number(headers.find(({ key }) => key === '__dlq.errors.offset')!.value));
      }
    }
    this.history.judge(end);
  }
}

/** Asks one thing at a time, and begins a new session after whatever went wrong. */
class Member {
  topicId = '';
  readonly #name: string;
  readonly #broker: FaultyBroker;
  readonly #history: History;
  readonly #random: () => number;
  #epoch = 0;
  #isBusy = false;
  readonly #held: number[] = [];

  constructor(name: string, broker: FaultyBroker, history: History, random: () => number) {
    this.#name = name;
    this.#broker = broker;
    this.#history = history;
    this.#random = random;
  }

  act(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const work = this.#held.length > 0 ? this.#acknowledge() : this.#fetch();
    void work
      .catch((error: unknown) => {
        if (!(error instanceof Lost)) throw error;
        this.#epoch = 0;
      })
      .finally(() => (this.#isBusy = false));
  }

  async #fetch(): Promise<void> {
    const first = this.#epoch === 0;
    const sentAt = this.#history.nowMs;
    const { errorCode, responses } = await this.#broker.send(ShareFetch, 2, {
      groupId: GROUP,
      memberId: this.#name,
      shareSessionEpoch: this.#epoch++,
      maxWaitMs: 0,
      minBytes: 1,
      maxRecords: 1 + Math.floor(this.#random() * 6),
      batchSize: 3,
      shareAcquireMode: this.#random() < 0.5 ? 0 : 1,
      topics: first ? [{ topicId: this.topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }] }] : [],
      forgottenTopicsData: [],
    });
    if (errorCode !== ErrorCode.NONE) {
      this.#epoch = 0;
      return;
    }
    for (const { acquiredRecords } of responses.flatMap(({ partitions }) => partitions)) {
      for (const { firstOffset, lastOffset, deliveryCount } of acquiredRecords) {
        for (let offset = firstOffset; offset <= lastOffset; offset++) {
          this.#history.delivered(this.#name, offset, deliveryCount, sentAt);
          this.#held.push(offset);
        }
      }
    }
  }

  /** Of some it says nothing: their locks run out. */
  async #acknowledge(): Promise<void> {
    const offsets = this.#held.splice(0).filter(() => this.#random() < 0.9);
    if (offsets.length === 0) return;
    const types = offsets.map((offset) => (this.#history.markers.has(offset) ? 0 : this.#type()));
    this.#history.acknowledges(this.#name, offsets, types);
    const { errorCode, responses } = await this.#broker.send(ShareAcknowledge, 2, {
      groupId: GROUP,
      memberId: this.#name,
      shareSessionEpoch: this.#epoch++,
      topics: [
        {
          topicId: this.topicId,
          partitions: [
            {
              partitionIndex: 0,
              acknowledgementBatches: offsets.map((offset, i) => {
                return { firstOffset: offset, lastOffset: offset, acknowledgeTypes: [types[i]] };
              }),
            },
          ],
        },
      ],
    });
    if (errorCode !== ErrorCode.NONE) this.#epoch = 0;
    else if (responses[0].partitions[0].errorCode === ErrorCode.NONE) {
      this.#history.acknowledged(offsets, types);
    }
  }

  #type(): number {
    const dice = this.#random();
    if (dice < 0.6) return ACCEPT;
    return dice < 0.85 ? RELEASE : REJECT;
  }
}
