/** Groups by the ten thousand, and groups of thousands of members. */
import { JoinGroup } from '../../../protocol/apis/11-join-group.ts';
import { SyncGroup } from '../../../protocol/apis/14-sync-group.ts';
import { DescribeGroups } from '../../../protocol/apis/15-describe-groups.ts';
import { ListGroups } from '../../../protocol/apis/16-list-groups.ts';
import { DeleteGroups } from '../../../protocol/apis/42-delete-groups.ts';
import { OffsetCommit } from '../../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../../protocol/apis/09-offset-fetch.ts';
import { ConsumerGroupHeartbeat } from '../../../protocol/apis/68-consumer-group-heartbeat.ts';
import { ConsumerGroupDescribe } from '../../../protocol/apis/69-consumer-group-describe.ts';
import type { Client } from '../../../protocol/client.ts';
import { createTopic } from '../../running-broker.ts';
import { coordinatorIsThere, CoordinatorType } from '../coordinator.ts';
import type { Input, Target } from '../input.ts';

const GROUPS = 100_000;
const NAMED = 20_000;
const AT_A_TIME = 1_000;
const CLASSIC_MEMBERS = 2_000;
const MEMBERS = 1_000;
const PARTITIONS = 100;
const REBALANCE_MS = 60_000;
const NEW_MEMBER = 79;
const settings = {
  'offsets.topic.num.partitions': '4',
  'offsets.retention.check.interval.ms': '1000',
  'group.initial.rebalance.delay.ms': '1000',
};

async function prepareTopic(target: Target): Promise<void> {
  await createTopic(await target.connect(), 'read', PARTITIONS);
  await coordinatorIsThere(target, CoordinatorType.group);
}

async function commitAll(target: Target): Promise<void> {
  await prepareTopic(target);
  const client = await target.connect();
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }];
  for (let from = 0; from < GROUPS; from += AT_A_TIME) {
    const commit = (at: number) =>
      client.send(OffsetCommit, 8, {
        groupId: `group-${from + at}`,
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [{ name: 'read', partitions }],
      });
    await Promise.all(Array.from({ length: AT_A_TIME }, (_, at) => commit(at)));
  }
}

async function askOfAll(target: Target): Promise<void> {
  const client = await target.connect();
  const { groups } = await client.send(ListGroups, 5, { statesFilter: [], typesFilter: [] });
  const names = groups.slice(0, NAMED).map(({ groupId }) => groupId);
  await client.send(DescribeGroups, 5, { groups: names });
  await client.send(OffsetFetch, 8, {
    groups: names.map((groupId) => ({ groupId, topics: null })),
    requireStable: false,
  });
  const { results } = await client.send(DeleteGroups, 2, { groupsNames: names });
  for (const { errorCode } of results) if (errorCode !== 0) throw new Error(`DeleteGroups answered ${errorCode}`);
}

/** All members join before the first is answered, each on a connection of its own, and the leader assigns to all of them. */
async function rebalance(target: Target): Promise<void> {
  const clients: Client[] = [];
  for (let at = 0; at < CLASSIC_MEMBERS; at++) clients.push(await target.connect());
  const group = { groupId: 'wide', sessionTimeoutMs: REBALANCE_MS, rebalanceTimeoutMs: REBALANCE_MS };
  const join = { ...group, protocolType: 'consumer', protocols: [{ name: 'range', metadata: Buffer.alloc(100) }] };
  const joined = await Promise.all(
    clients.map(async (client) => {
      const first = await client.send(JoinGroup, 9, { ...join, memberId: '' });
      return first.errorCode === NEW_MEMBER ? client.send(JoinGroup, 9, { ...join, memberId: first.memberId }) : first;
    }),
  );
  await Promise.all(
    joined.map(({ memberId, generationId, members }, at) =>
      clients[at].send(SyncGroup, 5, {
        groupId: 'wide',
        generationId,
        memberId,
        protocolType: 'consumer',
        protocolName: 'range',
        assignments: members.map((member) => ({ memberId: member.memberId, assignment: Buffer.alloc(50) })),
      }),
    ),
  );
}

async function joinConsumers(target: Target): Promise<void> {
  const client = await target.connect();
  for (let at = 0; at < MEMBERS; at++) {
    await client.send(ConsumerGroupHeartbeat, 1, {
      groupId: 'modern',
      memberId: `member-${at}`,
      memberEpoch: 0,
      rebalanceTimeoutMs: REBALANCE_MS,
      instanceId: null,
      rackId: null,
      subscribedTopicNames: ['read'],
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: [],
    });
  }
  await client.send(ConsumerGroupDescribe, 1, { groupIds: ['modern'], includeAuthorizedOperations: false });
}

export const manyGroups: readonly Input[] = [
  {
    name: 'many-groups',
    what: `Of ${GROUPS} groups: ListGroups, and DescribeGroups, OffsetFetch and DeleteGroups of ${NAMED}`,
    settings,
    prepare: commitAll,
    run: askOfAll,
  },
  {
    name: 'wide-classic-group',
    what: `${CLASSIC_MEMBERS} members join a classic group together, and are assigned to`,
    settings,
    prepare: prepareTopic,
    run: rebalance,
  },
  {
    name: 'wide-consumer-group',
    what: `${MEMBERS} members join a group of the consumer protocol, one after the other`,
    settings,
    prepare: prepareTopic,
    run: joinConsumers,
  },
];
