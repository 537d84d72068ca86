/** Says what became of records a share consumer had acquired. */
import { ShareAcknowledge } from '../../protocol/apis/79-share-acknowledge.ts';
import { errorMessageOrNull } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { andThen } from '../coordination/answers.ts';
import type { ShareAnswer } from '../share/share-fetch.ts';
import { handler } from './handler.ts';
import { speaksShareProtocol } from './group-protocols.ts';
import type { RequestContext } from './request-context.ts';
import {
  askedPartitions,
  byTopic,
  currentLeaderOf,
  nodeEndpointsOf,
  refusalOf,
  topicRefusals,
  type DeliveryParts,
} from './share-request.ts';
import { read } from '../security/needs.ts';

type Request = RequestOf<typeof ShareAcknowledge>;
type Response = ResponseDraft<typeof ShareAcknowledge>;

export const shareAcknowledge = handler(ShareAcknowledge, {
  needs: ({ groupId }, _context, broker: DeliveryParts) =>
    speaksShareProtocol(broker) && groupId !== null ? read.group(groupId) : null,
  byHand: [read.topic('name of topics[].topicId')],
  handle: (request, context, broker: DeliveryParts) => {
    const refused = refusalOf(request, broker);
    if (refused !== null) return refuse(request, refused);
    const { groupId, memberId, shareSessionEpoch, isRenewAck, topics } = request;
    const acknowledged = andThen(broker.share.use(), ({ delivery }) =>
      delivery.acknowledge({
        groupId: groupId!,
        memberId: memberId!,
        connectionId: context.connectionId,
        epoch: shareSessionEpoch,
        refusalOf: topicRefusals(context, broker, ShareAcknowledge.name),
        isRenewAck,
        partitions: askedPartitions(topics),
      }),
    );
    return andThen(acknowledged, (answer) => responseOf(answer, context, broker));
  },
  refuse,
});

function refuse(_request: Request, errorCode: number): Response {
  return { errorCode, responses: [], nodeEndpoints: [] };
}

function responseOf(
  { errorCode, lockMs, partitions }: ShareAnswer,
  context: RequestContext,
  broker: DeliveryParts,
): Response {
  const { image } = broker.metadata;
  return {
    errorCode,
    acquisitionLockTimeoutMs: lockMs,
    responses: Array.from(byTopic(partitions), ([topicId, all]) => ({
      topicId,
      partitions: all.map((one) => ({
        partitionIndex: one.partition,
        errorCode: one.acknowledgeErrorCode,
        errorMessage: errorMessageOrNull(one.acknowledgeErrorCode),
        currentLeader: currentLeaderOf(image, one, one.acknowledgeErrorCode),
      })),
    })),
    nodeEndpoints: nodeEndpointsOf(image, context.session.listenerName, partitions),
  };
}
