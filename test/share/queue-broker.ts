/** A broker with a share group, in memory, on a virtual clock and a disk that outlives it; members ask its parts directly. */
import { ErrorCode } from '../../protocol/errors.ts';
import { decodeBatch, batches } from '../../protocol/records/decode.ts';
import { encodeBatch, type BatchDraft } from '../../protocol/records/encode.ts';
import { ResourceType } from '../../src/cluster/image.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import type { Facts, Logger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { PendingWaits } from '../../src/apis/pending-waits.ts';
import type { AckBatch } from '../../src/share/acknowledgements.ts';
import type { FetchRequest, ShareAnswer } from '../../src/share/share-fetch.ts';

export const GROUP = 'group';
export const TOPIC = 'topic';

export class QueueBroker {
  readonly clock = new VirtualClock();
  readonly files = new MemoryFiles();
  readonly warnings: string[] = [];
  topicId = '';
  #broker: RunningBroker | null = null;
  #connections = 0;

  get parts() {
    return this.#broker!.parts;
  }

  get partition() {
    return this.parts.partitions.get(TOPIC, 0)!;
  }

  async start(settings: Readonly<Record<string, string>> = {}): Promise<this> {
    const warn = (event: string, facts?: Facts): void =>
      void this.warnings.push(`${event} ${facts?.cause ?? ''}`.trim());
    const quiet = (): void => {};
    const logger: Logger = { debug: quiet, info: quiet, warn, error: warn };
    this.#broker = await startBroker({
      memory: true,
      files: this.files,
      clock: this.clock,
      logger,
      settings: {
        listeners: 'PLAINTEXT://127.0.0.1:0',
        'share.coordinator.state.topic.num.partitions': '1',
        'share.coordinator.state.topic.replication.factor': '1',
        'group.share.min.record.lock.duration.ms': '1000',
        ...settings,
      },
    });
    await this.parts.share.use();
    return this;
  }

  stop(): Promise<void> {
    return this.#broker!.stop();
  }

  async topic(name: string, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    const draft = { name, numPartitions: 1, replicationFactor: 1, assignments: [] };
    const all = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    await this.parts.controller.createTopics([{ ...draft, configs: all }], { validateOnly: false });
    return this.parts.metadata.image.topicsByName.get(name)!.id;
  }

  async configure(configs: Readonly<Record<string, string>>): Promise<void> {
    const values = new Map(Object.entries(configs));
    const changes = [{ type: ResourceType.group, name: GROUP, values }];
    await this.parts.controller.alterConfigs(() => ({ changes, result: null }));
  }

  /** A topic, and a group that begins at its start. */
  async begin(
    configs: Readonly<Record<string, string>> = {},
    topic: Readonly<Record<string, string>> = {},
  ): Promise<this> {
    this.topicId = await this.topic(TOPIC, topic);
    await this.configure({ 'share.auto.offset.reset': 'earliest', ...configs });
    const { state } = await this.parts.share.use();
    await state.initialize(GROUP, [{ topicId: this.topicId, partition: 0, stateEpoch: 1, startOffset: -1 }]);
    return this;
  }

  produce(values: readonly string[], more: Partial<BatchDraft> = {}, topic = TOPIC): void {
    const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestamp: 1000 }));
    const bytes = encodeBatch({ records, ...more });
    this.parts.partitions.get(topic, 0)!.append(bytes, 0, bytes.length);
    this.parts.partitions.settle();
  }

  /** The disk gives other bytes than were written to it: those of the batch that holds the offset. */
  damage(offset: number): void {
    const { log, highWatermark } = this.partition;
    const { segment, position, length } = log.locate(offset, highWatermark, 1, true)!;
    this.files.open(segment.path, 'write').write(Buffer.from([0xff]), 0, 1, position + length - 1);
  }

  member(name: string): Member {
    return new Member(this, name, ++this.#connections);
  }

  /** The values and headers of a topic's records. */
  read(topic: string): { value: string | null; headers: Record<string, string> }[] {
    const partition = this.parts.partitions.get(topic, 0)!;
    const told: { value: string | null; headers: Record<string, string> }[] = [];
    for (const batch of partition.batches(0, partition.highWatermark)) {
      for (const { value, headers } of batch.records()) {
        const texts = headers.map((each) => [each.key.replace('__dlq.errors.', ''), String(each.value)]);
        told.push({ value: value === null ? null : String(value), headers: Object.fromEntries(texts) });
      }
    }
    return told;
  }

  get startOffset(): number {
    return this.parts.share.loaded!.partitions.of(GROUP)[0].inFlight.startOffset;
  }
}

type Draft = Partial<FetchRequest>;

/** A member of the group, on a connection of its own. */
export class Member {
  readonly #broker: QueueBroker;
  readonly #name: string;
  readonly #connectionId: number;
  #epoch = 0;
  readonly #waits = new PendingWaits();

  constructor(broker: QueueBroker, name: string, connectionId: number) {
    this.#broker = broker;
    this.#name = name;
    this.#connectionId = connectionId;
  }

  #request(acks: readonly AckBatch[], isNew: boolean) {
    const id = { topicId: this.#broker.topicId, partition: 0 };
    return {
      groupId: GROUP,
      memberId: this.#name,
      connectionId: this.#connectionId,
      epoch: this.#epoch++,
      isRenewAck: false,
      partitions: isNew || acks.length > 0 ? [{ ...id, acks }] : [],
    };
  }

  async ask(draft: Draft = {}, acks: readonly AckBatch[] = []): Promise<ShareAnswer> {
    const { delivery } = this.#broker.parts.share.loaded!;
    return delivery.fetch({
      ...this.#request(acks, this.#epoch === 0),
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1 << 20,
      maxRecords: 500,
      batchSize: 500,
      isRecordLimit: false,
      isModeKnown: true,
      forgotten: [],
      whenEnded: (run) => this.#waits.whenEnded(run),
      waits: (cancel) => this.#waits.add(cancel),
      ...draft,
    });
  }

  /** What it is given: first-last×deliveries, or the error's code. */
  async fetch(draft: Draft = {}): Promise<string> {
    return told(await this.ask(draft));
  }

  async acknowledge(first: number, last: number, ...acknowledgeTypes: number[]): Promise<number> {
    const { delivery } = this.#broker.parts.share.loaded!;
    const ack = { firstOffset: first, lastOffset: last, acknowledgeTypes };
    const { errorCode, partitions } = await delivery.acknowledge(this.#request([ack], false));
    return errorCode === ErrorCode.NONE ? partitions[0].acknowledgeErrorCode : errorCode;
  }

  async close(): Promise<void> {
    this.#epoch = -1;
    await this.ask();
    this.#epoch = 0;
  }

  disconnect(): void {
    this.#waits.end();
    this.#epoch = 0;
  }
}

export function told({ errorCode, partitions }: ShareAnswer): string {
  if (errorCode !== ErrorCode.NONE) return `error ${errorCode}`;
  return partitions
    .map(({ errorCode: failed, records }) =>
      failed === ErrorCode.NONE
        ? (records?.acquired ?? []).map((one) => `${one.first}-${one.last}x${one.deliveryCount}`).join(' ')
        : `error ${failed}`,
    )
    .join('; ');
}

/** The offsets of the batches that come with what was acquired. */
export function batchesOf({ partitions }: ShareAnswer): string {
  const { file, position, length } = partitions[0].records!;
  const bytes = Buffer.alloc(length);
  file.read(bytes, 0, length, position);
  return [...batches(bytes)]
    .map((at) => decodeBatch(bytes, at))
    .map((one) => `${one.baseOffset}-${one.lastOffset}`)
    .join(' ');
}
