/** Joins, stays in and leaves a streams group, and makes the topics that its topology needs (KIP-1071). */
import { StreamsGroupHeartbeat } from '../../protocol/apis/88-streams-group-heartbeat.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import { isInternalTopic, topicNameFault } from '../cluster/topic-name.ts';
import { andThen } from '../coordination/answers.ts';
import { isRefusal, type GroupRefusal } from '../groups/modern/refusal.ts';
import { checkStreamsHeartbeat, type StreamsHeartbeatResponse } from '../groups/streams/request.ts';
import { allTopics, Status, type InternalTopic } from '../groups/streams/topology.ts';
import type { Access } from '../security/access.ts';
import { anyOf, create, describe, read } from '../security/needs.ts';
import type { Session } from '../security/session.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { speaksStreamsProtocol, STREAMS_GROUPS_OFF } from './group-protocols.ts';

type Broker = Parts<'channel' | 'config' | 'groups' | 'logger' | 'metadata'>;
type Request = RequestOf<typeof StreamsGroupHeartbeat>;

export const streamsGroupHeartbeat = handler(StreamsGroupHeartbeat, {
  needs: ({ groupId }, _context, broker: Broker) => (speaksStreamsProtocol(broker) ? read.group(groupId) : null),
  byHand: [
    describe.topic('topology.subtopologies[]: all topics'),
    create.cluster(),
    create.topic('internal topics of the topology that are missing'),
  ],
  handle: (request, { session, access, connectionId, clientId }, broker: Broker) => {
    if (!speaksStreamsProtocol(broker)) return refusal(ErrorCode.UNSUPPORTED_VERSION, STREAMS_GROUPS_OFF);
    const { groupId } = request;
    // Tools show it as Java prints an address without a host name.
    const told = { ...request, clientId: clientId ?? '', clientHost: `/${session.clientHost}` };
    const fault = topicsFault(request, access) ?? checkStreamsHeartbeat(groupId, told);
    if (fault !== null) return refusal(fault.errorCode, fault.errorMessage);
    return andThen(broker.groups.streams.heartbeat(groupId, told, connectionId), (answer) => {
      if (isRefusal(answer)) return refusal(answer.errorCode, answer.errorMessage);
      return respond(answer, session, access, broker);
    });
  },
  refuse: (_request, errorCode) => refusal(errorCode, null),
});

/** Null, or why the client cannot run a topology with these topics; in Kafka's order and words. */
function topicsFault({ topology }: Request, access: Access | null): GroupRefusal | null {
  if (topology === null) return null;
  const names = [...allTopics(topology)];
  const internal = names.filter(isInternalTopic);
  if (internal.length > 0) {
    return invalidTopology(
      `Use of Kafka internal topics ${internal.join(',')} in a Kafka Streams topology is prohibited.`,
    );
  }
  const wrong = names.filter((name) => topicNameFault(name) !== null);
  if (wrong.length > 0) return invalidTopology(`Topic names ${wrong.join(',')} are not valid topic names.`);
  if (access === null) return null;
  const hidden = names.filter((name) => access.errorOf(describe.topic(name), StreamsGroupHeartbeat.name) !== 0);
  if (hidden.length === 0) return null;
  return { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, errorMessage: '' };
}

function invalidTopology(errorMessage: string): GroupRefusal {
  return { errorCode: ErrorCode.STREAMS_INVALID_TOPOLOGY, errorMessage };
}

function respond(answer: StreamsHeartbeatResponse, session: Session, access: Access | null, broker: Broker) {
  const { missingTopics, tasks, acceptableRecoveryLag, status, ...told } = answer;
  const refused = missingTopics.filter(({ name }) => !mayCreate(name, access)).map(({ name }) => name);
  if (missingTopics.length > 0 && refused.length === 0) void makeTopics(missingTopics, session, broker);
  const why = `; Unauthorized to CREATE on topics ${refused.join(', ')}.`;
  return {
    ...told,
    status: refused.length === 0 ? status : status.map((each) => withDetail(each, why)),
    acceptableRecoveryLag,
    acceptableRecoveryLagLegacy: 0, // as Kafka: no client of that version reads it
    ...(tasks ?? { activeTasks: null, standbyTasks: null, warmupTasks: null }),
  };
}

function withDetail(status: StreamsHeartbeatResponse['status'][number], more: string) {
  const { statusCode, statusDetail } = status;
  return statusCode === Status.MISSING_INTERNAL_TOPICS ? { statusCode, statusDetail: statusDetail + more } : status;
}

function mayCreate(name: string, access: Access | null): boolean {
  const needed = anyOf(create.cluster(), create.topic(name));
  return access === null || access.errorOf(needed, StreamsGroupHeartbeat.name) === ErrorCode.NONE;
}

/** Names of topics that are being made, by who makes them: each of a hundred members asks for the same ones. */
const underWay = new WeakMap<Broker['channel'], Set<string>>();

/** The heartbeat is answered meanwhile: the next one finds them. */
async function makeTopics(
  missing: readonly InternalTopic[],
  session: Session,
  { channel, logger }: Broker,
): Promise<void> {
  const asked = underWay.get(channel) ?? new Set();
  underWay.set(channel, asked);
  const topics = missing
    .filter(({ name }) => !asked.has(name))
    .map(({ configs, ...topic }) => ({ ...topic, configs: [...configs], assignments: [] }));
  if (topics.length === 0) return;
  for (const { name } of topics) asked.add(name);
  try {
    for (const { name, errorCode, errorMessage } of await channel.createTopics(topics, session)) {
      const isMissing = errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.TOPIC_ALREADY_EXISTS;
      if (isMissing) logger.warn('topic-not-created', { topic: name, error: errorMessage });
    }
  } catch (error) {
    logger.warn('topics-not-created', { error: String(error) });
  } finally {
    for (const { name } of topics) asked.delete(name);
  }
}

function refusal(errorCode: number, errorMessage: string | null) {
  return {
    errorCode,
    errorMessage,
    memberId: '',
    memberEpoch: 0,
    heartbeatIntervalMs: 0,
    acceptableRecoveryLagLegacy: 0,
    taskOffsetIntervalMs: 0,
    status: [],
    endpointInformationEpoch: 0,
  };
}
