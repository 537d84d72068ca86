/** A share group as ShareGroupDescribe answers it. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { GroupTopics } from '../group-topics.ts';
import { listPartitions } from '../modern/assignment.ts';
import type { ShareGroup } from './state.ts';
import { stateOf } from './state.ts';

/** Named as in ShareGroupDescribeResponse. */
export interface DescribedShareGroup {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly rackId: string | null;
    readonly memberEpoch: number;
    readonly clientId: string;
    readonly clientHost: string;
    readonly subscribedTopicNames: readonly string[];
    readonly assignment: {
      readonly topicPartitions: readonly { topicId: string; topicName: string; partitions: readonly number[] }[];
    };
  }[];
}

export function describeShareGroup(group: ShareGroup, topics: GroupTopics, assignorName: string): DescribedShareGroup {
  const { groupId, groupEpoch, assignmentEpoch } = group;
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId,
    groupState: stateOf(group),
    groupEpoch,
    assignmentEpoch,
    assignorName,
    members: Array.from(group.members.values(), (member) => {
      const { memberId, rackId, memberEpoch, clientId, clientHost, subscribedTopicNames } = member;
      const topicPartitions = listPartitions(member.assignedPartitions).flatMap((each) => {
        const topicName = topics.topicsById.get(each.topicId)?.name;
        return topicName === undefined ? [] : [{ ...each, topicName }];
      });
      const assignment = { topicPartitions };
      return { memberId, rackId, memberEpoch, clientId, clientHost, subscribedTopicNames, assignment };
    }),
  };
}

export function undescribedShareGroup(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): DescribedShareGroup {
  const nothing = { groupState: '', groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [] };
  return { errorCode, errorMessage, groupId, ...nothing };
}
