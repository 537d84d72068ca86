/** Groups are described with the topics that their members are assigned: only to who may describe those. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Access } from '../security/access.ts';
import { Operation, Resource } from '../security/acls/codes.ts';
import { describe } from '../security/needs.ts';

/** What is told instead, in Kafka's words. */
export const TOPICS_HIDDEN = {
  errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  errorMessage: 'The group has described topic(s) that the client is not authorized to describe.',
} as const;

interface Assignment {
  readonly topicPartitions: readonly { readonly topicName: string }[];
}

interface DescribedGroup {
  readonly errorCode: number;
  readonly members: readonly { readonly assignment: Assignment; readonly targetAssignment?: Assignment }[];
}

export function hidesTopics({ errorCode, members }: DescribedGroup, access: Access | null, apiName: string): boolean {
  if (access === null || errorCode !== ErrorCode.NONE) return false;
  const names = new Set<string>();
  for (const { assignment, targetAssignment } of members) {
    for (const { topicName } of assignment.topicPartitions) names.add(topicName);
    for (const { topicName } of targetAssignment?.topicPartitions ?? []) names.add(topicName);
  }
  let isHidden = false;
  for (const name of names) if (access.errorOf(describe.topic(name), apiName) !== ErrorCode.NONE) isHidden = true;
  return isHidden;
}

/** For topics that a regular expression fits; undefined: all of them. The audit log is not told, as in Kafka. */
export function mayDescribe(access: Access | null): ((topic: string) => boolean) | undefined {
  if (access === null) return undefined;
  return (topic) => (access.operationsOn(Resource.TOPIC, topic) & (1 << Operation.DESCRIBE)) !== 0;
}
