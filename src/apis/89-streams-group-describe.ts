/** Shows streams groups with their topologies and members (KIP-1071). */
import { StreamsGroupDescribe } from '../../protocol/apis/89-streams-group-describe.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen } from '../coordination/answers.ts';
import { undescribedStreamsGroup, type DescribedStreamsGroup } from '../groups/streams/describe.ts';
import { mapInPieces } from '../platform/pieces.ts';
import type { Access } from '../security/access.ts';
import { describe } from '../security/needs.ts';
import { groupOperations, NOT_ASKED } from './authorized-operations.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { speaksStreamsProtocol, STREAMS_GROUPS_OFF } from './group-protocols.ts';

type Broker = Parts<'config' | 'groups' | 'metadata'>;

/** In Kafka's words. */
const TOPICS_HIDDEN = 'The described group uses topics that the client is not authorized to describe.';
/** Of a topology's description (KIP-1331). */
const NONE_STORED = 1;

export const streamsGroupDescribe = handler(StreamsGroupDescribe, {
  parts: {
    list: 'groupIds',
    needs: (_request, _context, broker: Broker) => {
      const isOn = speaksStreamsProtocol(broker);
      return (groupId) => (isOn ? describe.group(groupId) : null);
    },
    refused: (groupId, errorCode) => shown(undescribedStreamsGroup(groupId, errorCode, null)),
    answers: 'groups',
    place: 'first',
  },
  byHand: [describe.topic('every topic of the topology')],
  *handle(request, { apiVersion, access }, broker: Broker) {
    const { groupIds, includeAuthorizedOperations, includeTopologyDescription } = request;
    if (!speaksStreamsProtocol(broker)) return refusal(groupIds, ErrorCode.UNSUPPORTED_VERSION, STREAMS_GROUPS_OFF);
    const describeOne = (groupId: string) =>
      broker.groups.whenCommitted(groupId, broker.groups.streams.describe(groupId), (errorCode) =>
        undescribedStreamsGroup(groupId, errorCode, null),
      );
    const bytesOf = (group: DescribedStreamsGroup) =>
      responseBytes(StreamsGroupDescribe, apiVersion, { groups: [shown(group)] });
    return andThen(yield* answerEach(groupIds, describeOne, bytesOf), function* (all) {
      const groups = yield* mapInPieces(all, (described) => {
        const { groupId } = described;
        const each = hidesTopics(described, access)
          ? undescribedStreamsGroup(groupId, ErrorCode.TOPIC_AUTHORIZATION_FAILED, TOPICS_HIDDEN)
          : described;
        const isTold = each.errorCode === ErrorCode.NONE;
        return {
          ...shown(each),
          topologyDescriptionStatus: isTold && includeTopologyDescription ? NONE_STORED : 0,
          authorizedOperations: isTold && includeAuthorizedOperations ? groupOperations(access, groupId) : NOT_ASKED,
        };
      });
      return { groups };
    });
  },
  refuse: ({ groupIds }, errorCode) => refusal(groupIds, errorCode, null),
});

function shown({ topics: _topics, ...group }: DescribedStreamsGroup) {
  return group;
}

function hidesTopics({ topics }: DescribedStreamsGroup, access: Access | null): boolean {
  if (access === null) return false;
  let isHidden = false;
  for (const name of topics) {
    if (access.errorOf(describe.topic(name), StreamsGroupDescribe.name) !== ErrorCode.NONE) isHidden = true;
  }
  return isHidden;
}

function refusal(groupIds: readonly string[], errorCode: number, errorMessage: string | null) {
  return { groups: groupIds.map((groupId) => shown(undescribedStreamsGroup(groupId, errorCode, errorMessage))) };
}
