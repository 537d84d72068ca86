/** Groups changed from the page: their offsets, their members, and that they are there. */
import * as z from 'zod';
import { OffsetCommit } from '../../../protocol/apis/08-offset-commit.ts';
import { LeaveGroup } from '../../../protocol/apis/13-leave-group.ts';
import { DeleteGroups } from '../../../protocol/apis/42-delete-groups.ts';
import { ConsumerGroupHeartbeat } from '../../../protocol/apis/68-consumer-group-heartbeat.ts';
import { ShareGroupHeartbeat } from '../../../protocol/apis/76-share-group-heartbeat.ts';
import { StreamsGroupHeartbeat } from '../../../protocol/apis/88-streams-group-heartbeat.ts';
import { ShareAcknowledge } from '../../../protocol/apis/79-share-acknowledge.ts';
import { AlterShareGroupOffsets } from '../../../protocol/apis/91-alter-share-group-offsets.ts';
import { offsetForTimestamp } from '../../partitions/offset-lookup.ts';
import { committedOffsets, groupType, groupWithoutLag } from '../../testing/group-view.ts';
import type { GroupMember } from '../../testing/group.ts';
import { queuePartitions } from '../../testing/queue-view.ts';
import { ChangeRefused, check, type Hands } from '../hands.ts';
import { partitionsOf } from '../record-at.ts';
import { change } from './change.ts';

const group = z.string().min(1);
const LEAVES = -1;
/** Of a share session. */
const ENDS = -1;

const to = z.union([
  z.enum(['earliest', 'latest']),
  z.strictObject({ offset: z.int().min(0) }),
  z.strictObject({ time: z.int().min(0).describe('milliseconds since 1970') }),
]);

/** One partition, before and after. */
export interface MovedOffset {
  readonly topic: string;
  readonly partition: number;
  /** Null where nothing was committed. */
  readonly before: number | null;
  readonly after: number;
}

export const resetOffsets = change(
  'write',
  z.strictObject({
    group,
    /** All that the group has committed, unless given. */
    topic: z.string().optional(),
    partition: z.int().min(0).optional(),
    to,
    /** Only tells what would be. */
    preview: z.boolean().optional(),
  }),
  async (hands, said) => {
    const { type, members } = groupWithoutLag(hands.view, said.group);
    const moved = movedOffsets(hands, said);
    if (said.preview === true) return { done: `${count(moved.length)} would be moved.`, moved };
    if (members.length > 0) {
      const who = members.length === 1 ? 'a member' : `${members.length} members`;
      throw new ChangeRefused(409, `Group '${said.group}' has ${who}: its offsets can be reset when they have left.`);
    }
    await (type === 'share' ? moveShareGroup(hands, said.group, moved) : commit(hands, said.group, moved));
    return { done: `${count(moved.length)} of group '${said.group}' were moved.`, moved };
  },
);

interface Reset {
  readonly group: string;
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly to: z.infer<typeof to>;
}

/** @throws {ChangeRefused} where nothing is left to move */
function movedOffsets(hands: Hands, { group: id, topic, partition, to: aim }: Reset): MovedOffset[] {
  const committed = startsOf(hands, id);
  const before = new Map(committed.map((each) => [`${each.topic}/${each.partition}`, each.offset]));
  const places =
    topic === undefined
      ? committed
      : Array.from({ length: partitionsOf(hands, topic) }, (_, index) => ({ topic, partition: index }));
  const moved = places.flatMap((each) => {
    if (partition !== undefined && each.partition !== partition) return [];
    const found = hands.view.parts.partitions.get(each.topic, each.partition);
    if (found === undefined) return [];
    const place = { topic: each.topic, partition: each.partition };
    return { ...place, before: before.get(`${each.topic}/${each.partition}`) ?? null, after: offsetAt(found, aim) };
  });
  if (moved.length > 0) return moved;
  throw new ChangeRefused(404, `Group '${id}' has committed nothing there: name a topic for it to begin with.`);
}

/** Where the group goes on. */
function startsOf({ view }: Hands, id: string): { topic: string; partition: number; offset: number }[] {
  if (groupType(view, id) !== 'share') return committedOffsets(view, id);
  return queuePartitions(view, id).flatMap(({ topic, partition, start: offset }) =>
    offset === null ? [] : [{ topic, partition, offset }],
  );
}

type Partition = NonNullable<ReturnType<Hands['view']['parts']['partitions']['get']>>;

/** Within what the partition has. */
function offsetAt(partition: Partition, aim: Reset['to']): number {
  const { logStartOffset: start, highWatermark: end } = partition;
  if (aim === 'earliest') return start;
  if (aim === 'latest') return end;
  if ('offset' in aim) return Math.min(Math.max(aim.offset, start), end);
  return offsetForTimestamp(partition, aim.time)?.offset ?? end;
}

async function commit(hands: Hands, groupId: string, moved: readonly MovedOffset[]): Promise<void> {
  const topics = byTopic(moved).map(([name, own]) => ({
    name,
    partitions: own.map(({ partition, after }) => ({
      partitionIndex: partition,
      committedOffset: after,
      committedMetadata: '',
    })),
  }));
  const answer = await hands.ask(OffsetCommit, 9, { groupId, memberId: '', topics }, { group: groupId });
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, errorCode } of partitions) {
      check(`group '${groupId}' cannot be moved in ${name}[${partitionIndex}]`, errorCode);
    }
  }
}

async function moveShareGroup(hands: Hands, groupId: string, moved: readonly MovedOffset[]): Promise<void> {
  const topics = byTopic(moved).map(([topicName, own]) => ({
    topicName,
    partitions: own.map(({ partition, after }) => ({ partitionIndex: partition, startOffset: after })),
  }));
  const answer = await hands.ask(AlterShareGroupOffsets, 0, { groupId, topics }, { group: groupId });
  check(`group '${groupId}'`, answer.errorCode, answer.errorMessage);
  for (const { topicName, partitions } of answer.responses) {
    for (const { partitionIndex, errorCode, errorMessage } of partitions) {
      check(`group '${groupId}' cannot be moved in ${topicName}[${partitionIndex}]`, errorCode, errorMessage);
    }
  }
}

function byTopic(moved: readonly MovedOffset[]): [string, MovedOffset[]][] {
  const topics = new Map<string, MovedOffset[]>();
  for (const each of moved) {
    const own = topics.get(each.topic);
    if (own === undefined) topics.set(each.topic, [each]);
    else own.push(each);
  }
  return [...topics];
}

function count(partitions: number): string {
  return partitions === 1 ? 'The offset of 1 partition' : `The offsets of ${partitions} partitions`;
}

export const removeMember = change(
  'write',
  z.strictObject({ group, memberId: z.string().min(1) }),
  async (hands, { group: groupId, memberId }) => {
    const { type, members } = groupWithoutLag(hands.view, groupId);
    const member = members.find((each) => each.memberId === memberId);
    if (member === undefined) {
      throw new ChangeRefused(404, `Group '${groupId}' has no member '${memberId}': it may have left already.`);
    }
    const of = { group: groupId };
    const what = `member '${memberId}'`;
    if (type === 'streams') {
      const leaves = { groupId, memberId, memberEpoch: LEAVES, endpointInformationEpoch: 0 };
      const answer = await hands.ask(StreamsGroupHeartbeat, 1, leaves, of);
      check(what, answer.errorCode, answer.errorMessage);
    } else if (type === 'consumer' || type === 'share') {
      const api = type === 'consumer' ? ConsumerGroupHeartbeat : ShareGroupHeartbeat;
      const answer = await hands.ask(api, 1, { groupId, memberId, memberEpoch: LEAVES }, of);
      check(what, answer.errorCode, answer.errorMessage);
      if (type === 'share') await endShareSessions(hands, groupId, member);
    } else {
      const members = [{ memberId, reason: 'removed on the page' }];
      const answer = await hands.ask(LeaveGroup, 5, { groupId, members }, of);
      check(what, answer.errorCode);
      check(what, answer.members[0].errorCode);
    }
    return { done: `'${member.clientId}' is no member of '${groupId}' any more. It may join again.` };
  },
);

/** What it holds goes back at once: its sessions would end with its connections only, and nobody may have those end. */
async function endShareSessions(hands: Hands, groupId: string, { memberId, assignment }: GroupMember): Promise<void> {
  const { topicsByName } = hands.view.parts.metadata.image;
  const byLeader = new Map(
    assignment.map((place) => [topicsByName.get(place.topic)?.partitions[place.partition]?.leader, place]),
  );
  for (const place of byLeader.values()) {
    const last = { groupId, memberId, shareSessionEpoch: ENDS, topics: [] };
    await hands.ask(ShareAcknowledge, 1, last, place); // it may have had none there
  }
}

export const deleteGroup = change('write', z.strictObject({ group }), async (hands, { group: groupId }) => {
  const { results } = await hands.ask(DeleteGroups, 2, { groupsNames: [groupId] }, { group: groupId });
  const [{ errorCode }] = results;
  check(`group '${groupId}' cannot be deleted`, errorCode);
  return { done: `Group '${groupId}' was deleted.` };
});
