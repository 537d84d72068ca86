/**
 * Sends what clients of a simulation ask to the broker that it is for, as real clients do: partitions' leaders and coordinators are
 * looked up, remembered, and looked up anew after an error. It knows nothing of how brokers are reached.
 */
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { ErrorCode, errorName } from '../../protocol/errors.ts';
import type { AnyApi, Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { Lost } from './faulty-broker.ts';

export interface Brokers {
  /** Any one of them. */
  any(): number;
  /** Rejects where it cannot be reached, or does not answer in time. */
  send<Q extends Fields, S extends Fields>(
    nodeId: number,
    api: Api<Q, S>,
    version: number,
    draft: Draft<Q>,
  ): Promise<Values<S>>;
  /** Before each request. */
  pause(afterError: boolean): Promise<void>;
}

type Target =
  | { readonly kind: 'partition'; readonly topic: string; readonly partition: number }
  | { readonly kind: 'partition'; readonly topicId: string; readonly partition: number }
  | { readonly kind: 'coordinator'; readonly keyType: number; readonly key: string }
  | null;

const GROUP = 0;
const TRANSACTION = 1;

export class RoutedSender {
  readonly #brokers: Brokers;
  readonly #places = new Map<string, number>();
  readonly #epochs = new Map<string, number>();
  #afterError = false;

  constructor(brokers: Brokers) {
    this.#brokers = brokers;
  }

  /** Rejects with Lost where there was no answer: what was asked may have happened, or may happen yet. */
  async send<Q extends Fields, S extends Fields>(api: Api<Q, S>, version: number, draft: Draft<Q>): Promise<Values<S>> {
    await this.#brokers.pause(this.#afterError);
    try {
      const nodeId = await this.#find(targetOf(api, draft));
      const answer = await this.#brokers.send(nodeId, api, version, draft);
      this.#afterError = hasError(answer);
      if (this.#afterError) this.#places.clear();
      return answer;
    } catch (error) {
      this.#places.clear();
      this.#afterError = true;
      throw Object.assign(new Lost(), { cause: error });
    }
  }

  async #find(target: Target): Promise<number> {
    if (target === null) return this.#brokers.any();
    const key = JSON.stringify(target);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const found = target.kind === 'partition' ? await this.#leaderOf(target) : await this.#coordinatorOf(target);
    this.#places.set(key, found);
    return found;
  }

  async #leaderOf(target: Extract<Target, { readonly kind: 'partition' }>): Promise<number> {
    const { partition } = target;
    const name = 'topic' in target ? target.topic : target.topicId;
    const topic = 'topic' in target ? { name } : { name: null, topicId: name };
    const asked = { topics: [topic], allowAutoTopicCreation: false };
    const { topics } = await this.#brokers.send(this.#brokers.any(), Metadata, 12, asked);
    const found = topics[0].partitions.find(({ partitionIndex }) => partitionIndex === partition);
    if (found === undefined || found.leaderId < 0) throw new Error(`${name}-${partition} has no leader`);
    // Of a broker that was away, and does not know yet that it leads no more: clients go by the epoch (KIP-320).
    const key = `${name}-${partition}`;
    if (found.leaderEpoch < (this.#epochs.get(key) ?? -1)) throw new Error(`an old leader of ${key} is told`);
    this.#epochs.set(key, found.leaderEpoch);
    return found.leaderId;
  }

  async #coordinatorOf({ keyType, key }: { keyType: number; key: string }): Promise<number> {
    const asked = { keyType, coordinatorKeys: [key] };
    const { coordinators } = await this.#brokers.send(this.#brokers.any(), FindCoordinator, 4, asked);
    const [{ errorCode, nodeId }] = coordinators;
    if (errorCode !== ErrorCode.NONE) throw new Error(`${key}: ${errorName(errorCode)}`);
    return nodeId;
  }
}

interface Named {
  readonly transactionalId?: string | null;
  readonly v3AndBelowTransactionalId?: string;
  readonly groupId?: string;
  readonly groups?: readonly { readonly groupId: string }[];
  readonly topics?: readonly {
    readonly topic?: string;
    readonly topicId?: string;
    readonly partitions: readonly { readonly partition: number; readonly partitionIndex?: number }[];
  }[];
  readonly topicData?: readonly {
    readonly name?: string;
    readonly partitionData: readonly { readonly index: number }[];
  }[];
}

/** Each request is about one partition, one group or one transactional id. */
function targetOf({ name }: AnyApi, draft: unknown): Target {
  const named = draft as Named;
  const groupId = named.groupId ?? named.groups?.[0].groupId;
  switch (name) {
    case 'Produce': {
      const [{ name: topic = '', partitionData }] = named.topicData!;
      return { kind: 'partition', topic, partition: partitionData[0].index };
    }
    case 'Fetch': {
      const [{ topic = '', partitions }] = named.topics!;
      return { kind: 'partition', topic, partition: partitions[0].partition };
    }
    case 'ShareFetch':
    case 'ShareAcknowledge': {
      const [{ topicId = '', partitions }] = named.topics!;
      return { kind: 'partition', topicId, partition: partitions[0].partitionIndex! };
    }
    case 'InitProducerId':
    case 'AddPartitionsToTxn':
    case 'AddOffsetsToTxn':
    case 'EndTxn': {
      const key = named.transactionalId ?? named.v3AndBelowTransactionalId;
      return typeof key === 'string' ? { kind: 'coordinator', keyType: TRANSACTION, key } : null;
    }
    case 'OffsetFetch':
    case 'OffsetCommit':
    case 'TxnOffsetCommit':
    case 'JoinGroup':
    case 'SyncGroup':
    case 'Heartbeat':
    case 'ShareGroupHeartbeat':
    case 'DescribeShareGroupOffsets':
    case 'LeaveGroup':
      return { kind: 'coordinator', keyType: GROUP, key: groupId! };
    default:
      return null;
  }
}

/** After any of them a client looks up again whom to ask. Answers come by the thousand: nothing is made for the look at them. */
function hasError(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  if (Array.isArray(value)) return value.some(hasError);
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key in fields) {
    const each = fields[key];
    if (key === 'errorCode' || key === 'partitionErrorCode' ? each !== ErrorCode.NONE : hasError(each)) return true;
  }
  return false;
}
