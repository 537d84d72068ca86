/** Says which broker coordinates a group, a transactional id or a share partition. */
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

type Broker = Parts<'controller' | 'groups' | 'transactions' | 'logger'>;
type Response = ResponseDraft<typeof FindCoordinator>;
type Coordinator = NonNullable<Response['coordinators']>[number];
/** What an answer depends on besides the keys asked for. */
interface Asked {
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
/** Where coordinators keep their state, by key type. */
const TOPICS = new Map([
  [GROUP, OFFSETS_TOPIC],
  [TRANSACTION, TRANSACTIONS_TOPIC],
]);

export const findCoordinator = handler(FindCoordinator, {
  handle: (request, { session, apiVersion }, broker: Broker) => {
    const asked: Asked = { broker, listenerName: session.listenerName, apiVersion };
    const topic = TOPICS.get(request.keyType);
    if (topic === undefined || broker.controller.image.topicsByName.has(topic)) return find(request, asked);
    // Made on first use, so that the first answer is a coordinator already and not a reason to try again.
    const made = topic === OFFSETS_TOPIC ? broker.groups.ensureOffsetsTopic() : broker.transactions.ensureTopic();
    return made
      .catch((error: unknown) => broker.logger.error('internal-topic.not-created', { topic, error: String(error) }))
      .then(() => find(request, asked));
  },
  refuse: (request, errorCode) => {
    const keys = request.coordinatorKeys;
    return { ...nowhere('', errorCode, null), coordinators: keys.map((key) => nowhere(key, errorCode, null)) };
  },
});

function find({ key, keyType, coordinatorKeys }: RequestOf<typeof FindCoordinator>, asked: Asked): Response {
  if (asked.apiVersion >= 4) return { coordinators: coordinatorKeys.map((each) => findOne(each, keyType, asked)) };
  const { key: _key, ...coordinator } = findOne(key, keyType, asked);
  return coordinator;
}

function findOne(key: string, keyType: number, asked: Asked): Coordinator {
  const { broker, apiVersion } = asked;
  switch (keyType) {
    case GROUP:
      return leaderOf(OFFSETS_TOPIC, broker.groups.partitionFor(key), key, asked);
    case TRANSACTION:
      return leaderOf(TRANSACTIONS_TOPIC, broker.transactions.partitionFor(key), key, asked);
    case SHARE:
      if (!SHARE_KEY.test(key)) return nowhere(key, ErrorCode.INVALID_REQUEST, SHARE_KEY_FORM);
      if (apiVersion < 6) return nowhere(key, ErrorCode.INVALID_REQUEST, 'Share partitions need version 6 or later.');
      return nowhere(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, 'This broker has no share coordinator yet.');
    default:
      return nowhere(key, ErrorCode.INVALID_REQUEST, `Key type ${keyType} is not 0, 1 or 2.`);
  }
}

function leaderOf(
  topic: string,
  partition: number,
  key: string,
  { broker, listenerName, apiVersion }: Asked,
): Coordinator {
  const { image } = broker.controller;
  const leader = image.brokers.get(image.topicsByName.get(topic)?.partitions[partition]?.leader ?? -1);
  const endpoint = leader?.listeners.find(({ name }) => name === listenerName);
  if (leader === undefined || endpoint === undefined) {
    return nowhere(
      key,
      ErrorCode.COORDINATOR_NOT_AVAILABLE,
      `${topic}-${partition} has no leader; try again, and see the broker's log.`,
    );
  }
  const { host, port } = endpoint;
  return { key, nodeId: leader.id, host, port, errorCode: ErrorCode.NONE, errorMessage: apiVersion < 4 ? 'NONE' : '' };
}

function nowhere(key: string, errorCode: number, errorMessage: string | null): Coordinator {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage };
}
