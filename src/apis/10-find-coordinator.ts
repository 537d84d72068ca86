/** Says which broker coordinates a group, a transactional id or a share partition. */
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { partitionFor } from '../coordination/java-hash.ts';
import type { Parts } from './broker-parts.ts';
import { inPieces, mapInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { clusterAction, describe, type Need } from '../security/needs.ts';

type Broker = Parts<'metadata' | 'groups' | 'transactions' | 'channel' | 'logger'>;
type Response = ResponseDraft<typeof FindCoordinator>;
type Coordinator = NonNullable<Response['coordinators']>[number];
/** What an answer depends on besides the keys. */
interface Query {
  readonly broker: Broker;
  readonly listenerName: string;
  readonly apiVersion: number;
}

const GROUP = 0;
const TRANSACTION = 1;
const SHARE = 2;
const SHARE_KEY = /^.+:[\w-]{22}:\d+$/;
const SHARE_KEY_FORM = 'The key of a share partition is groupId:topicId:partition.';
const OFFSETS_TOPIC = '__consumer_offsets';
const TRANSACTIONS_TOPIC = '__transaction_state';
const SHARE_TOPIC = '__share_group_state';
const SHARE_SINCE = 6;
/** Before, a request is for one key. */
const KEYS_SINCE = 4;
/** Where coordinators keep their state, by key type. */
const TOPICS = new Map([
  [GROUP, OFFSETS_TOPIC],
  [TRANSACTION, TRANSACTIONS_TOPIC],
  [SHARE, SHARE_TOPIC],
]);

export const findCoordinator = handler(FindCoordinator, {
  needs: ({ keyType, key }, { apiVersion }) => {
    if (keyType === SHARE) return apiVersion < SHARE_SINCE ? null : clusterAction;
    return apiVersion < KEYS_SINCE ? needOf(keyType, key) : null;
  },
  parts: {
    list: 'coordinatorKeys',
    needs:
      ({ keyType }) =>
      (key) =>
        needOf(keyType, key),
    refused: (key, errorCode) => withoutCoordinator(key, errorCode, ''),
    answers: 'coordinators',
    place: 'in order',
  },
  handle: (request, { session, apiVersion }, broker: Broker) => {
    const query: Query = { broker, listenerName: session.listenerName, apiVersion };
    const topic = TOPICS.get(request.keyType);
    if (topic === undefined || broker.metadata.image.topicsByName.has(topic)) return find(request, query);
    if (topic === SHARE_TOPIC && (apiVersion < SHARE_SINCE || !request.coordinatorKeys.some(isShareKey))) {
      return find(request, query);
    }
    // The topic is created on first use, so that the first answer names a coordinator and clients need not retry.
    return makeTopic(topic, broker)
      .catch((error: unknown) => broker.logger.error('internal-topic.not-created', { topic, error: String(error) }))
      .then(() => find(request, query));
  },
  refuse: (request, errorCode) => {
    const keys = request.coordinatorKeys;
    return {
      ...withoutCoordinator('', errorCode, null),
      coordinators: keys.map((key) => withoutCoordinator(key, errorCode, errorMessage(errorCode))),
    };
  },
});

function find({ key, keyType, coordinatorKeys }: RequestOf<typeof FindCoordinator>, query: Query): Pieces<Response> {
  if (query.apiVersion >= KEYS_SINCE) {
    const found = mapInPieces(coordinatorKeys, (each) => findOne(each, keyType, query));
    return whenDone(found, (coordinators) => ({ coordinators }));
  }
  const { key: _key, ...coordinator } = findOne(key, keyType, query);
  return inPieces(coordinator);
}

function needOf(keyType: number, key: string): Need | null {
  if (keyType === GROUP) return describe.group(key);
  return keyType === TRANSACTION ? describe.transactionalId(key) : null;
}

function findOne(key: string, keyType: number, query: Query): Coordinator {
  const { broker, apiVersion } = query;
  switch (keyType) {
    case GROUP:
      return leaderOf(OFFSETS_TOPIC, broker.groups.partitionFor(key), key, query);
    case TRANSACTION:
      return leaderOf(TRANSACTIONS_TOPIC, broker.transactions.partitionFor(key), key, query);
    case SHARE:
      if (!isShareKey(key)) return withoutCoordinator(key, ErrorCode.INVALID_REQUEST, SHARE_KEY_FORM);
      if (apiVersion < SHARE_SINCE)
        return withoutCoordinator(key, ErrorCode.INVALID_REQUEST, 'Share partitions need version 6 or later.');
      return leaderOf(SHARE_TOPIC, sharePartitionFor(key, query), key, query);
    default:
      return withoutCoordinator(key, ErrorCode.INVALID_REQUEST, `Key type ${keyType} is not 0, 1 or 2.`);
  }
}

function makeTopic(topic: string, { groups, transactions, channel }: Broker): Promise<void> {
  if (topic === OFFSETS_TOPIC) return groups.ensureOffsetsTopic();
  return topic === TRANSACTIONS_TOPIC ? transactions.ensureTopic() : channel.ensureInternalTopic(SHARE_TOPIC);
}

function isShareKey(key: string): boolean {
  return SHARE_KEY.test(key);
}

/** Not asked of share groups, which would be loaded for it. */
function sharePartitionFor(key: string, { broker }: Query): number {
  const count = broker.metadata.image.topicsByName.get(SHARE_TOPIC)?.partitions.length ?? 1;
  return partitionFor(key, count);
}

function leaderOf(
  topic: string,
  partition: number,
  key: string,
  { broker, listenerName, apiVersion }: Query,
): Coordinator {
  const { image } = broker.metadata;
  const leader = image.brokers.get(image.topicsByName.get(topic)?.partitions[partition]?.leader ?? -1);
  const endpoint = leader?.listeners.find(({ name }) => name === listenerName);
  if (leader === undefined || endpoint === undefined) {
    return withoutCoordinator(
      key,
      ErrorCode.COORDINATOR_NOT_AVAILABLE,
      `${topic}-${partition} has no leader; try again, and see the broker's log.`,
    );
  }
  const { host, port } = endpoint;
  return { key, nodeId: leader.id, host, port, errorCode: ErrorCode.NONE, errorMessage: apiVersion < 4 ? 'NONE' : '' };
}

function withoutCoordinator(key: string, errorCode: number, errorMessage: string | null): Coordinator {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage };
}
