/** The other brokers of a cluster, and what this one asks of each: over connections of its own for each purpose, none waits for another. */
import { Produce } from '../../protocol/apis/00-produce.ts';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { MetadataFeed } from '../cluster/metadata-feed.ts';
import type { ServerConfig } from '../config/server.ts';
import type { Clock } from '../platform/clock.ts';
import type { Network } from '../platform/network.ts';
import { brokerAddress } from './broker-address.ts';
import { BrokerConnection, type BrokerProcess } from './broker-connection.ts';
import type { PartitionRequests } from './partition-requests.ts';
import { ShareStateRequests } from './share-state-requests.ts';
import {
  additionRequests,
  markerRequests,
  type DecidedEnd,
  type TransactionalProducer,
} from './transaction-requests.ts';

export interface OtherBrokersOptions {
  readonly clock: Clock;
  readonly network: Network;
  readonly metadata: MetadataFeed;
  readonly config: () => ServerConfig;
  /** As other brokers' logs shall show it. */
  readonly clientId: string;
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

const LATEST = -1;
const ALL_IN_SYNC = -1;
const APPEND_MS = 30_000;
/** Of batches as they are written today. */
const OLDEST_PRODUCE = 3;
/** By which leaders of any Kafka answer one offset a partition. */
const OLDEST_LIST_OFFSETS = 4;

export class OtherBroker {
  readonly shareState: ShareStateRequests;
  readonly #connections: BrokerConnection[] = [];
  readonly #markers: PartitionRequests<DecidedEnd>;
  readonly #additions: PartitionRequests<TransactionalProducer>;
  readonly #questions: BrokerConnection;
  readonly #appends: BrokerConnection;

  constructor(connect: () => BrokerConnection) {
    const open = (): BrokerConnection => {
      const connection = connect();
      this.#connections.push(connection);
      return connection;
    };
    this.#markers = markerRequests(open());
    this.#additions = additionRequests(open());
    this.shareState = new ShareStateRequests(open());
    this.#questions = open();
    this.#appends = open();
  }

  /** NONE once the marker is committed there, NOT_LEADER_OR_FOLLOWER where the broker cannot be reached. */
  writeMarker({ topic, partition }: Place, marker: DecidedEnd): Promise<number> {
    return this.#markers.ask(marker, topic, partition);
  }

  /** What the coordinator there says of a partition in a transaction; NETWORK_EXCEPTION where it cannot be reached. */
  admit(producer: TransactionalProducer, { topic, partition }: Place): Promise<number> {
    return this.#additions.ask(producer, topic, partition);
  }

  /** The end of a partition as consumers see it; -1 where the broker cannot be reached, or does not lead it. */
  async endOffset({ topic: name, partition: partitionIndex }: Place): Promise<number> {
    const partitions = [{ partitionIndex, timestamp: LATEST }];
    const draft = { replicaId: -1, topics: [{ name, partitions }] };
    try {
      const { topics } = await this.#questions.send(ListOffsets, OLDEST_LIST_OFFSETS, draft);
      const found = topics[0]?.partitions[0];
      return found?.errorCode === ErrorCode.NONE ? found.offset : -1;
    } catch {
      return -1;
    }
  }

  /** Appends a batch there; NONE once all in-sync replicas have it, NETWORK_EXCEPTION where the broker cannot be reached. */
  async append({ topic: name, topicId, partition: index }: Place & { readonly topicId: string }, batch: Uint8Array) {
    const topicData = [{ name, topicId, partitionData: [{ index, records: batch }] }];
    const draft = { acks: ALL_IN_SYNC, timeoutMs: APPEND_MS, topicData };
    try {
      const { responses } = await this.#appends.send(Produce, OLDEST_PRODUCE, draft);
      return responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    } catch {
      return ErrorCode.NETWORK_EXCEPTION;
    }
  }

  review(): void {
    for (const connection of this.#connections) connection.review();
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

export class OtherBrokers {
  readonly #options: OtherBrokersOptions;
  readonly #brokers = new Map<number, OtherBroker>();
  #isClosed = false;

  constructor(options: OtherBrokersOptions) {
    this.#options = options;
    options.metadata.onChange((image, previous) => {
      if (image.brokers !== previous.brokers) for (const broker of this.#brokers.values()) broker.review();
    });
  }

  /** Undefined where the cluster does not have the broker, or has it fenced. */
  get(nodeId: number): OtherBroker | undefined {
    if (this.#isClosed || this.#processOf(nodeId) === null) return undefined;
    let broker = this.#brokers.get(nodeId);
    if (broker === undefined) this.#brokers.set(nodeId, (broker = this.#open(nodeId)));
    return broker;
  }

  /** What waits is told that they cannot be reached. */
  close(): void {
    this.#isClosed = true;
    for (const broker of this.#brokers.values()) broker.close();
  }

  #open(nodeId: number): OtherBroker {
    const { clock, network, config, clientId } = this.#options;
    const process = (): BrokerProcess | null => this.#processOf(nodeId);
    const timeoutMs = (): number => config()['request.timeout.ms'];
    return new OtherBroker(() => new BrokerConnection({ clock, network, clientId, process, timeoutMs }));
  }

  #processOf(nodeId: number): BrokerProcess | null {
    const broker = this.#options.metadata.image.brokers.get(nodeId);
    if (broker === undefined || broker.fenced) return null;
    const address = brokerAddress(broker, this.#options.config());
    return address === null ? null : { ...address, epoch: broker.epoch };
  }
}
