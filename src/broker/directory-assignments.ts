/** Tells the controller in which log directory each partition of this broker is, as AssignReplicasToDirs does in Kafka (KIP-858). */
import type { Parts } from '../apis/broker-parts.ts';

type Needs = Parts<'channel' | 'partitions' | 'logger'>;

export class DirectoryAssignments {
  readonly #needs: Needs;
  #isStarted = false;
  #isQueued = false;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** The broker is registered: from now on the controller takes assignments. */
  async start(): Promise<void> {
    this.#isStarted = true;
    await this.#assign();
  }

  stop(): void {
    this.#isStarted = false;
  }

  /** Partitions may be elsewhere than the controller knows. It is told after the image change that asks for it. */
  changed(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    void Promise.resolve().then(() => this.#assign());
  }

  async #assign(): Promise<void> {
    const { channel, partitions, logger } = this.#needs;
    this.#isQueued = false;
    if (!this.#isStarted) return;
    try {
      await channel.assignDirectories((topic, index) => partitions.directoryIdOf(topic, index));
    } catch (error) {
      logger.warn('log-dirs-not-noted', { error: (error as Error).message }); // the next change of a topic tries again
    }
  }
}
