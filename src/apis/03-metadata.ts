/** Tells a client the brokers, topics and leaders, and creates missing topics that the client names. */
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID, type RequestOf, type ResponseDraft } from '../../protocol/schema.ts';
import type { Access } from '../security/access.ts';
import type { ClusterImage, TopicImage } from '../cluster/image.ts';
import { isInternalTopic, topicNameFault } from '../cluster/topic-name.ts';
import { flatMapInPieces, inPieces, mapInPieces, setInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import { clusterOperations, NOT_ASKED, topicOperations } from './authorized-operations.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { autoCreateTopics } from './topic-auto-creation.ts';
import { brokersOn, PartitionViews } from './topic-view.ts';
import { anyOf, create, describe, quietly, type Needed } from '../security/needs.ts';

type Request = RequestOf<typeof Metadata>;
type Response = ResponseDraft<typeof Metadata>;
type Topic = Response['topics'][number];

/** Responses have topic ids from v10 on; requests may use them from v12 on. */
const ASK_BY_ID = 12;
const LISTENER_ERRORS = 6;
const REPLICAS_AWAY = 1;

type Broker = Parts<'nodeId' | 'config' | 'metadata' | 'channel' | 'partitions' | 'logger'>;

/** What an answer depends on besides the cluster. */
interface Query {
  readonly request: Request;
  readonly version: number;
  readonly listenerName: string;
  readonly access: Access | null;
}

export const metadata = handler(Metadata, {
  byHand: [
    describe.topic('topics[].name, or each topic'),
    create.cluster(),
    create.topic('topics[].name'),
    describe.cluster(),
  ],
  handle: (request, { apiVersion: version, session, access }, broker: Broker) => {
    const query: Query = { request, version, listenerName: session.listenerName, access };
    const { topics } = request;
    if (topics === null || (version === 0 && topics.length === 0))
      return whenDone(findAll(query, broker), (found) => respond(query, broker, found));

    const byId = topics.some(({ topicId }) => topicId !== ZERO_UUID);
    const hasNameless = topics.some(({ name }) => name === null);
    if (version < ASK_BY_ID && (byId || hasNameless)) return refuse(request, ErrorCode.INVALID_REQUEST);
    if (byId) return whenDone(findById(query, broker), (found) => respond(query, broker, found));
    if (hasNameless) return refuse(request, ErrorCode.UNKNOWN_SERVER_ERROR);

    const named = whenDone(
      setInPieces(topics, ({ name }) => name!),
      (names) => visibleNames(names, query, broker),
    );
    return whenDone<Visible, Response | Promise<Pieces<Response>>>(named, ({ names, refused }) => {
      const answer = (): Pieces<Response> =>
        whenDone(findByName(names, query, broker), (found) => respond(query, broker, found.concat(refused)));
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

/** The topics that a client may describe, or create; and what is told of the others that it names. */
interface Visible {
  readonly names: ReadonlySet<string>;
  readonly refused: readonly Topic[];
}

function visibleNames(names: ReadonlySet<string>, query: Query, broker: Broker): Pieces<Visible> {
  const { access, request } = query;
  if (access === null) return inPieces({ names, refused: [] });
  const { topicsByName } = broker.metadata.image;
  const creates = mayCreate(request, broker);
  const isRefused = (needed: Needed) => access.errorOf(needed, Metadata.name) !== ErrorCode.NONE;
  const [uncreated, undescribed]: Topic[][] = [[], []];
  const seen = flatMapInPieces(names, (name) => {
    if (isRefused(describe.topic(name))) undescribed.push(refusedTopic(name));
    else if (creates && !topicsByName.has(name) && isRefused(anyOf(create.cluster(), create.topic(name)))) {
      uncreated.push(refusedTopic(name));
    } else return [name];
    return [];
  });
  return whenDone(seen, (left) => ({ names: new Set(left), refused: uncreated.concat(undescribed) }));
}

/** Whether there is such a topic is not told. */
function refusedTopic(name: string): Topic {
  return {
    errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    name,
    isInternal: isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: NOT_ASKED,
  };
}

function missingTopics(names: ReadonlySet<string>, image: ClusterImage): Pieces<string[]> {
  const isMissing = (name: string) => !image.topicsByName.has(name) && topicNameFault(name) === null;
  return flatMapInPieces(names, (name) => (isMissing(name) ? [name] : []));
}

function findAll(query: Query, broker: Broker): Pieces<Topic[]> {
  const { access } = query;
  const all = broker.metadata.image.topicsByName.values();
  const view = describer(query, broker);
  if (access === null) return mapInPieces(all, view);
  const isShown = ({ name }: TopicImage) =>
    access.errorOf(quietly(describe.topic(name)), Metadata.name) === ErrorCode.NONE;
  return flatMapInPieces(all, (topic) => (isShown(topic) ? whenDone(view(topic), (one) => [one]) : []));
}

function findByName(names: ReadonlySet<string>, query: Query, broker: Broker): Pieces<Topic[]> {
  const { image } = broker.metadata;
  const view = describer(query, broker);
  return mapInPieces(names, (name) => {
    const topic = image.topicsByName.get(name);
    if (topic !== undefined) return view(topic);
    const errorCode =
      topicNameFault(name) === null ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION;
    const topicAuthorizedOperations = operationsShown(query, name);
    return { errorCode, name, isInternal: isInternalTopic(name), partitions: [], topicAuthorizedOperations };
  });
}

/** Names beside ids are ignored, as in Kafka. */
function* findById(query: Query, broker: Broker): Pieces<Topic[]> {
  const { image } = broker.metadata;
  const { access } = query;
  const view = describer(query, broker);
  const ids = yield* setInPieces(query.request.topics!, ({ topicId }) => topicId);
  ids.delete(ZERO_UUID);
  return yield* mapInPieces(ids, (topicId) => {
    const topic = image.topicsById.get(topicId);
    if (topic !== undefined) {
      const errorCode = access?.errorOf(describe.topic(topic.name), Metadata.name) ?? ErrorCode.NONE;
      return errorCode === ErrorCode.NONE ? view(topic) : { errorCode, name: null, topicId, partitions: [] };
    }
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId, partitions: [] };
  });
}

function describer(query: Query, broker: Broker): (topic: TopicImage) => Pieces<Topic> {
  const { version, listenerName } = query;
  const known = { listenerErrors: version >= LISTENER_ERRORS, replicasAway: version >= REPLICAS_AWAY };
  const views = new PartitionViews(broker.metadata.image, listenerName, broker.partitions, known);
  return ({ name, id: topicId, partitions: all }) =>
    whenDone(
      mapInPieces(all, (partition, index) => views.of(topicId, partition, index)),
      (partitions) => ({
        errorCode: ErrorCode.NONE,
        name,
        topicId,
        isInternal: isInternalTopic(name),
        partitions,
        topicAuthorizedOperations: operationsShown(query, name),
      }),
    );
}

function operationsShown({ request, access }: Query, topic: string): number {
  return request.includeTopicAuthorizedOperations ? topicOperations(access, topic) : NOT_ASKED;
}

function respond({ request, listenerName, access }: Query, broker: Broker, topics: readonly Topic[]): Response {
  const { image } = broker.metadata;
  return {
    brokers: brokersOn(image, listenerName),
    clusterId: image.clusterId,
    controllerId: broker.nodeId,
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? clusterOperations(access, Metadata.name)
      : NOT_ASKED,
  };
}
