/** Deletes topics by name or id; their names can be used again before the response is sent. */
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { ZERO_UUID, type RequestOf, type ResponseDraft } from '../../protocol/schema.ts';
import type { TopicToDelete } from '../cluster/delete-topics.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

/** The first version that has TOPIC_DELETION_DISABLED. */
const KNOWS_DISABLED = 3;

export const deleteTopics = handler(DeleteTopics, {
  forwarded: true,
  handle: (request, { apiVersion }, { config, controller }: Parts<'config' | 'controller'>) => {
    if (!config['delete.topic.enable']) {
      const isKnown = apiVersion >= KNOWS_DISABLED;
      return refuse(request, isKnown ? ErrorCode.TOPIC_DELETION_DISABLED : ErrorCode.INVALID_REQUEST);
    }
    return controller.deleteTopics(topicsOf(request)).then((responses) => ({ responses }));
  },
  refuse,
});

function refuse(request: RequestOf<typeof DeleteTopics>, errorCode: number): ResponseDraft<typeof DeleteTopics> {
  return {
    responses: topicsOf(request).map(({ name, topicId }) => ({
      name,
      topicId,
      errorCode,
      errorMessage: errorMessage(errorCode),
    })),
  };
}

function topicsOf({ topics, topicNames }: RequestOf<typeof DeleteTopics>): readonly TopicToDelete[] {
  return topicNames.length > 0 ? topicNames.map((name) => ({ name, topicId: ZERO_UUID })) : topics;
}
