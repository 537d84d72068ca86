/**
 * What the controller of a process tells the active one, where that is another: that it is there, so that brokers and tools see it
 * (KIP-919), and how far it has read the log. A broker in the same process fetches the log by itself, under the same id.
 */
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { ControllerRegistration } from '../../protocol/apis/70-controller-registration.ts';
import type { Client } from '../../protocol/client.ts';
import { METADATA_TOPIC_ID } from '../apis/controllers/metadata-log.ts';
import { supportedRanges } from '../cluster/features.ts';
import type { ControllerNode } from '../controllers/controller-node.ts';
import { connectPeer } from '../peers/peer-client.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Network } from '../platform/network.ts';

export interface StandbyReportsOptions {
  readonly node: ControllerNode;
  readonly network: Network;
  readonly clock: Clock;
  /** There is no broker in this process, which would tell how far it has read. */
  readonly tellsPosition: boolean;
}

const EVERY_MS = 500;
const ANSWER_MS = 700;
const FETCH_VERSION = 17;

export class StandbyReports {
  readonly #options: StandbyReportsOptions;
  #isStopped = false;
  #timer!: Timer;

  constructor(options: StandbyReportsOptions) {
    this.#options = options;
    this.#later();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer.cancel();
  }

  #later(): void {
    this.#timer = this.#options.clock.after(EVERY_MS, () => {
      void this.#report()
        .catch(() => {}) // the active controller goes away, or changes: it is told the next time
        .finally(() => {
          if (!this.#isStopped) this.#later();
        });
    });
  }

  async #report(): Promise<void> {
    const { node, network, tellsPosition } = this.#options;
    const { active, leader } = node;
    if (leader === null || active !== null || (this.#isRegistered && !tellsPosition)) return;
    const client = await connectPeer(network, {
      ...leader,
      timeoutMs: ANSWER_MS,
      clientId: `controller-${node.nodeId}`,
    });
    const told = (async () => {
      if (!this.#isRegistered) await this.#register(client);
      if (tellsPosition) await this.#tellPosition(client);
    })();
    try {
      await Promise.race([told, this.#after(ANSWER_MS)]);
    } finally {
      void client.close();
    }
  }

  /** As far as the log has been read here. Another process that was started under the same id may have registered meanwhile. */
  get #isRegistered(): boolean {
    const { image, registration } = this.#options.node;
    return image.controllers.get(registration.id)?.incarnationId === registration.incarnationId;
  }

  async #register(client: Client): Promise<void> {
    const { id: controllerId, incarnationId, listeners } = this.#options.node.registration;
    await client.send(ControllerRegistration, 0, {
      controllerId,
      incarnationId,
      zkMigrationReady: false,
      listeners: [...listeners],
      features: [...supportedRanges],
    });
  }

  /** As a follower does whose log ends there. */
  async #tellPosition(client: Client): Promise<void> {
    const { node } = this.#options;
    const { position } = node;
    if (position === null) return;
    const { endOffset: fetchOffset, epoch: lastFetchedEpoch } = position;
    const partition = { partition: 0, fetchOffset, lastFetchedEpoch, partitionMaxBytes: 1 };
    await client.send(Fetch, FETCH_VERSION, {
      clusterId: node.clusterId,
      replicaState: { replicaId: node.nodeId, replicaEpoch: -1 },
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1,
      topics: [{ topicId: METADATA_TOPIC_ID, partitions: [partition] }],
    });
  }

  #after(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(delayMs, resolve));
  }
}
