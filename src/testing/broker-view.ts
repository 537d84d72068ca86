/** What a test sees of its brokers, however many there are: each partition at its leader, each group at its coordinator. */
import type { RunningBroker } from '../broker/broker.ts';
import type { DeliveryView } from '../share/delivery-view.ts';
import type { ClusterImage } from '../cluster/image.ts';
import { PEER_HOST } from './broker-networks.ts';

type Parts = RunningBroker['parts'];
type Partition = NonNullable<ReturnType<Parts['partitions']['get']>>;
type Groups = Parts['groups'];
type Transactions = Parts['transactions'];

interface ViewedTopic {
  readonly id: string;
  /** By index; undefined where no broker that runs leads it. */
  readonly partitions: readonly (Partition | undefined)[];
}

interface ViewedParts extends Pick<Parts, 'clock' | 'config' | 'layers' | 'metadata' | 'controller'> {
  readonly partitions: {
    topicByName(name: string): ViewedTopic | undefined;
    get(topic: string, index: number): Partition | undefined;
  };
  readonly groups: Pick<
    Groups,
    | 'describeConsumerGroup'
    | 'describeGroup'
    | 'ensureOffsetsTopic'
    | 'fetchOffsets'
    | 'listGroups'
    | 'partitionFor'
    | 'progress'
  > & {
    readonly share: Pick<Groups['share'], 'describe' | 'describeOffsets'>;
    readonly streams: Pick<Groups['streams'], 'reads'>;
  };
  readonly transactions: Pick<Transactions, 'describe' | 'ensureTopic' | 'list' | 'partitionFor'>;
}

/** One broker is its own view. */
export interface BrokerView {
  readonly parts: ViewedParts;
  readonly listeners: Pick<RunningBroker['listeners'], 'connections' | 'disconnect'>;
  /** What brokers have handed out to share groups, of those that have such groups. */
  deliveries(): readonly DeliveryView[];
  /** Whether `listeners` tells of all connections. */
  readonly seesConnections: boolean;
  /** What has happened lately, the oldest first. */
  events(): readonly RecentEvent[];
  /** Clients that were made to wait lately. */
  throttles(): readonly RecentThrottle[];
}

type RecentEvent = RunningBroker['events']['all'][number];
type RecentThrottle = RunningBroker['throttles']['all'][number];

/** The same of one broker. */
export function recentOf(current: () => RunningBroker): Pick<BrokerView, 'events' | 'throttles' | 'seesConnections'> {
  return {
    seesConnections: true,
    events: () => merged([current().events.all, current().clusterEvents.all]),
    throttles: () => current().throttles.all,
  };
}

function merged(lists: readonly (readonly RecentEvent[])[]): RecentEvent[] {
  return lists.flat().sort((a, b) => a.lastAtMs - b.lastAtMs);
}

export interface ViewedNodes {
  /** Those that run now. */
  readonly running: readonly RunningBroker[];
  /** One that runs; where none does, one that did. */
  readonly any: RunningBroker;
  readonly image: ClusterImage;
  /** By node id; undefined where it does not run. */
  get(nodeId: number): RunningBroker | undefined;
}

/** Of a test's brokers, which may be stopped and started again. */
export function viewOf(nodes: ViewedNodes, count: number): BrokerView {
  if (count > 1) return new SeveralBrokersView(nodes);
  return {
    get parts() {
      return nodes.any.parts;
    },
    get listeners() {
      return nodes.any.listeners;
    },
    deliveries: () => deliveriesOf(nodes),
    ...recentOf(() => nodes.any),
  };
}

function deliveriesOf({ running }: ViewedNodes): DeliveryView[] {
  return running.flatMap(({ parts }) => parts.share.loaded?.view ?? []);
}

function isOfBroker({ clientHost }: { readonly clientHost: string }): boolean {
  return clientHost === PEER_HOST;
}

class SeveralBrokersView implements BrokerView {
  readonly seesConnections = true;
  readonly #nodes: ViewedNodes;

  constructor(nodes: ViewedNodes) {
    this.#nodes = nodes;
  }

  get parts(): ViewedParts {
    const { clock, config, layers, metadata, controller } = this.#nodes.any.parts;
    const partitions = {
      topicByName: (name: string) => this.#topic(name),
      get: (topic: string, index: number) => this.#leaderOf(topic, index)?.parts.partitions.get(topic, index),
    };
    return {
      clock,
      config,
      layers,
      metadata,
      controller,
      partitions,
      groups: this.#groups(),
      transactions: this.#transactions(),
    };
  }

  get listeners(): BrokerView['listeners'] {
    const { running } = this.#nodes;
    return {
      connections: () =>
        running.flatMap(({ listeners }) => listeners.connections().filter((each) => !isOfBroker(each))),
      disconnect: (reason, which) => {
        for (const { listeners } of running) {
          listeners.disconnect(reason, (each) => !isOfBroker(each) && (which?.(each) ?? true));
        }
      },
    };
  }

  deliveries(): readonly DeliveryView[] {
    return deliveriesOf(this.#nodes);
  }

  /** Each broker tells of itself, and one of them of the cluster. */
  events(): readonly RecentEvent[] {
    const { running, any } = this.#nodes;
    return merged([...running.map(({ events }) => events.all), any.clusterEvents.all]);
  }

  throttles(): readonly RecentThrottle[] {
    return this.#nodes.running.flatMap(({ throttles }) => throttles.all);
  }

  #topic(name: string): ViewedTopic | undefined {
    const topic = this.#image.topicsByName.get(name);
    if (topic === undefined) return undefined;
    const partitions = topic.partitions.map(({ leader }, index) =>
      this.#nodes.get(leader)?.parts.partitions.get(name, index),
    );
    return { id: topic.id, partitions };
  }

  #leaderOf(topic: string, index: number): RunningBroker | undefined {
    const leader = this.#image.topicsByName.get(topic)?.partitions[index]?.leader;
    return leader === undefined ? undefined : this.#nodes.get(leader);
  }

  #groups(): ViewedParts['groups'] {
    const { any, running } = this.#nodes;
    const own = any.parts.groups;
    const at = (groupId: string): Groups =>
      (this.#leaderOf('__consumer_offsets', own.partitionFor(groupId)) ?? any).parts.groups;
    return {
      partitionFor: (groupId) => own.partitionFor(groupId),
      ensureOffsetsTopic: () => own.ensureOffsetsTopic(),
      describeGroup: (groupId) => at(groupId).describeGroup(groupId),
      describeConsumerGroup: (groupId) => at(groupId).describeConsumerGroup(groupId),
      progress: (groupId) => at(groupId).progress(groupId),
      share: {
        describe: (groupId) => at(groupId).share.describe(groupId),
        describeOffsets: (groupId, topics) => at(groupId).share.describeOffsets(groupId, topics),
      },
      streams: { reads: (groupId) => at(groupId).streams.reads(groupId) },
      fetchOffsets: (request, requireStable) => at(request.groupId).fetchOffsets(request, requireStable),
      listGroups: (states, types) => {
        const lists = running.map(({ parts }) => parts.groups.listGroups(states, types));
        const errorCode = lists.find((list) => list.errorCode !== 0)?.errorCode ?? 0;
        return { errorCode, groups: lists.flatMap(({ groups }) => groups) };
      },
    };
  }

  #transactions(): ViewedParts['transactions'] {
    const { any, running } = this.#nodes;
    const own = any.parts.transactions;
    return {
      partitionFor: (transactionalId) => own.partitionFor(transactionalId),
      ensureTopic: () => own.ensureTopic(),
      describe: (id) =>
        (this.#leaderOf('__transaction_state', own.partitionFor(id)) ?? any).parts.transactions.describe(id),
      list: (filter) => {
        const lists = running.map(({ parts }) => parts.transactions.list(filter));
        return { ...own.list(filter), transactionStates: lists.flatMap(({ transactionStates }) => transactionStates) };
      },
    };
  }

  get #image(): ClusterImage {
    return this.#nodes.image;
  }
}
