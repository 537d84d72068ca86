/**
 * Who may answer what, where several brokers are simulated over one store: requests about partitions go to their leaders,
 * those of groups and transactions to their coordinators; the others say so, and name the one to ask (KIP-951).
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { RunningBroker } from '../broker/broker.ts';
import type { ApiName } from './api-names.ts';
import type { Exchange } from './exchange.ts';
import { changed, type Body, type Spoken, type TopicNames } from './request-parts.ts';

/** Why a request, or the partitions of it that `isAbout` names, gets an error instead of being served. */
export interface Refusal {
  readonly errorCode: number;
  readonly isWhole: boolean;
  isAbout(spoken: Spoken): boolean;
}

const LEADERS_OWN = new Set<ApiName>([
  'Produce',
  'Fetch',
  'ListOffsets',
  'OffsetForLeaderEpoch',
  'DeleteRecords',
  'DescribeProducers',
  'ShareFetch',
  'ShareAcknowledge',
]);
/** They ask any broker; FindCoordinator exists to do so. */
const ANYBODYS = new Set<ApiName>(['FindCoordinator', 'ListGroups', 'ListTransactions']);

export class Leadership {
  readonly #broker: RunningBroker;
  readonly #names: TopicNames;

  constructor(broker: RunningBroker, names: TopicNames) {
    this.#broker = broker;
    this.#names = names;
  }

  /** The node id of the partition's leader; -1 where it has none, undefined where there is no such partition. */
  leaderOf(topic: string, partition: number): number | undefined {
    return this.#image.topicsByName.get(topic)?.partitions[partition]?.leader;
  }

  /** The node that a group lives on; undefined before any group does. */
  groupCoordinator(groupId: string): number | undefined {
    return this.leaderOf('__consumer_offsets', this.#broker.parts.groups.partitionFor(groupId));
  }

  transactionCoordinator(transactionalId: string): number | undefined {
    return this.leaderOf('__transaction_state', this.#broker.parts.transactions.partitionFor(transactionalId));
  }

  refusalOf(exchange: Exchange): Refusal | null {
    const { api, broker: node } = exchange;
    if (ANYBODYS.has(api)) return null;
    if (LEADERS_OWN.has(api)) {
      const isAbout = ({ topic, partition }: Spoken): boolean => {
        const leader = this.leaderOf(topic, partition);
        return leader !== undefined && leader !== node;
      };
      return exchange.topics.some(isAbout)
        ? { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, isWhole: false, isAbout }
        : null;
    }
    const coordinator = this.#coordinatorOf(exchange);
    if (coordinator === undefined || coordinator === node) return null;
    return { errorCode: ErrorCode.NOT_COORDINATOR, isWhole: true, isAbout: () => true };
  }

  /** Adds to an answer whom to ask instead; versions that cannot say it leave it out. */
  withHints(answer: Body, node: number): Body {
    const leaders = new Set<number>();
    const { topicsByName, brokers } = this.#image;
    const told = changed(answer, this.#names, (entry, { topic, partition }) => {
      const image = topicsByName.get(topic)?.partitions[partition];
      if (entry.errorCode !== ErrorCode.NOT_LEADER_OR_FOLLOWER || image === undefined) return entry;
      if (image.leader >= 0 && image.leader !== node) leaders.add(image.leader);
      return { ...entry, currentLeader: { leaderId: image.leader, leaderEpoch: image.leaderEpoch } };
    });
    if (leaders.size === 0) return told;
    const nodeEndpoints = [...leaders].flatMap((nodeId) => {
      const endpoint = brokers.get(nodeId)?.listeners[0];
      return endpoint === undefined ? [] : [{ nodeId, host: endpoint.host, port: endpoint.port, rack: null }];
    });
    return { ...told, nodeEndpoints };
  }

  /** A broker lists the groups and transactions that it coordinates. */
  own(answer: Body, exchange: Exchange): Body {
    const isMine = (coordinator: number | undefined): boolean =>
      coordinator === undefined || coordinator === exchange.broker;
    if (exchange.api === 'ListGroups') {
      const groups = answer.groups as { groupId: string }[];
      return { ...answer, groups: groups.filter(({ groupId }) => isMine(this.groupCoordinator(groupId))) };
    }
    if (exchange.api === 'ListTransactions') {
      const states = answer.transactionStates as { transactionalId: string }[];
      const transactionStates = states.filter(({ transactionalId }) =>
        isMine(this.transactionCoordinator(transactionalId)),
      );
      return { ...answer, transactionStates };
    }
    return answer;
  }

  get #image() {
    return this.#broker.parts.controller.image;
  }

  #coordinatorOf(exchange: Exchange): number | undefined {
    // TxnOffsetCommit names both, and goes to the group's.
    const [group] = exchange.groups;
    const isOfTransaction = exchange.api === 'AddOffsetsToTxn' || group === undefined;
    if (!isOfTransaction) return this.groupCoordinator(group);
    const [transactionalId] = exchange.transactionalIds;
    return transactionalId === undefined ? undefined : this.transactionCoordinator(transactionalId);
  }
}
