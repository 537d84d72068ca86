/** What a group has committed: read, written, forgotten. */
import { OffsetCommit } from '../../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../../protocol/apis/09-offset-fetch.ts';
import { OffsetDelete } from '../../../protocol/apis/47-offset-delete.ts';
import type { Cluster } from './cluster.ts';
import { refuse } from './failure.ts';
import { byTopic, nameOf, type TopicPartition } from './offsets.ts';

export interface CommittedOffset extends TopicPartition {
  readonly offset: number;
  /** Of the record before; -1 where the committer did not say. */
  readonly leaderEpoch?: number;
}

/** What identifies the one who commits; nobody in particular unless given. */
export interface Committer {
  readonly memberId: string;
  readonly generationId: number;
}

const NOBODY: Committer = { memberId: '', generationId: -1 };

/** All offsets that the group has committed. */
export async function committedOffsets(cluster: Cluster, groupId: string): Promise<CommittedOffset[]> {
  const answer = await cluster.sendToCoordinator(
    groupId,
    OffsetFetch,
    { groupId, topics: null },
    ({ errorCode, topics }) => {
      refuse(`group '${groupId}'`, errorCode);
      for (const { name, partitions } of topics) {
        for (const { partitionIndex, errorCode: code } of partitions) refuse(`${name}/${partitionIndex}`, code);
      }
    },
  );
  return answer.topics.flatMap(({ name: topic, partitions }) =>
    partitions
      .filter(({ committedOffset }) => committedOffset >= 0)
      .map(({ partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: leaderEpoch }) => ({
        topic,
        partition,
        offset,
        leaderEpoch,
      })),
  );
}

export async function commitOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly CommittedOffset[],
  { memberId, generationId }: Committer = NOBODY,
): Promise<void> {
  if (offsets.length === 0) return;
  const topics = byTopic(offsets).map(([name, some]) => ({
    name,
    partitions: some.map(({ partition, offset }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedMetadata: '',
    })),
  }));
  const draft = { groupId, generationIdOrMemberEpoch: generationId, memberId, topics };
  await cluster.sendToCoordinator(groupId, OffsetCommit, draft, (answer) => {
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode } of partitions)
        refuse(`${groupId}: ${name}/${partitionIndex}`, errorCode);
    }
  });
}

/** Forgets the offsets of partitions that no member reads. */
export async function deleteOffsets(cluster: Cluster, groupId: string, of: readonly TopicPartition[]): Promise<void> {
  const topics = byTopic(of).map(([name, some]) => ({
    name,
    partitions: some.map(({ partition }) => ({ partitionIndex: partition })),
  }));
  await cluster.sendToCoordinator(groupId, OffsetDelete, { groupId, topics }, (answer) => {
    refuse(`group '${groupId}'`, answer.errorCode);
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode } of partitions) {
        refuse(`${groupId}: ${nameOf({ topic: name, partition: partitionIndex })}`, errorCode);
      }
    }
  });
}
