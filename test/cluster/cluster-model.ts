/** A cluster without processes: decisions of the controller, replayed on an image. */
import { Reader } from '../../protocol/reader.ts';
import {
  alterPartitions,
  type AlterPartitionRequest,
  type AlterPartitionResponse,
} from '../../src/cluster/alter-partition.ts';
import {
  beginControlledShutdown,
  fenceBroker,
  loseDirectories,
  unfenceBroker,
  unregisterBroker,
} from '../../src/cluster/broker-changes.ts';
import { initialLevels, supportedRanges } from '../../src/cluster/features.ts';
import { emptyImage, type BrokerImage, type ClusterImage, type PartitionImage } from '../../src/cluster/image.ts';
import { changeOf } from '../../src/cluster/image-replay.ts';
import { encodeRecord, readRecord, type MetadataDraft } from '../../src/cluster/metadata-records.ts';
import { newPartition } from '../../src/cluster/placement.ts';
import { registerBroker, type RegistrationRequest, type RegistrationResult } from '../../src/cluster/registration.ts';
import { serverConfig, type ServerConfig } from '../../src/config/server.ts';

type Proposal = AlterPartitionRequest['topics'][number]['partitions'][number];
type Answer = AlterPartitionResponse['topics'][number]['partitions'][number];

export const TOPIC_ID = 'Yzuwlcq0QZum8IWZW66tIA';

/** As they come back from the log. */
export function stored(drafts: readonly MetadataDraft[]) {
  return drafts.map((draft) => readRecord(new Reader(encodeRecord(draft))));
}

export class ClusterModel {
  image: ClusterImage;
  readonly config: ServerConfig;
  #incarnations = 0;

  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.config = serverConfig(new Map(Object.entries(settings)));
    this.image = emptyImage('the cluster');
    this.commit(initialLevels.map(({ name, level }) => ({ type: 'FeatureLevelRecord', name, featureLevel: level })));
  }

  commit(drafts: readonly MetadataDraft[]): void {
    if (drafts.length === 0) return;
    const { image } = changeOf(this.image, stored(drafts), this.image.revision + drafts.length);
    this.image = image;
  }

  /** A start of broker `id`, in another process unless told otherwise. */
  register(id: number, change: Partial<RegistrationRequest> = {}, hasLiveSession = false): RegistrationResult {
    const request: RegistrationRequest = {
      id,
      clusterId: 'the cluster',
      incarnationId: incarnation(++this.#incarnations),
      rack: null,
      listeners: [{ name: 'PLAINTEXT', host: `broker-${id}`, port: 9092, securityProtocol: 0 }],
      logDirectoryIds: [directory(id)],
      features: supportedRanges,
      previousBrokerEpoch: this.image.brokers.get(id)?.epoch ?? -1,
      ...change,
    };
    const { records, ...result } = registerBroker(request, this.image, this.config, hasLiveSession);
    this.commit(records);
    return result;
  }

  broker(id: number): BrokerImage {
    return this.image.brokers.get(id)!;
  }

  fence(id: number): void {
    this.commit(fenceBroker(this.image, this.config, this.broker(id)));
  }

  unfence(id: number): void {
    this.commit(unfenceBroker(this.image, this.config, this.broker(id)));
  }

  beginControlledShutdown(id: number): void {
    this.commit(beginControlledShutdown(this.image, this.config, this.broker(id)));
  }

  unregister(id: number): void {
    this.commit(unregisterBroker(this.image, this.config, this.broker(id)));
  }

  loseDirectories(id: number, directories: readonly string[]): void {
    this.commit(loseDirectories(this.image, this.config, this.broker(id), directories));
  }

  /** Brokers that run. */
  start(...ids: number[]): this {
    for (const id of ids) {
      this.register(id);
      this.unfence(id);
    }
    return this;
  }

  /** The topic 't', with these replicas of each partition. */
  create(...partitions: number[][]): this {
    this.commit([
      { type: 'TopicRecord', name: 't', topicId: TOPIC_ID },
      ...partitions.map((replicas, index) => newPartition(TOPIC_ID, index, replicas, this.image)),
    ]);
    return this;
  }

  partition(index = 0): PartitionImage {
    return this.image.topicsByName.get('t')!.partitions[index];
  }

  /** What the leader proposes, with the epochs that it and the cluster have. Answers the partition's error and state. */
  propose(isr: readonly number[], change: Readonly<Record<string, number>> = {}, brokerId = this.partition().leader) {
    const { leaderEpoch, partitionEpoch, leaderRecoveryState } = this.partition();
    const partition = {
      partitionIndex: 0,
      leaderEpoch,
      partitionEpoch,
      leaderRecoveryState,
      newIsr: [],
      newIsrWithEpochs: isr.map((id) => ({ brokerId: id, brokerEpoch: this.image.brokers.get(id)?.epoch ?? -1 })),
      ...change,
    };
    return this.#alter(brokerId, TOPIC_ID, partition);
  }

  /** Of any partition, by its leader. */
  proposeFor(topicId: string, partitionIndex: number, isr: readonly number[]): void {
    const { leader, leaderEpoch, partitionEpoch } = this.image.topicsById.get(topicId)!.partitions[partitionIndex];
    const newIsrWithEpochs = isr.map((brokerId) => ({ brokerId, brokerEpoch: -1 }));
    const proposal = {
      partitionIndex,
      leaderEpoch,
      partitionEpoch,
      leaderRecoveryState: 0,
      newIsr: [],
      newIsrWithEpochs,
    };
    this.#alter(leader, topicId, proposal);
  }

  #alter(brokerId: number, topicId: string, partition: Proposal): Answer {
    const brokerEpoch = this.image.brokers.get(brokerId)?.epoch ?? -1;
    const request = { brokerId, brokerEpoch, topics: [{ topicId, partitions: [partition] }] };
    const { results, records } = alterPartitions(request, this.image, this.config);
    this.commit(records);
    return results.topics[0]?.partitions[0];
  }
}

export function directory(id: number, n = 0): string {
  return `directory-${n}-of-brok${String(id).padStart(2, '0')}`.slice(0, 21).padEnd(21, '_') + 'A';
}

function incarnation(n: number): string {
  return `incarnation_${String(n).padStart(9, '0')}A`;
}
