/**
 * Shows where share groups are in their partitions, and how far behind (KIP-932, KIP-1226); for `ottla queues` also what of them
 * is in flight at this broker.
 */
import { DescribeShareGroupOffsets } from '../../protocol/apis/90-describe-share-group-offsets.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { andThen, type Answer } from '../coordination/answers.ts';
import { filterInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import type { Parts } from './broker-parts.ts';
import type { DescribedOffsets, OffsetsTopic } from '../groups/share/offsets.ts';
import type { InFlightSummary } from '../share/delivery-view.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { SHARE_GROUPS_OFF, speaksShareProtocol } from './group-protocols.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Access } from '../security/access.ts';
import { describe } from '../security/needs.ts';

type Broker = Parts<'groups' | 'metadata' | 'share'>;
type Described = DescribedOffsets & { readonly inFlight: readonly InFlightSummary[] };

export const describeShareGroupOffsets = handler(DescribeShareGroupOffsets, {
  parts: {
    list: 'groups',
    needs: (_request, _context, broker: Broker) => {
      const isOn = speaksShareProtocol(broker);
      return ({ groupId }) => (isOn ? describe.group(groupId) : null);
    },
    refused: ({ groupId }, errorCode) => ({ groupId, topics: [], errorCode, errorMessage: null, inFlight: [] }),
    answers: 'groups',
    place: 'in order',
  },
  byHand: [describe.topic('groups[].topics[].topicName')],
  *handle({ groups, includeInFlight }, { apiVersion, access }, broker: Broker) {
    if (!speaksShareProtocol(broker)) return refusal(groups, ErrorCode.UNSUPPORTED_VERSION, SHARE_GROUPS_OFF);
    type Asked = (typeof groups)[number];
    const offsets = ({ groupId, topics }: Asked) => broker.groups.share.describeOffsets(groupId, topics);
    const seen = access === null ? offsets : (asked: Asked) => visible(asked, offsets, access);
    const shown = (asked: Asked) =>
      whenDone(seen(asked), (answer) =>
        andThen(answer, (group): Described => {
          return { ...group, inFlight: includeInFlight ? inFlightOf(group.groupId, broker, access) : [] };
        }),
      );
    const bytesOf = (group: Described) => responseBytes(DescribeShareGroupOffsets, apiVersion, { groups: [group] });
    // All topics of a group may be many, and take few bytes to ask for.
    const keyOf = (asked: Asked): unknown => (asked.topics === null ? asked.groupId : asked);
    return andThen(yield* answerEach(groups, shown, bytesOf, keyOf), (all) => ({ groups: all }));
  },
  refuse: ({ groups }, errorCode) => refusal(groups, errorCode, null),
});

function refusal(groups: readonly { readonly groupId: string }[], errorCode: number, errorMessage: string | null) {
  return { groups: groups.map(({ groupId }) => ({ groupId, topics: [], errorCode, errorMessage, inFlight: [] })) };
}

/** Of the topics that the client may describe. */
function inFlightOf(groupId: string, { share, metadata }: Broker, access: Access | null): InFlightSummary[] {
  const all = share.loaded?.view.summaries(groupId) ?? [];
  if (access === null) return all;
  const { topicsById } = metadata.image;
  return all.filter(({ topicId }) => mayDescribe(access, topicsById.get(topicId)?.name ?? ''));
}

function mayDescribe(access: Access, topicName: string): boolean {
  return access.errorOf(describe.topic(topicName), DescribeShareGroupOffsets.name) === ErrorCode.NONE;
}

interface AskedOffsets {
  readonly groupId: string;
  readonly topics: readonly OffsetsTopic[] | null;
}

/** Without the topics that the client may not describe; those that it names are told behind the others. */
function* visible<Asked extends AskedOffsets>(
  asked: Asked,
  offsets: (asked: Asked) => Pieces<Answer<DescribedOffsets>>,
  access: Access,
): Pieces<Answer<DescribedOffsets>> {
  const { topics } = asked;
  const sees = ({ topicName }: { readonly topicName: string }): boolean => mayDescribe(access, topicName);
  if (topics === null) {
    return andThen(yield* offsets(asked), (described) => ({ ...described, topics: described.topics.filter(sees) }));
  }
  const allowed = yield* filterInPieces(topics, sees);
  const isAllowed = new Set(allowed);
  const hidden = topics.filter((topic) => !isAllowed.has(topic)).map(hiddenTopic);
  return andThen(yield* offsets({ ...asked, topics: allowed }), (described) =>
    described.errorCode === ErrorCode.NONE ? { ...described, topics: described.topics.concat(hidden) } : described,
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
