/** Deletes committed offsets of a group, of topics that its members do not subscribe to. */
import { OffsetDelete } from '../../protocol/apis/47-offset-delete.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { andThen } from '../coordination/answers.ts';
import { handler } from './handler.ts';
import { mergeTopics, sortTopics } from './topic-partitions.ts';

export const offsetDelete = handler(OffsetDelete, {
  handle: ({ groupId, topics }, _context, { metadata, groups }: Parts<'metadata' | 'groups'>) => {
    const named = topics.map((topic) => ({ ...topic, topicId: ZERO_UUID }));
    const { known, unknown } = sortTopics(metadata.image, named, false);
    return andThen(groups.deleteOffsets(groupId, known), ({ errorCode, topics: deleted }) => ({
      errorCode,
      topics: errorCode === ErrorCode.NONE ? mergeTopics(unknown, deleted) : [],
    }));
  },
  refuse: (_request, errorCode) => ({ errorCode, topics: [] }),
});
