/** A share group whose coordinator, whose state and whose records lie at three brokers, each of which is asked for its part. */
import { expect, test } from 'vitest';
import {
  CreateTopics,
  FindCoordinator,
  Produce,
  ShareAcknowledge,
  ShareFetch,
  ShareGroupHeartbeat,
} from '../../../protocol/apis/index.ts';
import { ErrorCode, errorName } from '../../../protocol/errors.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import type { Api, Draft, Fields, Values } from '../../../protocol/schema.ts';
import { ClientConnections } from './client-connections.ts';
import { HOSTS, SimulatedCluster, type Host } from './simulated-cluster.ts';

await import('../../../src/share/share-groups.ts'); // loading takes real time

const TIMES = { connectMs: 500, requestMs: 3000 };
const MEMBER = 'EOxdhpWe4k1rqk_XteAX2w';
const GROUP_TYPE = 0;
const SHARE_TYPE = 2;
const ACCEPT = 1;

class Setting {
  readonly cluster: SimulatedCluster;
  readonly #brokers: ClientConnections;
  topicId = '';

  constructor(seed: number) {
    this.cluster = new SimulatedCluster(seed, {
      settings: {
        'share.coordinator.state.topic.replication.factor': '3',
        'share.coordinator.state.topic.min.isr': '2',
        'offsets.topic.replication.factor': '3',
        'group.share.heartbeat.interval.ms': '1000',
      },
    });
    this.#brokers = new ClientConnections(this.cluster, TIMES);
  }

  send<Q extends Fields, S extends Fields>(
    host: Host,
    api: Api<Q, S>,
    version: number,
    draft: Draft<Q>,
  ): Promise<Values<S>> {
    return this.cluster.settled(api.name, this.#brokers.send(host, api, version, draft));
  }

  async makeTopic(host: Host): Promise<void> {
    const assignments = [{ partitionIndex: 0, brokerIds: [HOSTS.indexOf(host) + 1] }];
    const topic = { name: 'jobs', numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
    const request = { timeoutMs: 3000, validateOnly: false, topics: [topic] };
    const { topics } = await this.send(HOSTS[0], CreateTopics, 7, request);
    this.topicId = topics[0].topicId;
    await this.cluster.advance(100);
  }

  async coordinator(keyType: number, key: string, asked: Host = HOSTS[0]): Promise<Host> {
    for (;;) {
      const { coordinators } = await this.send(asked, FindCoordinator, 6, { keyType, coordinatorKeys: [key] });
      if (coordinators[0].errorCode === ErrorCode.NONE) return HOSTS[coordinators[0].nodeId - 1];
      await this.cluster.advance(100);
    }
  }

  async produce(host: Host, value: string): Promise<void> {
    const records = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: 1 }] });
    const topicData = [{ name: 'jobs', partitionData: [{ index: 0, records }] }];
    const { responses } = await this.send(host, Produce, 12, { acks: -1, timeoutMs: 1000, topicData });
    const [{ errorCode }] = responses[0].partitionResponses;
    if (errorCode !== ErrorCode.NONE) throw new Error(`'${value}' is not produced: ${errorName(errorCode)}`);
  }

  /** Until the member is assigned the topic. */
  async join(host: Host, groupId: string): Promise<void> {
    for (let memberEpoch = 0; ;) {
      const subscribedTopicNames = memberEpoch === 0 ? ['jobs'] : null;
      const beat = { groupId, memberId: MEMBER, memberEpoch, subscribedTopicNames };
      const answer = await this.send(host, ShareGroupHeartbeat, 1, beat);
      if (answer.errorCode === ErrorCode.NONE) memberEpoch = answer.memberEpoch;
      if ((answer.assignment?.topicPartitions.length ?? 0) > 0) return;
      await this.cluster.advance(200);
    }
  }

  /** Answers the error code of one record's acknowledgement. */
  async accept(host: Host, groupId: string, offset: number, shareSessionEpoch: number): Promise<number> {
    const batch = { firstOffset: offset, lastOffset: offset, acknowledgeTypes: [ACCEPT] };
    const topics = [{ topicId: this.topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches: [batch] }] }];
    const request = { groupId, memberId: MEMBER, shareSessionEpoch, topics };
    const { responses } = await this.send(host, ShareAcknowledge, 1, request);
    return responses[0].partitions[0].errorCode;
  }

  async fetch(host: Host, groupId: string, shareSessionEpoch: number) {
    const partitions = shareSessionEpoch === 0 ? [{ partitionIndex: 0, acknowledgementBatches: [] }] : [];
    const { responses } = await this.send(host, ShareFetch, 1, {
      groupId,
      memberId: MEMBER,
      shareSessionEpoch,
      maxWaitMs: 200,
      minBytes: 1,
      maxRecords: 10,
      batchSize: 10,
      topics: partitions.length === 0 ? [] : [{ topicId: this.topicId, partitions }],
      forgottenTopicsData: [],
    });
    return responses[0]?.partitions[0];
  }
}

test.each([1, 2])(
  'its members acquire and acknowledge, and the state survives the broker that keeps it (seed %i)',
  async (seed) => {
    const setting = new Setting(seed);
    const { cluster } = setting;
    await cluster.startAll();
    const groupId = 'workers';
    const group = await setting.coordinator(GROUP_TYPE, groupId);
    const leader = HOSTS.find((host) => host !== group)!;
    await setting.makeTopic(leader);
    const key = `${groupId}:${setting.topicId}:0`;
    const keeper = await setting.coordinator(SHARE_TYPE, key);
    expect(keeper, 'the state of this seed lies at the leader: it shows nothing').not.toBe(leader);
    await setting.join(group, groupId);
    const first = await setting.fetch(leader, groupId, 0); // begins at the end
    expect(first?.errorCode ?? ErrorCode.NONE).toBe(ErrorCode.NONE);
    await setting.produce(leader, 'one');
    const acquired = await setting.fetch(leader, groupId, 1);
    expect(acquired?.acquiredRecords).toMatchObject([{ firstOffset: 0, lastOffset: 0, deliveryCount: 1 }]);
    expect(await setting.accept(leader, groupId, 0, 2)).toBe(ErrorCode.NONE);
    await setting.produce(leader, 'two');
    const more = await setting.fetch(leader, groupId, 3);
    expect(more?.acquiredRecords).toMatchObject([{ firstOffset: 1, lastOffset: 1, deliveryCount: 1 }]);
    cluster.kill(keeper);
    while ((await setting.coordinator(SHARE_TYPE, key, leader)) === keeper) await cluster.advance(50);
    expect(await setting.accept(leader, groupId, 1, 4)).toBe(ErrorCode.NONE);
  },
  60_000,
);
