/** What a broker in a cluster asks of the active controller on its own behalf, as requests. */
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { AlterPartition } from '../../protocol/apis/56-alter-partition.ts';
import { AllocateProducerIds } from '../../protocol/apis/67-allocate-producer-ids.ts';
import { AssignReplicasToDirs } from '../../protocol/apis/73-assign-replicas-to-dirs.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { errorMessage, ErrorCode, errorName } from '../../protocol/errors.ts';
import { Reader } from '../../protocol/reader.ts';
import type { ResponseOf } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import type { AlterPartitionRequest, AlterPartitionResponse } from '../cluster/alter-partition.ts';
import { OF_BROKER, type ControllerChannel, type Requester, type TopicMade } from '../cluster/controller-channel.ts';
import type { NewTopic } from '../cluster/create-topics.ts';
import type { DirectoryIdOf } from '../cluster/directory-assignment.ts';
import type { ClusterImage } from '../cluster/image.ts';
import { internalTopic } from '../cluster/internal-topics.ts';
import type { InternalTopic } from '../cluster/topic-name.ts';
import type { ServerConfig } from '../config/server.ts';
import type { Logger } from '../platform/logger.ts';
import { NoControllerError, type ControllerRequests } from './controller-requests.ts';
import type { EnvelopeForwarder } from './envelope.ts';

export interface RemoteChannelOptions {
  readonly nodeId: number;
  readonly requests: ControllerRequests;
  readonly forwarder: EnvelopeForwarder;
  readonly image: () => ClusterImage;
  /** See MetadataFetcher. */
  readonly until: (check: (image: ClusterImage) => boolean, timeoutMs: number) => Promise<boolean>;
  readonly brokerEpoch: () => number;
  readonly config: () => ServerConfig;
  readonly clientId: string;
  readonly logger: Logger;
}

const CREATE_VERSION = 7;
/** With the epochs of brokers; Kafka's controllers know it since 3.5. */
const ALTER_PARTITION_VERSION = 3;
/** In one request, as Kafka's AssignmentsManager. */
const MOST_ASSIGNMENTS = 2250;
/** How long a topic that was made is waited for, until it is known here too. */
const KNOWN_MS = 1000;

type Directories = NonNullable<Parameters<typeof requestOf>[1]>;

export class RemoteChannel implements ControllerChannel {
  readonly #options: RemoteChannelOptions;
  /** Topics of the broker's own that are being made: many ask for the same one at the same time. */
  readonly #making = new Map<InternalTopic, Promise<void>>();
  /** Why one could not be made; each reason is told once, however often clients ask for it. */
  readonly #told = new Map<InternalTopic, string>();

  constructor(options: RemoteChannelOptions) {
    this.#options = options;
  }

  async allocateProducerIds(): Promise<{ first: number; size: number }> {
    const { nodeId: brokerId, requests, brokerEpoch } = this.#options;
    const draft = { brokerId, brokerEpoch: brokerEpoch() };
    const { errorCode, producerIdStart, producerIdLen } = await requests.send(
      AllocateProducerIds,
      0,
      draft,
      this.#timeoutMs,
    );
    if (errorCode !== ErrorCode.NONE) throw new Error(`the controller gives no producer ids: ${errorName(errorCode)}`);
    return { first: producerIdStart, size: producerIdLen };
  }

  async assignDirectories(directoryIdOf: DirectoryIdOf): Promise<void> {
    const { nodeId, requests, image, brokerEpoch } = this.#options;
    for (const directories of misplaced(image(), nodeId, directoryIdOf)) {
      const draft = requestOf({ brokerId: nodeId, brokerEpoch: brokerEpoch() }, directories);
      const { errorCode } = await requests.send(AssignReplicasToDirs, 0, draft, this.#timeoutMs);
      if (errorCode !== ErrorCode.NONE) throw new Error(`the controller answers ${errorName(errorCode)}`);
    }
  }

  alterPartitions(topics: AlterPartitionRequest['topics']): Promise<AlterPartitionResponse> {
    const { nodeId: brokerId, requests, brokerEpoch } = this.#options;
    const draft = { brokerId, brokerEpoch: brokerEpoch(), topics };
    return requests.send(AlterPartition, ALTER_PARTITION_VERSION, draft, this.#timeoutMs);
  }

  async createTopics(topics: readonly NewTopic[], requester: Requester): Promise<readonly TopicMade[]> {
    const answer = await this.#askToCreate(topics, requester);
    if (typeof answer === 'number')
      return topics.map(({ name }) => ({ name, errorCode: answer, errorMessage: errorMessage(answer) }));
    const made = answer.topics.map((topic): TopicMade => {
      const { name, errorCode } = topic;
      return {
        name,
        errorCode,
        errorMessage: errorCode === ErrorCode.NONE ? null : (topic.errorMessage ?? errorMessage(errorCode)),
      };
    });
    const names = made.filter(({ errorCode }) => IS_THERE.has(errorCode)).map(({ name }) => name);
    await this.#options.until(({ topicsByName }) => names.every((name) => topicsByName.has(name)), KNOWN_MS);
    return made;
  }

  /**
   * For a client in an envelope: the controller makes them, or not, by what that client may do. For itself the broker asks as who it
   * is. An error code where no answer has come.
   */
  async #askToCreate(
    topics: readonly NewTopic[],
    requester: Requester,
  ): Promise<ResponseOf<typeof CreateTopics> | number> {
    const { forwarder, requests, clientId } = this.#options;
    const timeoutMs = this.#timeoutMs;
    const draft = { topics: [...topics], timeoutMs, validateOnly: false };
    if (requester === OF_BROKER) {
      return requests
        .send(CreateTopics, CREATE_VERSION, draft, timeoutMs)
        .catch((error: unknown) =>
          error instanceof NoControllerError ? ErrorCode.REQUEST_TIMED_OUT : Promise.reject(error),
        );
    }
    const writer = new Writer();
    requestCodec(CreateTopics, CREATE_VERSION).encode(writer, draft);
    const context = { apiVersion: CREATE_VERSION, clientId, session: requester };
    const answer = await forwarder.forward(CreateTopics, context, writer.finish(), timeoutMs);
    return typeof answer === 'number' ? answer : responseCodec(CreateTopics, CREATE_VERSION).decode(new Reader(answer));
  }

  ensureInternalTopic(name: InternalTopic): Promise<void> {
    if (this.#options.image().topicsByName.has(name)) return Promise.resolve();
    let making = this.#making.get(name);
    if (making === undefined) {
      making = this.#make(name).finally(() => this.#making.delete(name));
      this.#making.set(name, making);
    }
    return making;
  }

  /** With the configured replicas: where there are too few brokers for them, it is not made yet. */
  async #make(name: InternalTopic): Promise<void> {
    const topic = internalTopic(name, this.#options.config(), Number.MAX_SAFE_INTEGER);
    const [made] = await this.createTopics([topic], OF_BROKER);
    if (made === undefined || IS_THERE.has(made.errorCode)) return;
    const reason = made.errorMessage ?? '';
    if (this.#told.get(name) === reason) return;
    this.#told.set(name, reason);
    const next = 'clients are told to ask again; start as many brokers as it has replicas, or set fewer';
    this.#options.logger.warn('internal-topic.not-created', { topic: name, reason, next });
  }

  /** request.timeout.ms */
  get #timeoutMs(): number {
    return this.#options.config()['request.timeout.ms'];
  }
}

const IS_THERE: ReadonlySet<number> = new Set([ErrorCode.NONE, ErrorCode.TOPIC_ALREADY_EXISTS]);

function requestOf(
  who: { readonly brokerId: number; readonly brokerEpoch: number },
  placed: readonly { readonly id: string; readonly topics: ReadonlyMap<string, readonly number[]> }[],
) {
  const directories = placed.map(({ id, topics }) => ({
    id,
    topics: [...topics].map(([topicId, indexes]) => ({
      topicId,
      partitions: indexes.map((partitionIndex) => ({ partitionIndex })),
    })),
  }));
  return { ...who, directories };
}

/** Replicas of a broker that lie elsewhere than the image says, in portions of one request. */
function misplaced(image: ClusterImage, nodeId: number, directoryIdOf: DirectoryIdOf): Directories[] {
  const portions: Map<string, Map<string, number[]>>[] = [];
  let left = 0;
  for (const topic of image.topicsById.values()) {
    for (const [index, { replicas, directories }] of topic.partitions.entries()) {
      const at = replicas.indexOf(nodeId);
      const id = at < 0 ? null : directoryIdOf(topic.name, index);
      if (id === null || directories[at] === id) continue;
      if (left === 0) {
        portions.push(new Map());
        left = MOST_ASSIGNMENTS;
      }
      const topics = getOrAdd(portions.at(-1)!, id, () => new Map<string, number[]>());
      getOrAdd(topics, topic.id, (): number[] => []).push(index);
      left--;
    }
  }
  return portions.map((portion) => [...portion].map(([id, topics]) => ({ id, topics })));
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
