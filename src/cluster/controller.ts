/**
 * The one place where the cluster changes. Each operation decides on records from the image (pure functions beside this
 * file), which OperationQueue has stored: when its promise resolves the change is durable and in force here.
 */
import type { ServerConfig } from '../config/server.ts';
import type { Lane } from '../platform/lane.ts';
import { eachInPieces, inPieces, type Pieces } from '../platform/pieces.ts';
import { randomUuid, type Random } from '../platform/random.ts';
import { alterPartitions, type AlterPartitionRequest, type AlterPartitionResponse } from './alter-partition.ts';
import { beginTerm, registerController, type ControllerRegistration } from './begin-term.ts';
import {
  beginControlledShutdown,
  fenceBroker,
  loseDirectories,
  unfenceBroker,
  unregisterBroker,
} from './broker-changes.ts';
import type { BrokerChange } from './broker-heartbeats.ts';
import { clearElrAfter } from './clear-elr.ts';
import { alterClientQuotas, type QuotaAlteration, type QuotaResult } from './client-quotas.ts';
import { createPartitions, type MorePartitions, type PartitionsResult } from './create-partitions.ts';
import { createTopics, type CreateResult, type NewTopic, type TakePermits } from './create-topics.ts';
import { deleteTopics, type DeleteResult, type TopicToDelete } from './delete-topics.ts';
import {
  assignDirectories,
  assignReplicas,
  type AssignRequest,
  type AssignResponse,
  type DirectoryIdOf,
} from './directory-assignment.ts';
import { balanceLeaders, electLeaders, type Election, type ElectionResult } from './elect-leaders.ts';
import { initialFeatures } from './features.ts';
import { updateFeatures, type FeatureUpdate, type FeaturesUpdated } from './features-update.ts';
import { configOf, emptyImage, type BrokerImage, type ClusterImage } from './image.ts';
import { internalTopic } from './internal-topics.ts';
import { MetadataLoader, type ImageListener } from './metadata-loader.ts';
import type { MetadataFeed } from './metadata-feed.ts';
import type { MetadataDraft } from './metadata-records.ts';
import type { MetadataStore } from './metadata-store.ts';
import { OperationQueue } from './operation-queue.ts';
import { usableBrokers } from './placement.ts';
import { alterReassignments, type Reassignment, type ReassignmentResult } from './reassignments.ts';
import {
  registerAlone,
  registerBroker,
  type BrokerRegistration,
  type RegistrationRequest,
  type RegistrationResult,
} from './registration.ts';
import {
  alterScramCredentials,
  type ScramDeletion,
  type ScramResult,
  type ScramUpsertion,
} from './scram-credentials.ts';
import { withFolders, type MakeFolders, type Unmade } from './topic-folders.ts';
import { NameCollisions, type InternalTopic } from './topic-name.ts';

export interface ControllerOptions {
  readonly store: MetadataStore;
  readonly clusterId: string;
  /** What is known already of the cluster, where `store` holds what comes behind it only. */
  readonly image?: ClusterImage;
  readonly random: Random;
  /** What topics are made by when a request leaves it open; read at each use, since parts of it are dynamic. */
  config(): ServerConfig;
  /**
   * Brokers come and go by themselves: an internal topic waits until there are enough of them. Without it, such a topic takes the
   * brokers that there are.
   */
  readonly isCluster?: boolean;
  /** See MakeFolders; without it every folder can be made. */
  readonly makeFolders?: MakeFolders;
  /** What a new cluster begins with, besides the levels of its features. */
  readonly bootstrap?: () => readonly MetadataDraft[];
  /** For decisions on much at once, and images that much has changed in; without it they are made in one go. */
  readonly lane?: Lane;
}

/** What a resource's own settings become; keys that are missing are reset. */
export interface ConfigChange {
  /** See ResourceType. */
  readonly type: number;
  readonly name: string;
  readonly values: ReadonlyMap<string, string>;
}

export interface ConfigDecision<Result> {
  readonly changes: readonly ConfigChange[];
  readonly result: Result;
}

/** `validateOnly`: decides and answers, and changes nothing. */
interface Options {
  readonly validateOnly: boolean;
  readonly takePermits?: TakePermits | undefined;
}

const COMMIT: Options = { validateOnly: false };
/** As in Kafka (KIP-730). */
const PRODUCER_ID_BLOCK = 1000;

export class Controller implements MetadataFeed {
  readonly #options: ControllerOptions;
  readonly #loader: MetadataLoader;
  readonly #queue: OperationQueue;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { store, clusterId, image = emptyImage(clusterId), lane = null } = options;
    this.#loader = new MetadataLoader(store, image, lane);
    this.#queue = new OperationQueue(store, this.#loader, lane);
  }

  /** Once, before all else: the image is what the store says from then on. */
  load(): Promise<void> {
    return this.#loader.load();
  }

  /** The cluster as of now. Hold on to it for as long as one answer takes, no longer. */
  get image(): ClusterImage {
    return this.#loader.image;
  }

  /** Resolves when the image has come to this revision here and listeners have followed it, however long that takes them. */
  inForce(revision: number): Promise<void> {
    return this.#loader.reached(revision);
  }

  /**
   * Called with every new image, in the order of registration, before the operation that made it resolves. When one throws,
   * the others are told nevertheless, and the operation fails although the change stands.
   */
  onChange(listener: ImageListener): void {
    this.#loader.onChange(listener);
  }

  /** Once, at the start of a broker that is alone: from here on it is part of its cluster, under new epochs, and not fenced. */
  register(registration: BrokerRegistration): Promise<void> {
    return this.#change((image) => [
      ...registerAlone(registration, image),
      // Later starts leave them as they are: UpdateFeatures may have changed them.
      ...(image.features.has('metadata.version') ? [] : [...initialFeatures(), ...(this.#options.bootstrap?.() ?? [])]),
    ]);
  }

  /** Once, by a controller that takes over in a cluster: its first commit. */
  beginTerm(registration: ControllerRegistration): Promise<void> {
    return this.#change((image) => beginTerm(registration, image, this.#options.bootstrap));
  }

  /** Of another process that may become the active controller, by request 70. */
  registerController(registration: ControllerRegistration): Promise<void> {
    return this.#change((image) => registerController(registration, image));
  }

  /** Of one that was stopped for good. */
  unregisterController(controllerId: number): Promise<void> {
    return this.#change(({ controllers }) =>
      controllers.has(controllerId) ? [{ type: 'UnregisterControllerRecord', controllerId }] : [],
    );
  }

  /** In a cluster, by request 62. `hasLiveSession`: whether the process is heard of that is registered under this id. */
  async registerBroker(request: RegistrationRequest, hasLiveSession: () => boolean): Promise<RegistrationResult> {
    return this.#queue.submit((image) => {
      const { records, ...result } = registerBroker(request, image, this.#options.config(), hasLiveSession());
      return { records, result };
    });
  }

  /** False where the broker has another epoch by now, or none: nothing is changed then. */
  changeBroker(brokerId: number, brokerEpoch: number, change: BrokerChange): Promise<boolean> {
    return this.#ofBroker(brokerId, brokerEpoch, (image, broker) =>
      BROKER_CHANGES[change](image, this.#options.config(), broker),
    );
  }

  /** The same; `offline` are ids of directories, which may have been told before. */
  loseDirectories(brokerId: number, brokerEpoch: number, offline: readonly string[]): Promise<boolean> {
    return this.#ofBroker(brokerId, brokerEpoch, (image, broker) =>
      loseDirectories(image, this.#options.config(), broker, offline),
    );
  }

  /** By request 56. */
  alterPartitions(request: AlterPartitionRequest): Promise<AlterPartitionResponse> {
    return this.#decide(COMMIT, (image) => alterPartitions(request, image, this.#options.config()));
  }

  /** By request 73. */
  assignReplicas(request: AssignRequest): Promise<AssignResponse> {
    return this.#decide(COMMIT, (image) => assignReplicas(request, image, this.#options.config()));
  }

  createTopics(topics: readonly NewTopic[], options: Options): Promise<CreateResult[]> {
    return this.#decide(options, (image) => this.#withFolders(options, this.#newTopics(topics, image, options), image));
  }

  deleteTopics(topics: readonly TopicToDelete[], { takePermits } = COMMIT): Promise<DeleteResult[]> {
    return this.#decide(COMMIT, (image) => deleteTopics(topics, image, takePermits));
  }

  createPartitions(topics: readonly MorePartitions[], options: Options): Promise<PartitionsResult[]> {
    const { random } = this.#options;
    return this.#decide(options, (image) =>
      this.#withFolders(
        options,
        createPartitions(topics, image, () => random.float(), options.takePermits),
        image,
      ),
    );
  }

  /**
   * What `decide` makes of the settings as they are in `image`, and answers. The values must have been validated
   * (src/config/alter.ts). All changes happen together.
   */
  alterConfigs<Result>(
    decide: (image: ClusterImage) => ConfigDecision<Result> | Pieces<ConfigDecision<Result>>,
  ): Promise<Result> {
    return this.#queue.submit(function* (image) {
      const { changes, result } = yield* inPieces(decide(image));
      return { records: yield* configRecords(changes, image), result };
    });
  }

  alterClientQuotas(alterations: readonly QuotaAlteration[], options: Options): Promise<QuotaResult[]> {
    return this.#decide(options, () => alterClientQuotas(alterations));
  }

  alterAcls = <Results>(decide: (image: ClusterImage) => Pieces<Decided<Results>>) => this.#decide(COMMIT, decide);

  alterTokens = <Results>(decide: (image: ClusterImage) => Decided<Results>) => this.#decide(COMMIT, decide);

  alterScramCredentials(
    deletions: readonly ScramDeletion[],
    upsertions: readonly ScramUpsertion[],
  ): Promise<ScramResult[]> {
    return this.#decide(COMMIT, (image) => alterScramCredentials(deletions, upsertions, image));
  }

  /** All of them or none. */
  updateFeatures(updates: readonly FeatureUpdate[], options: Options): Promise<Omit<FeaturesUpdated, 'records'>> {
    return this.#decide(options, (image) => {
      const { records, ...results } = updateFeatures(updates, image);
      return { results, records };
    });
  }

  /** Null asks for an election of every partition. */
  electLeaders(unclean: boolean, elections: readonly Election[] | null): Promise<ElectionResult[]> {
    return this.#decide(COMMIT, (image) => electLeaders(unclean, elections, image, this.#options.config()));
  }

  alterReassignments(reassignments: readonly Reassignment[], mayChangeFactor: boolean): Promise<ReassignmentResult[]> {
    return this.#decide(COMMIT, (image) =>
      alterReassignments(reassignments, mayChangeFactor, { image, config: this.#options.config() }),
    );
  }

  /** Gives at most `most` partitions back to their preferred leaders. Answers how many. */
  balanceLeaders(most: number): Promise<number> {
    return this.#decide(COMMIT, (image) => {
      const records = balanceLeaders(image, this.#options.config(), most);
      return { results: records.length, records };
    });
  }

  /** For a broker that will not come back; one that runs is not the caller's to remove. */
  unregister(brokerId: number): Promise<void> {
    return this.#change((image) => {
      const broker = image.brokers.get(brokerId);
      return broker === undefined ? [] : unregisterBroker(image, this.#options.config(), broker);
    });
  }

  /** Has noted in which log directories the replicas of a broker lie, so that they are missed where one is gone. */
  assignDirectories(nodeId: number, directoryIdOf: DirectoryIdOf): Promise<void> {
    return this.#change((image) => assignDirectories(image, nodeId, directoryIdOf));
  }

  /** Ids that no producer has had. */
  allocateProducerIds(brokerId: number): Promise<{ first: number; size: number }> {
    return this.#queue.submit((image) => {
      const first = image.nextProducerId;
      const nextProducerId = first + PRODUCER_ID_BLOCK;
      const brokerEpoch = brokerEpochOf(image, brokerId);
      return {
        records: [{ type: 'ProducerIdsRecord', brokerId, brokerEpoch, nextProducerId }],
        result: { first, size: PRODUCER_ID_BLOCK },
      };
    });
  }

  /** Creates it where it is missing. */
  async ensureInternalTopic(name: InternalTopic): Promise<void> {
    if (this.image.topicsByName.has(name)) return;
    const { isCluster = false } = this.#options;
    const [result] = await this.#decide(COMMIT, (image): Decided<CreateResult[]> | Pieces<Decided<CreateResult[]>> => {
      if (image.topicsByName.has(name)) return { results: [], records: [] }; // made while this waited for its turn
      const topic = internalTopic(name, this.#options.config(), isCluster ? Infinity : usableBrokers(image).length);
      return this.#withFolders(COMMIT, this.#newTopics([topic], image, COMMIT), image);
    });
    if (result !== undefined && result.errorMessage !== null) {
      throw new Error(`${name} could not be created: ${result.errorMessage}`);
    }
  }

  /** Resolves when the operation under way is done; no image follows. */
  async close(): Promise<void> {
    await this.#queue.close();
    this.#loader.close();
  }

  #newTopics(
    topics: readonly NewTopic[],
    image: ClusterImage,
    { takePermits }: Options,
  ): Pieces<{ results: CreateResult[]; records: MetadataDraft[] }> {
    const { random } = this.#options;
    return createTopics(topics, {
      image,
      config: this.#options.config(),
      collisions: new NameCollisions(() => image.topicsByName.keys()),
      newTopicId: () => randomUuid(random),
      random: () => random.float(),
      takePermits,
    });
  }

  *#withFolders<Result extends CreateResult | PartitionsResult>(
    { validateOnly }: Options,
    decide: Pieces<{ results: Result[]; records: MetadataDraft[] }>,
    image: ClusterImage,
  ): Pieces<Decided<(Result | Unmade)[]>> {
    const { makeFolders } = this.#options;
    const decided = yield* decide;
    return validateOnly || makeFolders === undefined ? decided : yield* withFolders(decided, image, makeFolders);
  }

  #ofBroker(
    brokerId: number,
    brokerEpoch: number,
    decide: (image: ClusterImage, broker: BrokerImage) => readonly MetadataDraft[],
  ): Promise<boolean> {
    return this.#queue.submit((image) => {
      const broker = image.brokers.get(brokerId);
      const isSame = broker?.epoch === brokerEpoch;
      return { records: isSame ? decide(image, broker) : [], result: isSame };
    });
  }

  #change(decide: (image: ClusterImage) => readonly MetadataDraft[]): Promise<void> {
    return this.#queue.submit((image) => ({ records: decide(image), result: undefined }));
  }

  #decide<Results>(
    { validateOnly }: Options,
    decide: (image: ClusterImage) => Decided<Results> | Pieces<Decided<Results>>,
  ): Promise<Results> {
    return this.#queue.submit(function* (image) {
      const { results, records } = yield* inPieces(decide(image));
      return { records: validateOnly ? [] : records, result: results };
    });
  }
}

const BROKER_CHANGES: Readonly<
  Record<BrokerChange, (image: ClusterImage, config: ServerConfig, broker: BrokerImage) => MetadataDraft[]>
> = {
  fence: fenceBroker,
  unfence: unfenceBroker,
  'begin-controlled-shutdown': beginControlledShutdown,
};

interface Decided<Results> {
  readonly results: Results;
  readonly records: readonly MetadataDraft[];
}

function* configRecords(changes: readonly ConfigChange[], image: ClusterImage): Pieces<MetadataDraft[]> {
  const records: MetadataDraft[] = [];
  yield* eachInPieces(changes, ({ type, name: resourceName, values }) => {
    const old = configOf(image, type, resourceName);
    const record = (name: string, value: string | null): void => {
      records.push({ type: 'ConfigRecord', resourceType: type, resourceName, name, value });
      for (const cleared of clearElrAfter(image, type, resourceName, name)) records.push(cleared);
    };
    for (const [name, value] of values) if (old.get(name) !== value) record(name, value);
    for (const name of old.keys()) if (!values.has(name)) record(name, null);
  });
  return records;
}

function brokerEpochOf(image: ClusterImage, brokerId: number): number {
  return image.brokers.get(brokerId)?.epoch ?? -1;
}
