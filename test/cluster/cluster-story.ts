/** A long life of a cluster, drawn from a seed: everything that can happen to its metadata, one batch of records after the other. */
import { finish } from '../../src/platform/pieces.ts';
import { electLeaders } from '../../src/cluster/elect-leaders.ts';
import { ResourceType } from '../../src/cluster/image.ts';
import { changeOf } from '../../src/cluster/image-replay.ts';
import type { MetadataDraft, MetadataRecord } from '../../src/cluster/metadata-records.ts';
import { newPartition, place, usableBrokers } from '../../src/cluster/placement.ts';
import { alterReassignments } from '../../src/cluster/reassignments.ts';
import { randomUuid, seededRandom, type Random } from '../../src/platform/random.ts';
import { ClusterModel, stored } from './cluster-model.ts';

const BROKERS = [1, 2, 3, 4, 5];

export class ClusterStory extends ClusterModel {
  readonly batches: (readonly MetadataRecord[])[] = [];
  readonly #random: Random;

  constructor(seed: number) {
    super({ 'min.insync.replicas': '2' });
    this.#random = seededRandom(seed);
  }

  override commit(drafts: readonly MetadataDraft[]): void {
    if (drafts.length === 0) return;
    const records = stored(drafts);
    this.batches?.push(records); // none yet while the cluster is made
    this.image = changeOf(this.image, records, this.image.revision + records.length).image;
  }

  /** One thing that can happen now. */
  step(): void {
    const steps = [
      () => this.#brokerStep(),
      () => this.#topicStep(),
      () => this.#partitionStep(),
      () => this.#recordStep(),
      () => this.#transactionStep(),
    ];
    this.#pick(steps)();
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.float() * list.length)];
  }

  #some<T>(list: readonly T[], share = 0.5): T[] {
    return list.filter(() => this.#random.float() < share);
  }

  #chance(of: number): boolean {
    return this.#random.float() < of;
  }

  #brokerStep(): void {
    const id = this.#pick(BROKERS);
    const broker = this.image.brokers.get(id);
    if (broker === undefined || this.#chance(0.2)) {
      const previousBrokerEpoch = this.#chance(0.5) ? (broker?.epoch ?? -1) : -1;
      this.register(id, { previousBrokerEpoch, rack: this.#pick(['a', 'b', null]) });
    } else if (broker.fenced) {
      if (this.#chance(0.1)) this.unregister(id);
      else this.unfence(id);
    } else {
      this.#pick([
        () => this.fence(id),
        () => this.beginControlledShutdown(id),
        () => this.loseDirectories(id, broker.logDirectoryIds),
        () => this.commit([this.#older(id, broker.epoch)]),
      ])();
    }
  }

  /** Up to metadata.version 3.3-IV1 fencing had records of its own. */
  #older(id: number, epoch: number): MetadataDraft {
    const { isr } = { isr: [...this.image.topicsById.values()].flatMap(({ partitions }) => partitions) };
    const isInSync = isr.some((partition) => partition.isr.includes(id) || partition.leader === id);
    return { type: isInSync ? 'UnfenceBrokerRecord' : 'FenceBrokerRecord', id, epoch };
  }

  #topicStep(): void {
    const topics = [...this.image.topicsById.values()];
    if (topics.length > 6 || (topics.length > 0 && this.#chance(0.1))) {
      const { id: topicId } = this.#pick(topics);
      return this.commit([{ type: 'RemoveTopicRecord', topicId }]);
    }
    const brokers = usableBrokers(this.image);
    if (!brokers.some(({ fenced }) => !fenced)) return;
    const topicId = randomUuid(this.#random);
    const factor = 1 + Math.floor(this.#random.float() * brokers.length);
    const placed = place(brokers, 1 + Math.floor(this.#random.float() * 3), factor, () => this.#random.float());
    this.commit([
      { type: 'TopicRecord', name: `topic-${this.image.revision}`, topicId },
      ...placed.map((replicas, index) => newPartition(topicId, index, replicas, this.image)),
    ]);
  }

  #partitionStep(): void {
    const topic = this.#pick([...this.image.topicsById.values()]);
    if (topic === undefined) return;
    const index = Math.floor(this.#random.float() * topic.partitions.length);
    const { name } = topic;
    this.#pick([
      () => this.#expand(topic.id, index),
      () =>
        this.commit(
          finish(electLeaders(this.#chance(0.3), [{ topic: name, partitions: [index] }], this.image, this.config))
            .records,
        ),
      () => this.#reassign(name, index),
      () => this.commit([{ type: 'ClearElrRecord', topicName: this.#chance(0.5) ? name : '' }]),
    ])();
  }

  /** The leader's proposal: itself, and some who are there. */
  #expand(topicId: string, partitionIndex: number): void {
    const partition = this.image.topicsById.get(topicId)!.partitions[partitionIndex];
    const { leader, replicas } = partition;
    const others = replicas.filter((id) => id !== leader && this.image.brokers.get(id)?.fenced === false);
    this.proposeFor(topicId, partitionIndex, [leader, ...this.#some(others, 0.8)]);
  }

  #reassign(name: string, partitionIndex: number): void {
    const replicas = this.#some([...this.image.brokers.keys()]);
    const cancels = replicas.length === 0 || this.#chance(0.2);
    const asked = [{ name, partitions: [{ partitionIndex, replicas: cancels ? null : replicas }] }];
    const moves = { image: this.image, config: this.config };
    this.commit(finish(alterReassignments(asked, true, moves)).records);
  }

  #recordStep(): void {
    this.commit(this.#some(this.#otherRecords(), 0.3));
  }

  #otherRecords(): MetadataDraft[] {
    const id = this.#pick(['Yzuwlcq0QZum8IWZW66tIA', 'qkUpQXPoRLqBh1y-2DL-BA']);
    const name = this.#pick(['alice', 'bob']);
    const value = this.#chance(0.7) ? String(this.image.revision) : null;
    const entity = [{ entityType: 'user', entityName: this.#chance(0.3) ? null : name }];
    const topic = this.#pick([...this.image.topicsByName.keys()]);
    const key = this.#pick(['consumer_byte_rate', 'producer_byte_rate']);
    const secret = Buffer.from(name);
    const knows = this.image.pending === null; // within a transaction, what is there is not to be seen
    return [
      { type: 'ConfigRecord', resourceType: ResourceType.broker, resourceName: '', name: 'log.retention.ms', value },
      ...(topic === undefined
        ? []
        : [
            {
              type: 'ConfigRecord',
              resourceType: ResourceType.topic,
              resourceName: topic,
              name: 'retention.ms',
              value,
            } as const,
          ]),
      { type: 'ClientQuotaRecord', entity, key, value: this.image.revision, remove: value === null },
      value === null
        ? { type: 'RemoveUserScramCredentialRecord', name, mechanism: 1 }
        : {
            type: 'UserScramCredentialRecord',
            name,
            mechanism: 1,
            salt: secret,
            storedKey: secret,
            serverKey: secret,
            iterations: 4096,
          },
      knows && this.image.accessControlEntries.has(id)
        ? { type: 'RemoveAccessControlEntryRecord', id }
        : accessControlEntry(id, name),
      knows && value === null && this.image.delegationTokens.has(name)
        ? { type: 'RemoveDelegationTokenRecord', tokenId: name }
        : { ...TOKEN, owner: `User:${name}`, requester: `User:${name}`, tokenId: name },
      {
        type: 'RegisterControllerRecord',
        controllerId: this.#pick([7, 8]),
        incarnationId: id,
        zkMigrationReady: false,
        endPoints: [],
        features: [],
      },
      { type: 'ProducerIdsRecord', brokerId: 1, brokerEpoch: 1, nextProducerId: this.image.nextProducerId + 1000 },
      { type: 'NoOpRecord' },
      { type: 'ZkMigrationStateRecord', zkMigrationState: 0 },
    ];
  }

  /** Records over several batches, of which nothing is seen before the last. */
  #transactionStep(): void {
    const before = this.image;
    this.commit([{ type: 'BeginTransactionRecord', name: 'several' }, { type: 'NoOpRecord' }]);
    for (let i = 0; i < 2; i++) this.#recordStep();
    this.commit([this.#chance(0.5) ? { type: 'EndTransactionRecord' } : { type: 'AbortTransactionRecord' }]);
    if (before.revision >= this.image.revision) throw new Error('a transaction took no room');
  }
}

const TOKEN = {
  type: 'DelegationTokenRecord',
  renewers: ['User:carol'],
  issueTimestamp: 1,
  maxTimestamp: 1_900_000_000_000,
  expirationTimestamp: 1_800_000_000_000,
} as const;

function accessControlEntry(id: string, name: string): MetadataDraft {
  const principal = `User:${name}`;
  return {
    type: 'AccessControlEntryRecord',
    id,
    resourceType: 2,
    resourceName: 't',
    patternType: 3,
    principal,
    host: '*',
    operation: 3,
    permissionType: 3,
  };
}
