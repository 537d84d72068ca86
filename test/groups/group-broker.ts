/** A coordinator with its handlers, on a log in memory and a clock that stands still: what group tests talk to. */
import * as tables from '../../protocol/apis/index.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { Reader } from '../../protocol/reader.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { offsetCommit } from '../../src/apis/08-offset-commit.ts';
import { offsetFetch } from '../../src/apis/09-offset-fetch.ts';
import { findCoordinator } from '../../src/apis/10-find-coordinator.ts';
import { joinGroup } from '../../src/apis/11-join-group.ts';
import { heartbeat } from '../../src/apis/12-heartbeat.ts';
import { leaveGroup } from '../../src/apis/13-leave-group.ts';
import { syncGroup } from '../../src/apis/14-sync-group.ts';
import { describeGroups } from '../../src/apis/15-describe-groups.ts';
import { listGroups } from '../../src/apis/16-list-groups.ts';
import { deleteGroups } from '../../src/apis/42-delete-groups.ts';
import { offsetDelete } from '../../src/apis/47-offset-delete.ts';
import { consumerGroupHeartbeat } from '../../src/apis/68-consumer-group-heartbeat.ts';
import { consumerGroupDescribe } from '../../src/apis/69-consumer-group-describe.ts';
import { shareGroupHeartbeat } from '../../src/apis/76-share-group-heartbeat.ts';
import { shareGroupDescribe } from '../../src/apis/77-share-group-describe.ts';
import { streamsGroupHeartbeat } from '../../src/apis/88-streams-group-heartbeat.ts';
import { streamsGroupDescribe } from '../../src/apis/89-streams-group-describe.ts';
import { describeShareGroupOffsets } from '../../src/apis/90-describe-share-group-offsets.ts';
import { alterShareGroupOffsets } from '../../src/apis/91-alter-share-group-offsets.ts';
import { deleteShareGroupOffsets } from '../../src/apis/92-delete-share-group-offsets.ts';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import type { Handler } from '../../src/apis/handler.ts';
import { GroupCoordinator } from '../../src/groups/coordinator.ts';
import type { GroupConfig } from '../../src/groups/coordinator-options.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { serve } from '../apis/serve.ts';
import { contextOf } from '../apis/request-context.ts';
import { MemoryShareState } from './memory-share-state.ts';
import { MemoryLog } from '../coordination/memory-log.ts';

export { tables };

export const TOPIC_ID = 'EOxdhpWe4k1rqk_XteAX2w';
const PARTITION = { leader: 1, leaderEpoch: 0 };

interface NewTopic {
  readonly name: string;
  readonly numPartitions: number;
}

interface Topic {
  readonly name: string;
  readonly id: string;
  readonly partitions: readonly (typeof PARTITION)[];
}

const OFFSETS_PARTITIONS = 4;

export const DEFAULTS: GroupConfig = {
  'group.initial.rebalance.delay.ms': 0,
  'group.max.session.timeout.ms': 1_800_000,
  'group.min.session.timeout.ms': 6000,
  'group.max.size': 100,
  'offset.metadata.max.bytes': 4096,
  'offsets.commit.timeout.ms': 5000,
  'offsets.retention.check.interval.ms': 600_000,
  'offsets.retention.minutes': 10_080,
  'offsets.topic.num.partitions': OFFSETS_PARTITIONS,
  'group.consumer.assignment.interval.ms': 0,
  'group.consumer.min.assignment.interval.ms': 0,
  'group.consumer.max.assignment.interval.ms': 15_000,
  'group.consumer.heartbeat.interval.ms': 5000,
  'group.consumer.min.heartbeat.interval.ms': 5000,
  'group.consumer.max.heartbeat.interval.ms': 15_000,
  'group.consumer.session.timeout.ms': 45_000,
  'group.consumer.min.session.timeout.ms': 45_000,
  'group.consumer.max.session.timeout.ms': 60_000,
  'group.consumer.regex.refresh.interval.ms': 600_000,
  'group.consumer.assignors': ['uniform', 'range'],
  'group.consumer.max.size': 3,
  'group.consumer.migration.policy': 'bidirectional',
  'group.share.assignment.interval.ms': 0,
  'group.share.assignors': ['simple'],
  'group.share.heartbeat.interval.ms': 5000,
  'group.share.initialize.retry.interval.ms': 30_000,
  'group.share.max.assignment.interval.ms': 15_000,
  'group.share.max.heartbeat.interval.ms': 15_000,
  'group.share.max.session.timeout.ms': 60_000,
  'group.share.max.size': 3,
  'group.share.min.assignment.interval.ms': 0,
  'group.share.min.heartbeat.interval.ms': 5000,
  'group.share.min.session.timeout.ms': 45_000,
  'group.share.session.timeout.ms': 45_000,
  'group.streams.acceptable.recovery.lag': 10_000,
  'group.streams.assignment.interval.ms': 0,
  'group.streams.assignors': ['sticky'],
  'group.streams.heartbeat.interval.ms': 5000,
  'group.streams.initial.rebalance.delay.ms': 0,
  'group.streams.max.assignment.interval.ms': 15_000,
  'group.streams.max.heartbeat.interval.ms': 15_000,
  'group.streams.max.session.timeout.ms': 60_000,
  'group.streams.max.size': 3,
  'group.streams.max.standby.replicas': 2,
  'group.streams.min.assignment.interval.ms': 0,
  'group.streams.min.heartbeat.interval.ms': 5000,
  'group.streams.min.session.timeout.ms': 45_000,
  'group.streams.min.task.offset.interval.ms': 15_000,
  'group.streams.num.standby.replicas': 0,
  'group.streams.session.timeout.ms': 45_000,
  'group.streams.task.offset.interval.ms': 60_000,
};

export const handlers: readonly Handler[] = [
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  deleteGroups,
  offsetDelete,
  consumerGroupHeartbeat,
  consumerGroupDescribe,
  shareGroupHeartbeat,
  shareGroupDescribe,
  streamsGroupHeartbeat,
  streamsGroupDescribe,
  describeShareGroupOffsets,
  alterShareGroupOffsets,
  deleteShareGroupOffsets,
];

/** Topic t1 with two partitions; __consumer_offsets comes with the first FindCoordinator, or with `start`. */
export class GroupBroker {
  readonly clock = new VirtualClock();
  readonly logs = Array.from({ length: OFFSETS_PARTITIONS }, () => new MemoryLog(this.clock));
  readonly config: { -readonly [K in keyof GroupConfig]: GroupConfig[K] };
  readonly features = new Map([
    ['group.version', 1],
    ['share.version', 2],
    ['streams.version', 1],
  ]);
  readonly shareState = new MemoryShareState();
  groups: GroupCoordinator;
  offsetsTopicFails = false;
  /** Topics that were to be made, by request. */
  readonly asked: string[][] = [];
  /** They are made once that has resolved. */
  mayCreate: Promise<void> = Promise.resolve();
  readonly #channel = { createTopics: (topics: readonly NewTopic[]) => this.#createTopics(topics) };
  readonly groupConfigs = new Map<string, Map<string, string>>();
  #topics: ReadonlyMap<string, Topic> = new Map([
    ['t1', { name: 't1', id: TOPIC_ID, partitions: [PARTITION, PARTITION] }],
  ]);
  #revision = 0;
  /** Goes on after a restart, so that no member id is given out twice. */
  readonly #random = seededRandom(1);

  constructor(config: Partial<GroupConfig> = {}) {
    this.config = { ...DEFAULTS, ...config };
    this.groups = this.#coordinator();
  }

  start(): this {
    this.setTopic('__consumer_offsets', this.logs.length);
    this.logs.forEach((_log, index) => this.groups.onLeader(index, 1));
    return this;
  }

  /** As after a crash: a new coordinator on the same logs. The old one's calls are answered. */
  restart(): void {
    this.groups.stop();
    this.groups = this.#coordinator();
    this.start();
  }

  /** Creates the topic, gives it more partitions, or deletes it where there are to be none; answers its id. */
  setTopic(name: string, partitionCount: number, newId?: string): string {
    const topics = new Map(this.#topics);
    const id = newId ?? topics.get(name)?.id ?? Buffer.from(name.padStart(16, '-').slice(-16)).toString('base64url');
    if (partitionCount === 0) topics.delete(name);
    else topics.set(name, { name, id, partitions: Array.from({ length: partitionCount }, () => PARTITION) });
    this.#topics = topics;
    this.#revision++;
    if (partitionCount === 0) this.groups.topicsDeleted([{ name, id }]);
    return id;
  }

  /** Creates the topic within the image that everyone has seen already. */
  slipInTopic(name: string, partitionCount: number): string {
    const seen = this.#topics as Map<string, Topic>;
    const id = this.setTopic(name, partitionCount);
    seen.set(name, this.#topics.get(name) as Topic);
    this.#topics = seen;
    this.#revision--;
    return id;
  }

  get image() {
    const listeners = [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 9092, securityProtocol: 0 }];
    return {
      revision: this.#revision,
      topicsByName: this.#topics,
      features: this.features,
      topicsById: new Map([...this.#topics.values()].map((topic) => [topic.id, topic])),
      brokers: new Map([[1, { id: 1, listeners }]]),
    };
  }

  logOf(groupId: string): MemoryLog {
    return this.logs[this.groups.partitionFor(groupId)];
  }

  /** As a client's CreateTopics would. */
  async #createTopics(topics: readonly NewTopic[]) {
    this.asked.push(topics.map(({ name }) => name));
    await this.mayCreate;
    return topics.map(({ name, numPartitions }) => {
      this.setTopic(name, numPartitions);
      return { name, errorCode: 0, errorMessage: null };
    });
  }

  #coordinator(): GroupCoordinator {
    return new GroupCoordinator({
      clock: this.clock,
      config: this.config,
      logger: silentLogger,
      random: this.#random,
      partitionOf: (index) => this.logs[index],
      topics: () => this.image,
      shareState: this.shareState,
      endOffset: () => 0,
      groupConfig: (groupId) => this.groupConfigs.get(groupId) ?? new Map<string, string>(),
      ensureOffsetsTopic: async () => {
        if (this.offsetsTopicFails) throw new Error('the test has this fail');
        this.start();
      },
    });
  }

  /** Through the bytes of the request, the handler, and the bytes of the response. */
  async send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
    clientId = 'probe',
    connectionId = 1,
  ): Promise<Values<Res>> {
    const handler = handlers.find((each) => each.api.key === api.key);
    if (handler === undefined) throw new Error(`No handler of groups answers ${api.name}`);
    const controller = { image: this.image };
    Object.defineProperty(controller, 'image', { get: () => this.image }); // it changes while a request is answered
    const parts = {
      groups: this.groups,
      metadata: controller,
      controller,
      logger: silentLogger,
      random: seededRandom(7),
      config: { ...this.config, 'group.coordinator.rebalance.protocols': ['classic', 'consumer', 'streams'] },
      channel: this.#channel,
    } as unknown as BrokerParts;
    const context = contextOf({ connectionId, apiVersion: version, clientId });
    const request = new Writer();
    requestCodec(api, version).encode(request, draft);
    const output = new Writer();
    const served = serve(handler, new Reader(request.finish()), context, output, parts);
    if (served instanceof Promise) (await served)(output);
    return responseCodec(api, version).decode(new Reader(output.finish()));
  }
}
