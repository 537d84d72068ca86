/** Topics as tests ask for them, and what is in them from the beginning. */
import { fileURLToPath } from 'node:url';
import { ErrorCode } from '../../protocol/errors.ts';
import { partitionOfKey } from '../../protocol/partitioner.ts';
import type { BrokerView } from './broker-view.ts';
import { nodeFiles } from '../platform/files.ts';
import { nearest } from '../config/did-you-mean.ts';
import { checkCount, checkKeys, shown, type KeysOf } from './known-keys.ts';
import type { Content, MessageToProduce, TestMessage } from './message.ts';
import { bytesOf, draftOf, StoredMessage } from './stored-message.ts';
import type { FileUrl, TopicSpec } from './topic-spec.ts';

/** As producers wait by default: request.timeout.ms. */
const COMMIT_TIMEOUT_MS = 30_000;

type ViewedPartition = NonNullable<ReturnType<BrokerView['parts']['partitions']['get']>>;
type NewTopic = Parameters<BrokerView['parts']['controller']['createTopics']>[0][number];

const TOPIC: KeysOf<TopicSpec> = {
  name: true,
  partitions: true,
  replicationFactor: true,
  configs: true,
  messages: true,
};

export class Topics {
  readonly #broker: BrokerView;
  readonly #brokers: number;
  #turn = 0;

  constructor(broker: BrokerView, brokers: number) {
    this.#broker = broker;
    this.#brokers = brokers;
  }

  /** Names, but for those of the broker's own topics. */
  names(): string[] {
    return [...this.#image.topicsByName.keys()].filter((name) => !name.startsWith('__')).sort();
  }

  async create(specs: readonly TopicSpec[]): Promise<void> {
    if (specs.length === 0) return;
    specs.forEach(checkTopic);
    const { controller } = this.#broker.parts;
    const results = await controller.createTopics(
      specs.map((spec) => this.#newTopic(spec)),
      { validateOnly: false },
    );
    for (const { name, errorMessage } of results) {
      if (errorMessage !== null) throw new Error(`topic '${name}' cannot be created: ${errorMessage}`);
    }
    for (const { name, messages } of specs) {
      if (messages === undefined) continue;
      const isFile = typeof messages === 'string' || 'href' in messages;
      await this.produce(name, isFile ? messagesIn(messages) : messages);
    }
  }

  async delete(name: string): Promise<void> {
    const [result] = await this.#broker.parts.controller.deleteTopics([{ name, topicId: NO_ID }]);
    if (result.errorMessage !== null) throw new Error(`topic '${name}' cannot be deleted: ${result.errorMessage}`);
  }

  /** Appends messages; answers them as consumers will see them. A topic that is missing is made, if the broker may. */
  async produce(name: string, messages: readonly (MessageToProduce | Content)[]): Promise<TestMessage[]> {
    if (!this.#image.topicsByName.has(name)) await this.#autoCreate(name);
    const { partitions, clock } = this.#broker.parts;
    const count = partitions.topicByName(name)!.partitions.length;
    const produced: TestMessage[] = [];
    const commits: Promise<number>[] = [];
    const drafts = messages.map(messageOf).map((message) => ({
      partition: this.#choose(name, message, count),
      draft: draftOf(message, clock.now()),
    }));
    for (const index of new Set(drafts.map(({ partition }) => partition))) {
      const own = drafts.filter(({ partition }) => partition === index).map(({ draft }) => draft);
      const partition = producible(partitions.get(name, index), `${name}[${index}]`);
      const receipt = partition.appendRecords(own);
      const { baseOffset } = receipt;
      commits.push(Promise.resolve(partition.committed(receipt, COMMIT_TIMEOUT_MS)));
      for (const [i, { key, value, headers = [], timestamp }] of own.entries()) {
        const record = { offset: baseOffset + i, timestamp, key, value, headers };
        produced.push(new StoredMessage(name, index, record as ConstructorParameters<typeof StoredMessage>[2]));
      }
    }
    const failed = (await Promise.all(commits)).find((errorCode) => errorCode !== ErrorCode.NONE);
    if (failed !== undefined) throw new Error(`not all messages to '${name}' are committed: error ${failed}`);
    return produced;
  }

  async #autoCreate(name: string): Promise<void> {
    if (!this.#broker.parts.config['auto.create.topics.enable']) {
      const hint = `create it first (createTopic), or allow auto.create.topics.enable; topics: ${this.names().join(', ') || 'none'}`;
      throw new Error(`there is no topic '${name}': ${hint}`);
    }
    await this.create([{ name, partitions: this.#broker.parts.config['num.partitions'] }]);
  }

  #choose(topic: string, { key, partition }: MessageToProduce, count: number): number {
    const bytes = bytesOf(key);
    const chosen = partition ?? (bytes === null ? this.#turn++ % count : partitionOfKey(bytes, count));
    if (chosen >= 0 && chosen < count) return chosen;
    throw new RangeError(`topic '${topic}' has no partition ${chosen}: it has ${count}, counted from 0`);
  }

  #newTopic({ name, partitions = 1, replicationFactor = this.#brokers, configs = {} }: TopicSpec): NewTopic {
    const isPlaced = this.#brokers > 1 && replicationFactor <= this.#brokers;
    const replicas = (partition: number): number[] =>
      Array.from({ length: replicationFactor }, (_, i) => (partition + i) % this.#brokers);
    return {
      name,
      numPartitions: isPlaced ? -1 : partitions,
      replicationFactor: isPlaced ? -1 : replicationFactor,
      // Always the same leaders: partition 0 on broker 0, 1 on 1, and so on.
      assignments: isPlaced
        ? Array.from({ length: partitions }, (_, index) => ({ partitionIndex: index, brokerIds: replicas(index) }))
        : [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value: String(value) })),
    };
  }

  get #image() {
    return this.#broker.parts.metadata.image;
  }
}

/** As for a producer with acks=all. @throws {Error} where nothing can be produced now */
function producible(partition: ViewedPartition | undefined, name: string): ViewedPartition {
  if (partition === undefined) {
    throw new Error(`no broker leads ${name} now: start one that is in sync, or wait for a leader (waitForLeader)`);
  }
  if (!partition.isUnderMinIsr) return partition;
  throw new Error(`${name} has too few in-sync replicas for min.insync.replicas=${partition.config.minInsyncReplicas}`);
}

/** @throws {TypeError} for a field or a value that no topic has */
function checkTopic(spec: TopicSpec): void {
  checkKeys(spec.name === undefined ? 'a topic' : `topic '${spec.name}'`, spec, TOPIC);
  if (typeof spec.name !== 'string')
    throw new TypeError(`a topic has no name in ${shown(spec)}: write { name: 'orders' }`);
  checkCount(`partitions of '${spec.name}'`, spec.partitions, -1);
  checkCount(`replicationFactor of '${spec.name}'`, spec.replicationFactor, -1);
}

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const MESSAGE_FIELDS = new Set(['key', 'value', 'headers', 'partition', 'timestamp']);

/**
 * `{ value, key?, … }` is a message; everything else is the value of one.
 * @throws {TypeError} for what looks like a message with a field mistyped
 */
export function messageOf(said: MessageToProduce | Content): MessageToProduce {
  if (said === undefined || typeof said === 'function') {
    throw new TypeError(`a message cannot be ${shown(said)}: write a text, an object, bytes, or { key, value, … }`);
  }
  if (typeof said !== 'object' || said === null || ArrayBuffer.isView(said) || !('value' in said))
    return { value: said };
  const strange = Object.keys(said).filter((field) => !MESSAGE_FIELDS.has(field));
  if (strange.length === 0) {
    checkTimestamp(said.timestamp);
    return said;
  }
  for (const field of strange) {
    const near = nearest(field, MESSAGE_FIELDS, 2);
    if (near === null || near in said) continue;
    throw new TypeError(
      `a message has no field '${field}': did you mean '${near}'? If all of it is the value, write { value: { … } }`,
    );
  }
  return { value: said };
}

function checkTimestamp(timestamp: unknown): void {
  if (timestamp === undefined || (timestamp !== '' && Number.isFinite(Number(timestamp)))) return;
  throw new TypeError(`a timestamp cannot be ${shown(timestamp)}: write milliseconds since 1970`);
}

function pathOf(file: string | FileUrl): string {
  return typeof file === 'string' ? file : fileURLToPath(file.href);
}

function read(file: string | FileUrl): string {
  const path = pathOf(file);
  if (nodeFiles.exists(path)) return nodeFiles.readAll(path).toString();
  throw new Error(`there is no file ${path}: paths are relative to ${process.cwd()}`);
}

/** The messages in a file: a JSON array, or one JSON value a line (NDJSON). */
export function messagesIn(file: string | FileUrl): (MessageToProduce | Content)[] {
  const text = read(file);
  try {
    if (text.trimStart().startsWith('[')) return JSON.parse(text) as Content[];
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.map((line) => JSON.parse(line) as Content);
  } catch (error) {
    throw new SyntaxError(
      `${pathOf(file)} cannot be read (${(error as Error).message}): write a JSON array of messages, or one JSON value a line`,
    );
  }
}

/** The messages of many topics: a JSON object of arrays, by topic. */
export function topicsIn(file: string | FileUrl): Record<string, (MessageToProduce | Content)[]> {
  const advice = `${pathOf(file)}: write { "orders": [...] }, or name the topic: seed(file, 'orders')`;
  const text = read(file);
  let topics: unknown;
  try {
    topics = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`without a topic it cannot be read (${(error as Error).message}): ${advice}`);
  }
  const isByTopic = typeof topics === 'object' && topics !== null && Object.values(topics).every(Array.isArray);
  if (!isByTopic) throw new TypeError(`without a topic there have to be topics with their messages in ${advice}`);
  return topics as Record<string, (MessageToProduce | Content)[]>;
}
