/** Tells a client the brokers, topics and leaders, and creates missing topics that the client names. */
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID, type RequestOf, type ResponseDraft } from '../../protocol/schema.ts';
import type { ClusterImage, TopicImage } from '../cluster/image.ts';
import { isInternalTopic, topicNameFault } from '../cluster/topic-name.ts';
import { flatMapInPieces, mapInPieces, setInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import { CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS } from './authorized-operations.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { autoCreateTopics } from './topic-auto-creation.ts';
import { brokersOn, PartitionViews } from './topic-view.ts';

type Request = RequestOf<typeof Metadata>;
type Response = ResponseDraft<typeof Metadata>;
type Topic = Response['topics'][number];

/** Responses have topic ids from v10 on; requests may use them from v12 on. */
const ASK_BY_ID = 12;
const LISTENER_ERRORS = 6;

type Broker = Parts<'nodeId' | 'config' | 'metadata' | 'channel' | 'partitions' | 'logger'>;

/** What an answer depends on besides the cluster. */
interface Query {
  readonly request: Request;
  readonly version: number;
  readonly listenerName: string;
}

export const metadata = handler(Metadata, {
  handle: (request, { apiVersion: version, session }, broker: Broker) => {
    const query: Query = { request, version, listenerName: session.listenerName };
    const { topics } = request;
    if (topics === null || (version === 0 && topics.length === 0))
      return whenDone(findAll(query, broker), (found) => respond(query, broker, found));

    const byId = topics.some(({ topicId }) => topicId !== ZERO_UUID);
    const hasNameless = topics.some(({ name }) => name === null);
    if (version < ASK_BY_ID && (byId || hasNameless)) return refuse(request, ErrorCode.INVALID_REQUEST);
    if (byId) return whenDone(findById(query, broker), (found) => respond(query, broker, found));
    if (hasNameless) return refuse(request, ErrorCode.UNKNOWN_SERVER_ERROR);

    const named = setInPieces(topics, ({ name }) => name!);
    return whenDone<Set<string>, Response | Promise<Pieces<Response>>>(named, (names) => {
      const answer = (): Pieces<Response> =>
        whenDone(findByName(names, query, broker), (found) => respond(query, broker, found));
      if (!mayCreate(request, broker)) return answer();
      return whenDone<string[], Response | Promise<Pieces<Response>>>(
        missingTopics(names, broker.metadata.image),
        (missing) => (missing.length === 0 ? answer() : autoCreateTopics(missing, session, broker).then(answer)),
      );
    });
  },
  refuse,
});

function refuse({ topics }: Request, errorCode: number): Response {
  return {
    errorCode,
    brokers: [],
    topics: (topics ?? []).map(({ name, topicId }) => ({ errorCode, name: name ?? '', topicId, partitions: [] })),
  };
}

function mayCreate(request: Request, { config }: Broker): boolean {
  return request.allowAutoTopicCreation && config['auto.create.topics.enable'];
}

function missingTopics(names: ReadonlySet<string>, image: ClusterImage): Pieces<string[]> {
  const isMissing = (name: string) => !image.topicsByName.has(name) && topicNameFault(name) === null;
  return flatMapInPieces(names, (name) => (isMissing(name) ? [name] : []));
}

function findAll(query: Query, broker: Broker): Pieces<Topic[]> {
  return mapInPieces(broker.metadata.image.topicsByName.values(), describer(query, broker));
}

function findByName(names: ReadonlySet<string>, query: Query, broker: Broker): Pieces<Topic[]> {
  const { image } = broker.metadata;
  const describe = describer(query, broker);
  return mapInPieces(names, (name) => {
    const topic = image.topicsByName.get(name);
    if (topic !== undefined) return describe(topic);
    const errorCode =
      topicNameFault(name) === null ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION;
    const topicAuthorizedOperations = query.request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NOT_ASKED;
    return { errorCode, name, isInternal: isInternalTopic(name), partitions: [], topicAuthorizedOperations };
  });
}

/** Names beside ids are ignored, as in Kafka. */
function* findById(query: Query, broker: Broker): Pieces<Topic[]> {
  const { image } = broker.metadata;
  const describe = describer(query, broker);
  const ids = yield* setInPieces(query.request.topics!, ({ topicId }) => topicId);
  ids.delete(ZERO_UUID);
  return yield* mapInPieces(ids, (topicId) => {
    const topic = image.topicsById.get(topicId);
    if (topic !== undefined) return describe(topic);
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId, partitions: [] };
  });
}

function describer({ request, version, listenerName }: Query, broker: Broker): (topic: TopicImage) => Pieces<Topic> {
  const views = new PartitionViews(broker.metadata.image, listenerName, broker.partitions, version >= LISTENER_ERRORS);
  const topicAuthorizedOperations = request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NOT_ASKED;
  return ({ name, id: topicId, partitions: all }) =>
    whenDone(
      mapInPieces(all, (partition, index) => views.of(topicId, partition, index)),
      (partitions) => ({
        errorCode: ErrorCode.NONE,
        name,
        topicId,
        isInternal: isInternalTopic(name),
        partitions,
        topicAuthorizedOperations,
      }),
    );
}

function respond({ request, listenerName }: Query, broker: Broker, topics: readonly Topic[]): Response {
  const { image } = broker.metadata;
  return {
    brokers: brokersOn(image, listenerName),
    clusterId: image.clusterId,
    controllerId: broker.nodeId,
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
  };
}
