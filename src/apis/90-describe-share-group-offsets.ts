/** Shows where share groups are in their partitions, and how far behind (KIP-932, KIP-1226). */
import { DescribeShareGroupOffsets } from '../../protocol/apis/90-describe-share-group-offsets.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { andThen, type Answer } from '../coordination/answers.ts';
import { whenDone, type Pieces } from '../platform/pieces.ts';
import type { Parts } from './broker-parts.ts';
import type { DescribedOffsets, OffsetsTopic } from '../groups/share/offsets.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { SHARE_GROUPS_OFF, speaksShareProtocol } from './share-version.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Access } from '../security/access.ts';
import { describe } from '../security/needs.ts';

export const describeShareGroupOffsets = handler(DescribeShareGroupOffsets, {
  parts: {
    list: 'groups',
    needs: (_request, _context, broker: Parts<'groups' | 'metadata'>) => {
      const isOn = speaksShareProtocol(broker);
      return ({ groupId }) => (isOn ? describe.group(groupId) : null);
    },
    refused: ({ groupId }, errorCode) => ({ groupId, topics: [], errorCode, errorMessage: errorMessage(errorCode) }),
    answers: 'groups',
    place: 'in order',
  },
  byHand: [describe.topic('groups[].topics[].topicName')],
  *handle({ groups }, { apiVersion, access }, broker: Parts<'groups' | 'metadata'>) {
    if (!speaksShareProtocol(broker)) return refusal(groups, ErrorCode.UNSUPPORTED_VERSION, SHARE_GROUPS_OFF);
    type Asked = (typeof groups)[number];
    const offsets = ({ groupId, topics }: Asked) => broker.groups.share.describeOffsets(groupId, topics);
    const shown = access === null ? offsets : (asked: Asked) => visible(asked, offsets, access);
    const bytesOf = (group: DescribedOffsets) =>
      responseBytes(DescribeShareGroupOffsets, apiVersion, { groups: [group] });
    // All topics of a group may be many, and take few bytes to ask for.
    const keyOf = (asked: Asked): unknown => (asked.topics === null ? asked.groupId : asked);
    return andThen(yield* answerEach(groups, shown, bytesOf, keyOf), (all) => ({ groups: all }));
  },
  refuse: ({ groups }, errorCode) => refusal(groups, errorCode, null),
});

function refusal(groups: readonly { readonly groupId: string }[], errorCode: number, errorMessage: string | null) {
  return { groups: groups.map(({ groupId }) => ({ groupId, topics: [], errorCode, errorMessage })) };
}

interface AskedOffsets {
  readonly groupId: string;
  readonly topics: readonly OffsetsTopic[] | null;
}

/** Without the topics that the client may not describe; those that it names are told behind the others. */
function visible<Asked extends AskedOffsets>(
  asked: Asked,
  offsets: (asked: Asked) => Pieces<Answer<DescribedOffsets>>,
  access: Access,
): Pieces<Answer<DescribedOffsets>> {
  const { topics } = asked;
  const sees = ({ topicName }: { readonly topicName: string }): boolean =>
    access.errorOf(describe.topic(topicName), DescribeShareGroupOffsets.name) === ErrorCode.NONE;
  if (topics === null) {
    return whenDone(offsets(asked), (all) =>
      andThen(all, (described) => ({ ...described, topics: described.topics.filter(sees) })),
    );
  }
  const allowed = new Set(topics.filter(sees));
  const hidden = topics.filter((topic) => !allowed.has(topic)).map(hiddenTopic);
  return whenDone(offsets({ ...asked, topics: [...allowed] }), (seen) =>
    andThen(seen, (described) =>
      described.errorCode === ErrorCode.NONE ? { ...described, topics: described.topics.concat(hidden) } : described,
    ),
  );
}

function hiddenTopic({ topicName, partitions }: OffsetsTopic): DescribedOffsets['topics'][number] {
  const errorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  const refused = { startOffset: -1, leaderEpoch: 0, lag: -1, errorCode, errorMessage: errorMessage(errorCode) };
  return {
    topicName,
    topicId: ZERO_UUID,
    partitions: partitions.map((partitionIndex) => ({ partitionIndex, ...refused })),
  };
}
