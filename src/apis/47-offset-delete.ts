/** Forgets offsets a group has committed, of topics its members do not read. */
import { OffsetDelete } from '../../protocol/apis/47-offset-delete.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { mergeTopics, sortTopics } from './topic-partitions.ts';

export const offsetDelete = handler(OffsetDelete, {
  handle: ({ groupId, topics }, _context, { controller, groups }: Parts<'controller' | 'groups'>) => {
    const named = topics.map((topic) => ({ ...topic, topicId: ZERO_UUID }));
    const { known, unknown } = sortTopics(controller.image, named, false);
    const { errorCode, topics: deleted } = groups.deleteOffsets(groupId, known);
    if (errorCode !== ErrorCode.NONE) return { errorCode, topics: [] };
    return { errorCode, topics: mergeTopics(unknown, deleted) };
  },
  refuse: (_request, errorCode) => ({ errorCode, topics: [] }),
});
