/** What the conversation about share groups (KIP-932) is held with: requests with the usual filled in, and a line for each answer. */
import {
  AlterShareGroupOffsets,
  DeleteShareGroupOffsets,
  DescribeShareGroupOffsets,
  ListGroups,
  ShareGroupDescribe,
  ShareGroupHeartbeat,
} from '../../protocol/apis/index.ts';
import type { Draft } from '../../protocol/schema.ts';
import { Talk } from './consumer-talk.ts';

export type ShareHeartbeatDraft = Draft<(typeof ShareGroupHeartbeat)['request']['fields']>;

export class ShareTalk extends Talk {
  shareBeat(group: string, memberId: string, memberEpoch: number, more: Partial<ShareHeartbeatDraft> = {}) {
    return this.send('one', ShareGroupHeartbeat, 1, { groupId: this.in(group), memberId, memberEpoch, ...more });
  }

  shareJoin(group: string, memberId: string, topics: readonly string[], more: Partial<ShareHeartbeatDraft> = {}) {
    const subscribedTopicNames = topics.map((topic) => this.in(topic));
    return this.shareBeat(group, memberId, 0, { subscribedTopicNames, ...more });
  }

  async shareDescribe(group: string) {
    const { groups } = await this.send('one', ShareGroupDescribe, 1, {
      groupIds: [this.in(group)],
      includeAuthorizedOperations: false,
    });
    return groups.map((each) => ({
      ...each,
      members: each.members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1)),
    }));
  }

  async shareState(what: string, group: string): Promise<void> {
    const [{ groupState, groupEpoch, assignmentEpoch, members }] = await this.shareDescribe(group);
    const epochs = members.map(({ memberEpoch }) => memberEpoch).toSorted((a, b) => a - b);
    this.lines.push(
      `${what}: ${groupState} epoch=${groupEpoch} assignment=${assignmentEpoch} members=${epochs.join()}`,
    );
  }

  async describeOffsets(group: string, topics: Readonly<Record<string, number[]>> | null, version = 1) {
    const { groups } = await this.send('one', DescribeShareGroupOffsets, version, {
      groups: [
        {
          groupId: this.in(group),
          topics:
            topics && Object.entries(topics).map(([name, partitions]) => ({ topicName: this.in(name), partitions })),
        },
      ],
    });
    return groups.map((each) => ({
      ...each,
      topics: each.topics.toSorted((a, b) => (a.topicName < b.topicName ? -1 : 1)),
    }));
  }

  /** `offsets` by topic and partition. */
  alterOffsets(group: string, offsets: Readonly<Record<string, Readonly<Record<number, number>>>>) {
    return this.send('one', AlterShareGroupOffsets, 0, {
      groupId: this.in(group),
      topics: Object.entries(offsets).map(([name, partitions]) => ({
        topicName: this.in(name),
        partitions: Object.entries(partitions).map(([index, startOffset]) => ({
          partitionIndex: Number(index),
          startOffset,
        })),
      })),
    });
  }

  deleteShareOffsets(group: string, topics: readonly string[]) {
    return this.send('one', DeleteShareGroupOffsets, 0, {
      groupId: this.in(group),
      topics: topics.map((name) => ({ topicName: this.in(name) })),
    });
  }

  async list(typesFilter: readonly string[] = [], statesFilter: readonly string[] = []) {
    const { groups } = await this.send('one', ListGroups, 5, {
      typesFilter: [...typesFilter],
      statesFilter: [...statesFilter],
    });
    return groups
      .filter(({ groupId }) => groupId.startsWith(`${this.run}-`))
      .toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1));
  }
}
