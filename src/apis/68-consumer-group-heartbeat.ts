/** Joins, stays in and leaves a group of the consumer protocol (KIP-848). */
import { ConsumerGroupHeartbeat } from '../../protocol/apis/68-consumer-group-heartbeat.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen } from '../coordination/answers.ts';
import { checkHeartbeat } from '../groups/consumer/request.ts';
import type { Parts } from './broker-parts.ts';
import { speaksConsumerProtocol } from './group-protocols.ts';
import { handler } from './handler.ts';
import { randomUuid } from '../platform/random.ts';
import { mayDescribe } from './group-topics-shown.ts';
import { describe, read } from '../security/needs.ts';

type Broker = Parts<'config' | 'metadata' | 'groups' | 'random'>;

export const consumerGroupHeartbeat = handler(ConsumerGroupHeartbeat, {
  needs: ({ groupId, subscribedTopicNames }, _context, broker: Broker) =>
    speaksConsumerProtocol(broker)
      ? [read.group(groupId), ...(subscribedTopicNames ?? []).map((name) => describe.topic(name))]
      : null,
  handle: (request, { session, access, connectionId, apiVersion, clientId }, broker: Broker) => {
    if (!speaksConsumerProtocol(broker)) return refusal(ErrorCode.UNSUPPORTED_VERSION, null);
    const { groupId } = request;
    // Tools show it as Java prints an address without a host name.
    const told = {
      ...request,
      clientId: clientId ?? '',
      clientHost: `/${session.clientHost}`,
      subscribedTopicRegex: apiVersion === 0 ? null : request.subscribedTopicRegex,
      mayDescribe: mayDescribe(access),
    };
    const fault = checkHeartbeat(groupId, told, apiVersion === 0, broker.config['group.consumer.assignors']);
    if (fault !== null) return refusal(fault.errorCode, fault.errorMessage);
    if (told.memberId === '') told.memberId = randomUuid(broker.random);
    return andThen(broker.groups.consumerHeartbeat(groupId, told, connectionId), (answer) =>
      'memberEpoch' in answer ? answer : refusal(answer.errorCode, answer.errorMessage),
    );
  },
  refuse: (_request, errorCode) => refusal(errorCode, null),
});

function refusal(errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
}
