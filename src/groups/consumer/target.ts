/** Makes a consumer group's next target assignment, by the assignor that most of its members ask for. */
import { assignors } from '../assignors/index.ts';
import type { AssignedMember } from '../assignors/assignor.ts';
import { consumerRecords } from './records.ts';
import { NO_PARTITIONS } from '../modern/assignment.ts';
import type { Assignment } from '../modern/assignment.ts';
import { addTargets } from '../modern/epochs.ts';
import type { ConsumerMember } from './state.ts';
import type { GroupTopics } from '../group-topics.ts';
import type { Regexes } from './topics.ts';
import { topicIdsOf } from './topics.ts';
import type { ConsumerDecision } from './decision.ts';

/** The assignor with the most votes; where there are none, or a tie, the one the broker names first. */
export function chooseAssignor(members: Iterable<ConsumerMember>, known: readonly string[]): string {
  const votes = new Map<string, number>();
  for (const { serverAssignor } of members) {
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1);
  }
  let chosen = known[0];
  for (const name of known) if ((votes.get(name) ?? 0) > (votes.get(chosen) ?? 0)) chosen = name;
  return chosen;
}

/** Adds the records of the new target to the decision, and answers it by member id. */
export function assignTargets(
  groupId: string,
  members: readonly ConsumerMember[],
  before: ReadonlyMap<string, Assignment>,
  regexes: Regexes,
  epoch: number,
  decision: ConsumerDecision,
): Map<string, Assignment> {
  const { limits, topics } = decision;
  const assign = assignors[chooseAssignor(members, limits.assignors)];
  const targets = assign(
    specsOf(members, before, regexes, topics),
    (topicId) => topics.topicsById.get(topicId)?.partitions.length ?? 0,
  );
  addTargets(groupId, members, before, targets, epoch, consumerRecords, decision);
  return targets;
}

/** Members with the same subscription share one set of topics, by which assignors see that the subscriptions are equal. */
function specsOf(
  members: readonly ConsumerMember[],
  before: ReadonlyMap<string, Assignment>,
  regexes: Regexes,
  topics: GroupTopics,
): AssignedMember[] {
  const sets = new Map<string, ReadonlySet<string>>();
  return members.map((member) => {
    const { memberId, instanceId } = member;
    const key = `${member.subscribedTopicRegex}\n${member.subscribedTopicNames.join()}`;
    let topicIds = sets.get(key);
    if (topicIds === undefined) sets.set(key, (topicIds = topicIdsOf(member, regexes, topics)));
    return { memberId, instanceId, topicIds, assigned: before.get(memberId) ?? NO_PARTITIONS };
  });
}
