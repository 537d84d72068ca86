/** A consumer group as ConsumerGroupDescribe answers it. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { listPartitions } from '../modern/assignment.ts';
import type { TopicPartitions } from '../modern/assignment.ts';
import { targetOf } from '../modern/group.ts';
import type { ConsumerGroup, ConsumerMember } from './state.ts';
import { stateOf, usesClassicProtocol } from './state.ts';
import { chooseAssignor } from './target.ts';
import type { GroupTopics } from '../group-topics.ts';

interface DescribedAssignment {
  readonly topicPartitions: readonly { topicId: string; topicName: string; partitions: readonly number[] }[];
}

/** Named as in ConsumerGroupDescribeResponse. */
export interface DescribedConsumerGroup {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly rackId: string | null;
    readonly memberEpoch: number;
    readonly clientId: string;
    readonly clientHost: string;
    readonly subscribedTopicNames: readonly string[];
    readonly subscribedTopicRegex: string | null;
    readonly assignment: DescribedAssignment;
    readonly targetAssignment: DescribedAssignment;
    /** 0 classic, 1 consumer. */
    readonly memberType: number;
  }[];
}

export function describeConsumerGroup(
  group: ConsumerGroup,
  topics: GroupTopics,
  assignors: readonly string[],
): DescribedConsumerGroup {
  const { groupId, groupEpoch, assignmentEpoch } = group;
  const named = (partitions: readonly TopicPartitions[]): DescribedAssignment => ({
    topicPartitions: partitions.flatMap((each) => {
      const topicName = topics.topicsById.get(each.topicId)?.name;
      return topicName === undefined ? [] : [{ ...each, topicName }];
    }),
  });
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId,
    groupState: stateOf(group),
    groupEpoch,
    assignmentEpoch,
    assignorName: chooseAssignor(group.members.values(), assignors),
    members: Array.from(group.members.values(), (member) => {
      const { memberId, instanceId, rackId, memberEpoch, clientId, clientHost } = member;
      const { subscribedTopicNames, subscribedTopicRegex } = member;
      return {
        memberId,
        instanceId,
        rackId,
        memberEpoch,
        clientId,
        clientHost,
        subscribedTopicNames,
        subscribedTopicRegex,
        assignment: named(held(member)),
        targetAssignment: named(listPartitions(targetOf(group, memberId))),
        memberType: usesClassicProtocol(member) ? 0 : 1,
      };
    }),
  };
}

/** The member may still have partitions that it was told to revoke. */
function held(member: ConsumerMember): TopicPartitions[] {
  const all = new Map<string, Set<number>>();
  for (const owned of [member.assignedPartitions, member.partitionsPendingRevocation]) {
    for (const [topicId, partitions] of owned) {
      all.set(topicId, new Set([...(all.get(topicId) ?? []), ...partitions.keys()]));
    }
  }
  return listPartitions(all);
}

export function undescribedConsumerGroup(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): DescribedConsumerGroup {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
  };
}
