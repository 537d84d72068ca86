/** Deletes committed offsets of a group, of topics that its members do not subscribe to. */
import { OffsetDelete } from '../../protocol/apis/47-offset-delete.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { andThen } from '../coordination/answers.ts';
import { handler } from './handler.ts';
import { inParts, mergeTopics, readRefusal, sortTopics } from './topic-partitions.ts';
import { read, remove } from '../security/needs.ts';

export const offsetDelete = handler(OffsetDelete, {
  needs: ({ groupId }) => remove.group(groupId),
  byHand: [read.topic('topics[].name')],
  *handle({ groupId, topics }, { access }, { metadata, groups }: Parts<'metadata' | 'groups'>) {
    const named = topics.map((topic) => ({ ...topic, topicId: ZERO_UUID }));
    const { known, unknown } = yield* sortTopics(metadata.image, named, false, readRefusal(access, OffsetDelete.name));
    let failed: number = ErrorCode.NONE;
    const deleted = yield* inParts(known, (part) =>
      andThen(groups.deleteOffsets(groupId, part), (outcome) => {
        failed ||= outcome.errorCode;
        return outcome.topics;
      }),
    );
    return andThen(deleted, function* (all) {
      return { errorCode: failed, topics: failed === ErrorCode.NONE ? yield* mergeTopics(unknown, all) : [] };
    });
  },
  refuse: (_request, errorCode) => ({ errorCode, topics: [] }),
});
