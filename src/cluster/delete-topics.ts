/** Decides what deleting topics means. Pure. */
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { ClusterImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';

/** By name, or by id with the name null. */
export interface TopicToDelete {
  readonly name: string | null;
  readonly topicId: string;
}

export interface DeleteResult {
  readonly name: string | null;
  readonly topicId: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export function deleteTopics(
  topics: readonly TopicToDelete[], image: ClusterImage,
): { results: DeleteResult[]; records: MetadataDraft[] } {
  const results: DeleteResult[] = [];
  const records: MetadataDraft[] = [];
  const seen = new Set<string>();
  for (const { name, topicId } of topics) {
    const refuse = (errorCode: number, message = errorMessage(errorCode)): void => {
      results.push({ name, topicId, errorCode, errorMessage: message });
    };
    if (name !== null && topicId !== ZERO_UUID) {
      refuse(ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.');
      continue;
    }
    if (name === null && topicId === ZERO_UUID) {
      refuse(ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.');
      continue;
    }
    const topic = name === null ? image.topicsById.get(topicId) : image.topicsByName.get(name);
    if (topic === undefined) {
      refuse(name === null ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    } else if (seen.has(topic.id)) {
      refuse(ErrorCode.INVALID_REQUEST, name === null ? 'Duplicate topic id.' : 'Duplicate topic name.');
    } else {
      seen.add(topic.id);
      records.push({ type: 'RemoveTopicRecord', topicId: topic.id });
      results.push({ name: topic.name, topicId: topic.id, errorCode: ErrorCode.NONE, errorMessage: null });
    }
  }
  return { results, records };
}
