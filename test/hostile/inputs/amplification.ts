/** Requests of some kilobytes whose answers, or what the broker keeps of them, would be gigabytes. */
import { Produce } from '../../../protocol/apis/00-produce.ts';
import { Fetch } from '../../../protocol/apis/01-fetch.ts';
import { OffsetCommit } from '../../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../../protocol/apis/09-offset-fetch.ts';
import { FindCoordinator } from '../../../protocol/apis/10-find-coordinator.ts';
import { JoinGroup } from '../../../protocol/apis/11-join-group.ts';
import { SyncGroup } from '../../../protocol/apis/14-sync-group.ts';
import { DescribeGroups } from '../../../protocol/apis/15-describe-groups.ts';
import { DescribeConfigs } from '../../../protocol/apis/32-describe-configs.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { createTopic } from '../../running-broker.ts';
import type { Input, Target } from '../input.ts';
import { batchOf, manyRecords, zstd } from '../raw-batch.ts';

const MB = 1 << 20;
const GROUPS_NAMED = 5000;
const OFFSETS_NAMED = 200;
const CONFIGS_NAMED = 2000;
const SESSIONS = 100;
const SESSION_PARTITIONS = 20_000;
const REFUSED_BATCHES = 10;

function times<T>(count: number, one: T): T[] {
  return Array.from({ length: count }, () => one);
}

function expectRefused(codes: readonly number[]): void {
  if (codes.some((code) => code !== ErrorCode.INVALID_REQUEST))
    throw new Error(`answered ${[...new Set(codes)].join()}`);
}

async function makeGroup(target: Target): Promise<void> {
  const client = await target.connect();
  await client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] });
  const join = { groupId: 'g', sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 60_000, protocolType: 'consumer' };
  const protocols = [{ name: 'range', metadata: Buffer.alloc(MB) }];
  const first = await client.send(JoinGroup, 9, { ...join, memberId: '', protocols });
  const { memberId } = first;
  const { generationId } = await client.send(JoinGroup, 9, { ...join, memberId, protocols });
  const member = { groupId: 'g', generationId, memberId, protocolType: 'consumer', protocolName: 'range' };
  await client.send(SyncGroup, 5, { ...member, assignments: [{ memberId, assignment: Buffer.alloc(MB) }] });
}

async function commitOffsets(target: Target): Promise<void> {
  const client = await target.connect();
  await client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['o'] });
  await createTopic(client, 'wide', 200);
  const partitions = Array.from({ length: 200 }, (_, partitionIndex) => ({
    partitionIndex,
    committedOffset: 1,
    committedMetadata: 'm'.repeat(4000),
  }));
  const group = { groupId: 'o', generationIdOrMemberEpoch: -1, memberId: '' };
  await client.send(OffsetCommit, 8, { ...group, topics: [{ name: 'wide', partitions }] });
}

async function openSessions(target: Target): Promise<void> {
  const client = await target.connect();
  for (let i = 0; i < SESSIONS; i++) {
    const partitions = Array.from({ length: SESSION_PARTITIONS }, (_, partition) => ({
      partition,
      fetchOffset: 0,
      partitionMaxBytes: 1,
    }));
    const topics = [{ topic: `there-is-no-${i}`, partitions }];
    const session = { sessionId: 0, sessionEpoch: 0, maxWaitMs: 0, minBytes: 0, isolationLevel: 0 };
    await client.send(Fetch, 12, { ...session, topics });
  }
}

async function produceRefused(target: Target): Promise<void> {
  const client = await target.connect();
  const records = batchOf(zstd(manyRecords(100_000)), 100_000);
  const partitionData = Array.from({ length: REFUSED_BATCHES }, (_, index) => ({ index, records }));
  const topicData = [{ name: 'keyed', partitionData }];
  const { responses } = await client.send(Produce, 9, { transactionalId: null, acks: 1, timeoutMs: 30_000, topicData });
  const named = responses[0].partitionResponses.reduce((sum, { recordErrors }) => sum + recordErrors.length, 0);
  if (named > 10_000) throw new Error(`${named} record errors in one answer`);
}

export const amplification: readonly Input[] = [
  {
    name: 'repeated-group',
    what: `DescribeGroups of one group of 2 MB, named ${GROUPS_NAMED} times`,
    prepare: makeGroup,
    async run(target) {
      const client = await target.connect();
      const { groups } = await client.send(DescribeGroups, 5, { groups: times(GROUPS_NAMED, 'g') });
      expectRefused(groups.map(({ errorCode }) => errorCode));
    },
  },
  {
    name: 'repeated-offsets',
    what: `OffsetFetch of a group of 800 KB, named ${OFFSETS_NAMED} times`,
    prepare: commitOffsets,
    async run(target) {
      const client = await target.connect();
      const groups = times(OFFSETS_NAMED, { groupId: 'o', topics: null });
      const answer = await client.send(OffsetFetch, 8, { groups });
      expectRefused(answer.groups.map(({ errorCode }) => errorCode));
    },
  },
  {
    name: 'repeated-configs',
    what: `DescribeConfigs of a broker with its documentation, named ${CONFIGS_NAMED} times`,
    async run(target) {
      const client = await target.connect();
      const broker = { resourceType: 4, resourceName: '1', configurationKeys: null };
      const resources = times(CONFIGS_NAMED, broker);
      const all = { includeSynonyms: true, includeDocumentation: true };
      const { results } = await client.send(DescribeConfigs, 4, { resources, ...all });
      expectRefused(results.map(({ errorCode }) => errorCode));
    },
  },
  {
    name: 'fetch-sessions',
    what: `${SESSIONS} fetch sessions of ${SESSION_PARTITIONS} partitions that do not exist`,
    run: openSessions,
  },
  {
    name: 'record-errors',
    what: `${REFUSED_BATCHES} batches of 100,000 records without keys for a compacted topic, in one Produce`,
    prepare: async (target) => {
      await createTopic(await target.connect(), 'keyed', REFUSED_BATCHES, { 'cleanup.policy': 'compact' });
    },
    run: produceRefused,
  },
];
