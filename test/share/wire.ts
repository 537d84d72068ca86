/** Share groups of a broker in memory, asked through a socket: what the tests of bad input have in common. */
import { expect } from 'vitest';
import {
  CreateTopics,
  FindCoordinator,
  IncrementalAlterConfigs,
  Metadata,
  ShareAcknowledge,
  ShareFetch,
  ShareGroupHeartbeat,
} from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestDraft } from '../../protocol/schema.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { silentLogger, type Logger } from '../../src/platform/logger.ts';
import { dial, produce } from '../running-broker.ts';

type FetchDraft = Partial<RequestDraft<typeof ShareFetch>>;
interface AckBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly acknowledgeTypes: readonly number[];
}

export const FAR = Number.MAX_SAFE_INTEGER; // on the wire the largest 64 bits; what is beyond is read as this
export const GROUP = 'g';
const SETTINGS = {
  listeners: 'PLAINTEXT://127.0.0.1:0',
  'group.share.assignment.interval.ms': '0',
  'offsets.topic.num.partitions': '1',
  'share.coordinator.state.topic.num.partitions': '1',
};

export let broker: RunningBroker;
export let client: Client;
/** Of the topic t, which has two partitions. */
export let topicId: string;

export async function open({ logger = silentLogger }: { readonly logger?: Logger } = {}): Promise<void> {
  broker = await startBroker({ memory: true, logger, settings: SETTINGS });
  client = await dial(broker.bootstrap);
  await client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: [GROUP] });
  topicId = await createTopic('t');
  await configure({ 'share.auto.offset.reset': 'earliest' });
}

/** The connection has gone on. */
export async function close(): Promise<void> {
  await client.send(Metadata, 12, { topics: [] });
  await client.close();
  await broker.stop();
}

export async function createTopic(
  name: string,
  configs: Readonly<Record<string, string>> = {},
  numPartitions = 2,
): Promise<string> {
  const told = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  const asked = { name, numPartitions, replicationFactor: 1, assignments: [], configs: told };
  return (await client.send(CreateTopics, 7, { topics: [asked], timeoutMs: 5000 })).topics[0].topicId;
}

export async function configure(configs: Readonly<Record<string, string>>, group = GROUP): Promise<number> {
  const told = Object.entries(configs).map(([name, value]) => ({ name, configOperation: 0, value }));
  const resources = [{ resourceType: 32, resourceName: group, configs: told }];
  return (await client.send(IncrementalAlterConfigs, 1, { resources, validateOnly: false })).responses[0].errorCode;
}

/** A member that has been assigned the topic's partitions. */
export async function join(memberId = 'm', groupId = GROUP, topics = ['t']): Promise<void> {
  let memberEpoch = 0;
  for (;;) {
    const subscribedTopicNames = memberEpoch === 0 ? topics : null;
    const beat = { groupId, memberId, memberEpoch, subscribedTopicNames };
    const answer = await client.send(ShareGroupHeartbeat, 1, beat);
    if (answer.errorCode === ErrorCode.NONE) ({ memberEpoch } = answer);
    if ((answer.assignment?.topicPartitions.length ?? 0) > 0) return;
  }
}

export function topicsOf(acks: readonly AckBatch[], partition = 0, id = topicId) {
  return [{ topicId: id, partitions: [{ partitionIndex: partition, acknowledgementBatches: acks }] }];
}

export function fetch(epoch: number, more: FetchDraft = {}) {
  return client.send(ShareFetch, 2, {
    groupId: GROUP,
    memberId: 'm',
    shareSessionEpoch: epoch,
    maxWaitMs: 0,
    minBytes: 1,
    maxRecords: 500,
    batchSize: 500,
    topics: epoch === 0 ? topicsOf([]) : [],
    forgottenTopicsData: [],
    ...more,
  });
}

/** The error of the request, or else of its first partition. */
export async function acknowledge(
  epoch: number,
  acks: readonly AckBatch[],
  more: { memberId?: string; id?: string } = {},
) {
  const { memberId = 'm', id = topicId } = more;
  const request = { groupId: GROUP, memberId, shareSessionEpoch: epoch, topics: topicsOf(acks, 0, id) };
  const { errorCode, responses } = await client.send(ShareAcknowledge, 2, request);
  return errorCode === ErrorCode.NONE ? responses[0].partitions[0].errorCode : errorCode;
}

export function ack(firstOffset: number, lastOffset: number, ...acknowledgeTypes: number[]): AckBatch {
  return { firstOffset, lastOffset, acknowledgeTypes };
}

/** A member with three records in its hands; the next request of its session is 1. */
export async function holding(): Promise<void> {
  await produce(client, 't', 0, ['a', 'b', 'c']);
  await join();
  const { responses } = await fetch(0);
  expect(responses[0].partitions[0].acquiredRecords).toMatchObject([{ firstOffset: 0, lastOffset: 2 }]);
}
