/** The other brokers of a cluster, and what this one asks of each: over connections of its own for each purpose, none waits for another. */
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
/** By which leaders of any Kafka answer one offset a partition. */
const OLDEST_LIST_OFFSETS = 4;

export class OtherBroker {
  readonly shareState: ShareStateRequests;
  readonly #connections: BrokerConnection[] = [];
  readonly #markers: PartitionRequests<DecidedEnd>;
  readonly #additions: PartitionRequests<TransactionalProducer>;
  readonly #questions: BrokerConnection;

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
