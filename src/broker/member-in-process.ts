/**
 * One of several brokers in one process (src/testing). They share the metadata store, and each of them may change the cluster: so there
 * is no active controller to be asked over the wire. All else is as in a cluster: registration and elections are the controller's
 * own decisions, followers fetch from their leaders, leaders propose who is in sync, and coordinators send markers to other
 * brokers. Loaded by such a broker alone.
 */
import { supportedRanges } from '../cluster/features.ts';
import type { Controller } from '../cluster/controller.ts';
import type { BrokerRegistration } from '../cluster/registration.ts';
import type { Clock } from '../platform/clock.ts';
import type { Network } from '../platform/network.ts';
import { OtherBrokers } from '../peers/other-brokers.ts';
import { Replicas } from '../replication/replicas.ts';
import { previousBrokerEpoch } from './log-directories.ts';
import { alone, type Join, type Membership, type MembershipNeeds } from './membership.ts';
import type { OpenMetadataStore } from './metadata-store.ts';

export { signedInNetwork } from '../peers/signed-in-network.ts';

export interface InProcessOptions {
  readonly openMetadataStore: OpenMetadataStore;
  /** By which it reaches its peers. */
  readonly network: Network;
  /** By which it fetches: connections keep real time where a test moves the broker's clock. */
  readonly socketClock: Clock;
  /** See ReplicasOptions. */
  readonly fetchWaitMs?: number;
  /** All brokers begin together: each is what it was when they ended together, leaderships and in-sync replicas with it. */
  readonly isBeginning: boolean;
}

export function memberInProcess(options: InProcessOptions): Join {
  return (needs) => new MemberInProcess(options, needs);
}

class MemberInProcess implements Membership {
  readonly replicas: Replicas;
  readonly peers: OtherBrokers;
  readonly forwarder = null;
  readonly lost = null;
  readonly #options: InProcessOptions;
  readonly #needs: MembershipNeeds;
  readonly #alone: Membership;

  constructor(options: InProcessOptions, needs: MembershipNeeds) {
    this.#options = options;
    this.#needs = needs;
    this.#alone = alone(options.openMetadataStore)(needs);
    const { platform, config, partitions } = needs;
    const { network, socketClock, fetchWaitMs } = options;
    const common = { clock: socketClock, network, metadata: this.metadata, config: () => config.inForce };
    this.peers = new OtherBrokers({ ...common, clientId: `broker-${this.#nodeId}` });
    this.replicas = new Replicas({
      ...platform,
      ...common,
      ...(fetchWaitMs === undefined ? {} : { fetchWaitMs }),
      nodeId: this.#nodeId,
      brokerEpoch: () => this.brokerEpoch,
      channel: this.channel,
      partitions,
    });
  }

  get metadata(): Membership['metadata'] {
    return this.#alone.metadata;
  }

  get channel(): Membership['channel'] {
    return this.#alone.channel;
  }

  get controller(): Controller {
    return this.#alone.controller;
  }

  get brokerEpoch(): number {
    return this.#alone.brokerEpoch;
  }

  get #nodeId(): number {
    return this.#needs.config.inForce['node.id'];
  }

  load(): Promise<void> {
    return this.#alone.load();
  }

  async register(registration: BrokerRegistration): Promise<void> {
    if (this.#options.isBeginning) return this.#alone.register(registration);
    const { directories } = this.#needs;
    const request = {
      ...registration,
      clusterId: directories[0].clusterId,
      features: supportedRanges,
      previousBrokerEpoch: previousBrokerEpoch(directories),
    };
    const { errorMessage } = await this.controller.registerBroker(request, () => false);
    if (errorMessage !== null) throw new Error(errorMessage);
  }

  /** It leads what nobody leads, where it may. */
  async serve(): Promise<void> {
    await this.controller.changeBroker(this.#nodeId, this.brokerEpoch, 'unfence');
  }

  /** Whoever stops it says first what the others make of that. */
  leave(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.peers.close();
    await this.replicas.stop();
    await this.#alone.close();
  }
}
