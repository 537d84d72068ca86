/** What a consumer group knows of the cluster's topics: which ones it reads, and whether they have changed. */
import type { GroupTopics } from '../group-topics.ts';
import type { ConsumerGroup, ConsumerMember, ResolvedRegex } from './state.ts';

export type Regexes = ReadonlyMap<string, ResolvedRegex>;

/** Every topic name that one of the members subscribes to, by name or by regular expression. */
export function namesOf(members: Iterable<ConsumerMember>, regexes: Regexes): Set<string> {
  const names = new Set<string>();
  for (const member of members) {
    for (const name of member.subscribedTopicNames) names.add(name);
    if (member.subscribedTopicRegex === '') continue;
    for (const name of regexes.get(member.subscribedTopicRegex)?.topics ?? []) names.add(name);
  }
  return names;
}

/** The ids of those that exist. */
export function topicIdsOf(member: ConsumerMember, regexes: Regexes, topics: GroupTopics): Set<string> {
  const ids = new Set<string>();
  for (const name of namesOf([member], regexes)) {
    const topic = topics.topicsByName.get(name);
    if (topic !== undefined) ids.add(topic.id);
  }
  return ids;
}

/** Whether a member subscribes to the topic. Expiry asks of every topic that the group has committed offsets of. */
export function readsTopic(group: ConsumerGroup, name: string): boolean {
  group.readTopics ??= namesOf(group.members.values(), group.regexes);
  return group.readTopics.has(name);
}
