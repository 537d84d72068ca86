/** Decides what deleting topics means. Pure. */
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { countInPieces, eachInPieces, setInPieces, type Pieces } from '../platform/pieces.ts';
import { throttled, type TakePermits } from './create-topics.ts';
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

/** A topic that is asked for twice is not deleted, and is answered once, known or not. */
export function* deleteTopics(
  topics: readonly TopicToDelete[],
  image: ClusterImage,
  takePermits?: TakePermits,
): Pieces<{ results: DeleteResult[]; records: MetadataDraft[] }> {
  const results: DeleteResult[] = [];
  const records: MetadataDraft[] = [];
  const times = yield* countInPieces(topics, keyOf);
  const ids = yield* setInPieces(topics, ({ topicId }) => topicId);
  const answered = new Set<string>();

  yield* eachInPieces(topics, (asked) => {
    const { name, topicId } = asked;
    const key = keyOf(asked);
    const refuse = (errorCode: number, message = errorMessage(errorCode), id = topicId): void => {
      results.push({ name, topicId: id, errorCode, errorMessage: message });
    };
    const [byName, byId] = [name !== null, topicId !== ZERO_UUID];
    if (byName === byId) {
      refuse(
        ErrorCode.INVALID_REQUEST,
        byName ? 'You may not specify both topic name and topic id.' : 'Neither topic name nor id were specified.',
      );
      return;
    }
    if (answered.has(key)) return;
    answered.add(key);
    const topic = name === null ? image.topicsById.get(topicId) : image.topicsByName.get(name);
    if (times.get(key)! > 1) {
      refuse(ErrorCode.INVALID_REQUEST, byName ? 'Duplicate topic name.' : 'Duplicate topic id.');
    } else if (topic === undefined) {
      refuse(byName ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID);
    } else if (byName && ids.has(topic.id)) {
      refuse(ErrorCode.INVALID_REQUEST, 'The provided topic name maps to an ID that was already supplied.', topic.id);
    } else if (byId && times.has(`name ${topic.name}`)) {
      return; // its name has been asked for too, and is answered for both
    } else if (!(takePermits?.(topic.partitions.length) ?? true)) {
      const { errorCode, errorMessage: words } = throttled();
      refuse(errorCode, words);
    } else {
      records.push({ type: 'RemoveTopicRecord', topicId: topic.id });
      results.push({ name: topic.name, topicId: topic.id, errorCode: ErrorCode.NONE, errorMessage: null });
    }
  });
  return { results, records };
}

function keyOf({ name, topicId }: TopicToDelete): string {
  return name === null ? `id ${topicId}` : `name ${name}`;
}
