/**
 * How a broker takes part in its cluster: where it reads what the cluster is, whom it asks for changes, and how it comes and goes.
 * A broker alone is its own cluster (below). One among others is a member: cluster-member.ts, which only such a one loads.
 */
import type { ControllerChannel } from '../cluster/controller-channel.ts';
import { localChannel } from '../cluster/controller-channel.ts';
import { Controller } from '../cluster/controller.ts';
import { ExpiredTokens } from '../cluster/expired-tokens.ts';
import type { MetadataFeed } from '../cluster/metadata-feed.ts';
import type { BrokerRegistration } from '../cluster/registration.ts';
import type { LogDirectory } from '../log/directory.ts';
import type { Forwarder } from '../net/forwarder.ts';
import type { Partitions } from '../partitions/partitions.ts';
import type { Lane } from '../platform/lane.ts';
import type { Replicas } from '../replication/replicas.ts';
import type { OtherBrokers } from '../peers/other-brokers.ts';
import { firstUsers } from './bootstrap-checkpoint.ts';
import type { DynamicConfig } from './dynamic-config.ts';
import { folderMaker } from './log-directories.ts';
import { openMetadataStore, type OpenMetadataStore } from './metadata-store.ts';
import type { Platform } from './platform.ts';

export interface Membership {
  readonly metadata: MetadataFeed;
  readonly channel: ControllerChannel;
  /** @throws in a cluster, where clients' requests that need it are forwarded */
  readonly controller: Controller;
  /** Of clients' requests for the active controller; null where that is `controller`. */
  readonly forwarder: Forwarder | null;
  /** What followers and their leaders do; null where no other broker has replicas. */
  readonly replicas: Replicas | null;
  /** What is asked of other brokers; null where there are none. */
  readonly peers: OtherBrokers | null;
  /** Resolves where the log directory has failed that has its copy of the metadata log: it cannot follow its cluster. Null without one. */
  readonly lost: Promise<void> | null;
  /** -1 until it is registered. */
  readonly brokerEpoch: number;
  /** Once, before all else: `metadata` is what the cluster is from then on. */
  load(): Promise<void>;
  /** The broker is known to the cluster, under a new epoch; its log directories may be opened now. */
  register(registration: BrokerRegistration): Promise<void>;
  /** Logs are open and requests are answered: it may lead partitions. Resolves when the cluster has taken that up. */
  serve(): Promise<void>;
  /** It is going to stop, and still serves what others do not yet. */
  leave(): Promise<void>;
  /** No image follows. */
  close(): Promise<void>;
}

/** What a membership is made over. */
export interface MembershipNeeds {
  readonly platform: Platform;
  readonly config: DynamicConfig;
  readonly directories: readonly LogDirectory[];
  readonly partitions: Partitions;
  /** For what takes long: it has a slice of each turn of the event loop. */
  readonly lane: Lane;
}

export type Join = (needs: MembershipNeeds) => Membership;

/** Of a broker that is its own controller. The store may be shared by brokers of one process; then none of them closes it. */
export function alone(shared: OpenMetadataStore | undefined): Join {
  return ({ platform, config, directories, partitions, lane }) => {
    const { clock, random, logger } = platform;
    const nodeId = config.inForce['node.id'];
    const { clusterId } = directories[0];
    const store = openMetadataStore(directories[0], platform, lane, shared);
    const makeFolders = folderMaker(partitions, logger, nodeId);
    const controller = new Controller({
      store,
      clusterId,
      random,
      config: () => config.inForce,
      makeFolders,
      lane,
      bootstrap: () => firstUsers(platform.files, directories[0].path),
    });
    let expiredTokens: ExpiredTokens | null = null;
    return {
      metadata: controller,
      channel: localChannel(nodeId, controller),
      controller,
      forwarder: null,
      replicas: null,
      peers: null,
      lost: null,
      get brokerEpoch() {
        return controller.image.brokers.get(nodeId)?.epoch ?? -1;
      },
      load: () => controller.load(),
      register: (registration) => controller.register(registration),
      async serve() {
        expiredTokens = new ExpiredTokens({ controller, config: () => config.inForce, clock, logger });
      },
      leave: () => Promise.resolve(),
      async close() {
        expiredTokens?.stop();
        await controller.close();
        if (shared === undefined) await store.close();
      },
    };
  };
}
