/** A controller over a metadata log in memory, as a broker has it, and requests to put to it. */
import { effectiveConfig, type BrokerLayers } from '../../src/config/layers.ts';
import { Controller, type ConfigChange } from '../../src/cluster/controller.ts';
import type { NewTopic } from '../../src/cluster/create-topics.ts';
import { LocalMetadataStore } from '../../src/cluster/local-metadata-store.ts';
import type { MetadataStore } from '../../src/cluster/metadata-store.ts';
import type { BrokerRegistration } from '../../src/cluster/registration.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger, type Facts, type Logger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { seededRandom } from '../../src/platform/random.ts';

export const DIRECTORY = '/data';
export const LOG_PATH = `${DIRECTORY}/__cluster_metadata-0/00000000000000000000.log`;
export const UNKNOWN_ID = 'cccccccccccccccccccccQ';

export interface Warning {
  readonly event: string;
  readonly facts: Facts | undefined;
}

export class Cluster {
  readonly files: MemoryFiles;
  readonly warnings: Warning[] = [];
  readonly layers: BrokerLayers;
  readonly controller: Controller;
  /** Which the controller has. */
  readonly opened: MetadataStore;

  /** Of the files that an earlier one left, it is that one after a restart; with its store, another controller beside it. */
  static async open(
    settings: Readonly<Record<string, string>> = {},
    files = new MemoryFiles(),
    store?: MetadataStore,
  ): Promise<Cluster> {
    const cluster = new Cluster(settings, files, store);
    await cluster.controller.load();
    return cluster;
  }

  /** The same, and broker 1 is part of it. */
  static async registered(settings?: Readonly<Record<string, string>>, files?: MemoryFiles): Promise<Cluster> {
    return (await Cluster.open(settings, files)).register();
  }

  /** See `open`. */
  protected constructor(
    settings: Readonly<Record<string, string>> = {},
    files = new MemoryFiles(),
    store?: MetadataStore,
  ) {
    this.files = files;
    this.layers = { static: new Map(Object.entries(settings)), cluster: new Map(), broker: new Map() };
    const config = effectiveConfig(this.layers);
    this.opened = store ?? this.store();
    this.controller = new Controller({
      store: this.opened,
      clusterId: 'cluster-of-this-tests',
      random: seededRandom(files.operations + 1),
      config: () => config,
    });
  }

  store(): LocalMetadataStore {
    const logger: Logger = { ...silentLogger, warn: (event, facts) => void this.warnings.push({ event, facts }) };
    return new LocalMetadataStore(this.files, DIRECTORY, new VirtualClock(), logger);
  }

  async register(registration: Partial<BrokerRegistration> = {}): Promise<this> {
    await this.controller.register({
      id: 1,
      incarnationId: 'incarnationincarnatioA',
      rack: 'here',
      logDirectoryIds: ['directorydirectorydirA'],
      listeners: [
        { name: 'PLAINTEXT', host: 'inside', port: 9092, securityProtocol: 0 },
        { name: 'OUTSIDE', host: 'example.org', port: 19092, securityProtocol: 0 },
      ],
      ...registration,
    });
    return this;
  }

  set(...changes: readonly ConfigChange[]): Promise<void> {
    return this.controller.alterConfigs(() => ({ changes, result: undefined }));
  }

  async create(...topics: readonly NewTopic[]): Promise<number[]> {
    const results = await this.controller.createTopics(topics, { validateOnly: false });
    return results.map(({ errorCode }) => errorCode);
  }
}

/** One partition, one replica, unless told otherwise. */
export function topic(name: string, rest: Partial<NewTopic> = {}): NewTopic {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...rest };
}

export function configs(values: Readonly<Record<string, string | null>>): Pick<NewTopic, 'configs'> {
  return { configs: Object.entries(values).map(([name, value]) => ({ name, value })) };
}

/** Replicas by hand, by partition: `assigned([1], [1, 2])`. */
export function assigned(...replicas: readonly number[][]): Partial<NewTopic> {
  return {
    numPartitions: -1,
    replicationFactor: -1,
    assignments: replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
  };
}
