/** Deletes topics by name or id; their names can be used again before the response is sent. */
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { ZERO_UUID, type RequestOf, type ResponseDraft } from '../../protocol/schema.ts';
import type { TopicToDelete } from '../cluster/delete-topics.ts';
import { countInPieces, eachInPieces, inPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { mutationQuota } from './mutation-quota.ts';
import type { ClusterImage } from '../cluster/image.ts';
import type { Access } from '../security/access.ts';
import { describe, quietly, remove, type Need } from '../security/needs.ts';

type Response = ResponseDraft<typeof DeleteTopics>;
type Refusals = ReadonlyMap<TopicToDelete, Response['responses'][number]>;

/** From this version on what is above a quota is refused (KIP-599). */
const STRICT_SINCE = 5;
const NONE_REFUSED: Refusals = new Map();
/** The first version that has TOPIC_DELETION_DISABLED. */
const KNOWS_DISABLED = 3;

export const deleteTopics = handler(DeleteTopics, {
  byHand: [remove.cluster(), describe.topic('topics[].name'), remove.topic('topics[].name')],
  forwarded: true,
  handle: (request, context, broker: Parts<'config' | 'controller' | 'quotas'>) => {
    const { apiVersion, access } = context;
    const { config, controller } = broker;
    if (!config['delete.topic.enable']) {
      const isKnown = apiVersion >= KNOWS_DISABLED;
      return refuse(request, isKnown ? ErrorCode.TOPIC_DELETION_DISABLED : ErrorCode.INVALID_REQUEST);
    }
    const asked = topicsOf(request);
    const sorted = access === null ? inPieces(NONE_REFUSED) : refusals(asked, controller.image, access);
    return whenDone<Refusals, Promise<Response>>(sorted, (refused) => {
      const allowed = refused.size === 0 ? asked : asked.filter((topic) => !refused.has(topic));
      const { takePermits, settle } = mutationQuota(broker, context, DeleteTopics.name, STRICT_SINCE);
      return controller.deleteTopics(allowed, { validateOnly: false, takePermits }).then((deleted) => ({
        responses: [...refused.values(), ...deleted],
        throttleTimeMs: settle(),
      }));
    });
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

/** Of topics that are named once: only who may describe a topic is told whether there is one. */
function* refusals(
  asked: readonly TopicToDelete[],
  { topicsById, topicsByName }: ClusterImage,
  access: Access,
): Pieces<Refusals> {
  const refused = new Map<TopicToDelete, Response['responses'][number]>();
  const isRefused = (needed: Need) => access.errorOf(needed, DeleteTopics.name) !== ErrorCode.NONE;
  if (!isRefused(quietly(remove.cluster()))) return refused;
  const times = yield* countInPieces(asked, keyOf);
  yield* eachInPieces(asked, (topic) => {
    const name = topic.name ?? topicsById.get(topic.topicId)?.name;
    const isOdd = topic.name !== null && topic.topicId !== ZERO_UUID;
    if (name === undefined || isOdd || times.get(keyOf(topic))! > 1) return; // told what is wrong instead
    const isHidden = isRefused(describe.topic(name));
    if (!isHidden && (!topicsByName.has(name) || !isRefused(remove.topic(name)))) return;
    const errorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
    const told = { name: isHidden ? topic.name : name, topicId: topic.topicId };
    refused.set(topic, { ...told, errorCode, errorMessage: errorMessage(errorCode) });
  });
  return refused;
}

function keyOf({ name, topicId }: TopicToDelete): string {
  return name ?? topicId;
}

function topicsOf({ topics, topicNames }: RequestOf<typeof DeleteTopics>): readonly TopicToDelete[] {
  return topicNames.length > 0 ? topicNames.map((name) => ({ name, topicId: ZERO_UUID })) : topics;
}
