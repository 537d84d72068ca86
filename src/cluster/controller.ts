/**
 * The one place where the cluster changes. Each operation decides on records from the image (pure functions beside this
 * file), has them stored, replays them into a new image, and tells the listeners: when its promise resolves the change is
 * durable and in force here. Methods are asynchronous because a cluster's store will be elsewhere.
 */
import type { ServerConfig } from '../config/server.ts';
import { randomUuid, type Random } from '../platform/random.ts';
import { alterClientQuotas, type QuotaAlteration, type QuotaResult } from './client-quotas.ts';
import { createPartitions, type MorePartitions, type PartitionsResult } from './create-partitions.ts';
import { createTopics, type CreateResult, type NewTopic } from './create-topics.ts';
import { deleteTopics, type DeleteResult, type TopicToDelete } from './delete-topics.ts';
import { assignDirectories, type DirectoryIdOf } from './directory-assignment.ts';
import { electLeaders, type Election, type ElectionResult } from './elect-leaders.ts';
import { initialLevels } from './features.ts';
import { updateFeatures, type FeatureUpdate, type FeaturesUpdated } from './features-update.ts';
import { configOf, emptyImage, replay, type ClusterImage } from './image.ts';
import { recordsOf } from './image-records.ts';
import { internalTopic } from './internal-topics.ts';
import type { MetadataDraft } from './metadata-records.ts';
import type { MetadataStore } from './metadata-store.ts';
import { usableBrokers } from './placement.ts';
import { alterReassignments, type Reassignment, type ReassignmentResult } from './reassignments.ts';
import { registerBroker, type BrokerRegistration } from './registration.ts';
import {
  alterScramCredentials,
  type ScramDeletion,
  type ScramResult,
  type ScramUpsertion,
} from './scram-credentials.ts';
import type { InternalTopic } from './topic-name.ts';

export type ImageListener = (image: ClusterImage, previous: ClusterImage) => void;

export interface ControllerOptions {
  readonly store: MetadataStore;
  readonly clusterId: string;
  readonly random: Random;
  /** What topics are made by when a request leaves it open; read at each use, since parts of it are dynamic. */
  config(): ServerConfig;
}

/** What a resource's own settings become; keys that are missing are reset. */
export interface ConfigChange {
  /** See ResourceType. */
  readonly type: number;
  readonly name: string;
  readonly values: ReadonlyMap<string, string>;
}

/** As in Kafka (KIP-730). */
const PRODUCER_ID_BLOCK = 1000;
/** A log is rewritten at start when it is so many times longer than what it says. */
const REWRITE_FACTOR = 4;
const REWRITE_ABOVE_RECORDS = 10_000;

export class Controller {
  readonly #options: ControllerOptions;
  readonly #listeners: ImageListener[] = [];
  #image: ClusterImage;

  /** Loads what the store has. */
  constructor(options: ControllerOptions) {
    this.#options = options;
    const batches = options.store.load();
    // In one go: an image for each batch would copy its maps as many times as topics were ever made.
    const history = batches.flatMap(({ records }) => records);
    const image = replay(emptyImage(options.clusterId), history, batches.at(-1)?.revision ?? -1);
    this.#image = image;
    if (history.length > REWRITE_ABOVE_RECORDS) {
      const records = recordsOf(image);
      if (history.length > records.length * REWRITE_FACTOR) options.store.rewrite(records, image.revision);
    }
  }

  /** The cluster as of now. Hold on to it for as long as one answer takes, no longer. */
  get image(): ClusterImage {
    return this.#image;
  }

  /**
   * Called with every new image, in the order of registration, before the operation that made it resolves. When one throws,
   * the others are told nevertheless, and the operation fails although the change stands.
   */
  onChange(listener: ImageListener): void {
    this.#listeners.push(listener);
  }

  /** Once, at start: from here on the broker is part of the cluster, under new epochs. */
  register(registration: BrokerRegistration): void {
    // Later starts leave them as they are: UpdateFeatures may have changed them.
    if (!this.#image.features.has('metadata.version')) {
      this.#commit(
        initialLevels.map(({ name, level: featureLevel }) => ({ type: 'FeatureLevelRecord', name, featureLevel })),
      );
    }
    this.#commit(registerBroker(registration, this.#image));
  }

  async createTopics(topics: readonly NewTopic[], options: { validateOnly: boolean }): Promise<CreateResult[]> {
    const { random } = this.#options;
    const { results, records } = createTopics(topics, {
      image: this.#image,
      config: this.#options.config(),
      newTopicId: () => randomUuid(random),
      random: () => random.float(),
    });
    if (!options.validateOnly) this.#commit(records);
    return results;
  }

  async deleteTopics(topics: readonly TopicToDelete[]): Promise<DeleteResult[]> {
    const { results, records } = deleteTopics(topics, this.#image);
    this.#commit(records);
    return results;
  }

  async createPartitions(
    topics: readonly MorePartitions[],
    options: { validateOnly: boolean },
  ): Promise<PartitionsResult[]> {
    const { results, records } = createPartitions(topics, this.#image, () => this.#options.random.float());
    if (!options.validateOnly) this.#commit(records);
    return results;
  }

  /** The values must have been validated (src/config/alter.ts). All changes happen together. */
  async setConfigs(changes: readonly ConfigChange[]): Promise<void> {
    const records: MetadataDraft[] = [];
    for (const { type, name: resourceName, values } of changes) {
      const old = configOf(this.#image, type, resourceName);
      const record = (name: string, value: string | null) =>
        records.push({ type: 'ConfigRecord', resourceType: type, resourceName, name, value });
      for (const [name, value] of values) if (old.get(name) !== value) record(name, value);
      for (const name of old.keys()) if (!values.has(name)) record(name, null);
    }
    this.#commit(records);
  }

  async alterClientQuotas(
    alterations: readonly QuotaAlteration[],
    options: { validateOnly: boolean },
  ): Promise<QuotaResult[]> {
    const { results, records } = alterClientQuotas(alterations);
    if (!options.validateOnly) this.#commit(records);
    return results;
  }

  async alterScramCredentials(
    deletions: readonly ScramDeletion[],
    upsertions: readonly ScramUpsertion[],
  ): Promise<ScramResult[]> {
    const { results, records } = alterScramCredentials(deletions, upsertions, this.#image.scramCredentials);
    this.#commit(records);
    return results;
  }

  /** All of them or none. */
  async updateFeatures(
    updates: readonly FeatureUpdate[],
    options: { validateOnly: boolean },
  ): Promise<Omit<FeaturesUpdated, 'records'>> {
    const { records, ...result } = updateFeatures(updates, this.#image);
    if (!options.validateOnly) this.#commit(records);
    return result;
  }

  /** Null asks for an election of every partition. */
  async electLeaders(unclean: boolean, elections: readonly Election[] | null): Promise<ElectionResult[]> {
    const { results, records } = electLeaders(unclean, elections, this.#image);
    this.#commit(records);
    return results;
  }

  async alterReassignments(
    reassignments: readonly Reassignment[],
    mayChangeFactor: boolean,
  ): Promise<ReassignmentResult[]> {
    const { results, records } = alterReassignments(reassignments, mayChangeFactor, this.#image);
    this.#commit(records);
    return results;
  }

  /** For a broker that will not come back; one that runs is not the caller's to remove. */
  async unregister(brokerId: number): Promise<void> {
    const brokerEpoch = this.#image.brokers.get(brokerId)?.epoch ?? -1;
    this.#commit([{ type: 'UnregisterBrokerRecord', brokerId, brokerEpoch }]);
  }

  /** Has noted in which log directories the replicas of a broker lie, so that they are missed where one is gone. */
  async assignDirectories(nodeId: number, directoryIdOf: DirectoryIdOf): Promise<void> {
    this.#commit(assignDirectories(this.#image, nodeId, directoryIdOf));
  }

  /** Ids that no producer has had. */
  async allocateProducerIds(brokerId: number): Promise<{ first: number; size: number }> {
    const first = this.#image.nextProducerId;
    const brokerEpoch = this.#image.brokers.get(brokerId)?.epoch ?? -1;
    this.#commit([{ type: 'ProducerIdsRecord', brokerId, brokerEpoch, nextProducerId: first + PRODUCER_ID_BLOCK }]);
    return { first, size: PRODUCER_ID_BLOCK };
  }

  /** Creates it where it is missing. */
  async ensureInternalTopic(name: InternalTopic): Promise<void> {
    if (this.#image.topicsByName.has(name)) return;
    const topic = internalTopic(name, this.#options.config(), usableBrokers(this.#image).length);
    const [result] = await this.createTopics([topic], { validateOnly: false });
    if (result.errorMessage !== null) throw new Error(`${name} could not be created: ${result.errorMessage}`);
  }

  /** Commits changes that were decided elsewhere: src/testing plays several brokers, and elects and fences by itself. */
  change(records: readonly MetadataDraft[]): void {
    this.#commit(records);
  }

  close(): void {
    this.#options.store.close();
  }

  #commit(drafts: readonly MetadataDraft[]): void {
    if (drafts.length === 0) return;
    const { records, revision } = this.#options.store.append(drafts);
    const previous = this.#image;
    this.#image = replay(previous, records, revision);
    const errors: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(this.#image, previous);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
