/**
 * The part of a broker that follows the metadata log, as every one of them has it: fetcher, copy on a disk, image, what it means here,
 * what people are told of it.
 */
import { join } from 'node:path';
import type { ClusterImage } from '../../../src/cluster/image.ts';
import { leadership } from '../../../src/cluster/leadership.ts';
import { metadataEvents } from '../../../src/cluster/metadata-events.ts';
import { Elections } from '../../../src/metrics/elections.ts';
import { ControllerQuorum, type Address } from '../../../src/peers/controller-quorum.ts';
import { MetadataCopy } from '../../../src/peers/metadata-copy.ts';
import { MetadataFetcher } from '../../../src/peers/metadata-fetcher.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { MemoryFiles } from '../../../src/platform/memory-files.ts';
import type { Network } from '../../../src/platform/network.ts';
import { randomUuid, type Random } from '../../../src/platform/random.ts';
import { AccountedProcess, accountedNetwork, type CpuAccounts } from './cpu-accounts.ts';
import type { Clock } from '../../../src/platform/clock.ts';

export interface FollowingOptions {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly accounts: CpuAccounts;
  readonly controllers: readonly Address[];
  /** metadata.log.max.record.bytes.between.snapshots */
  readonly snapshotAfterBytes: number;
}

const LOG_DIRECTORY = '/data';
const MAX_BYTES = 8 << 20;
const FETCH_TIMEOUT_MS = 2000;

export class FollowingBroker {
  /** Of its processor time. */
  readonly name: string;
  /** Partitions that it has begun to lead, follow or not to. */
  moves = 0;
  readonly #options: FollowingOptions;
  readonly #files = new MemoryFiles();
  readonly #elections = new Elections();
  #fetcher!: MetadataFetcher;

  constructor(options: FollowingOptions) {
    this.#options = options;
    this.name = `broker ${options.nodeId}`;
    this.#files.makeDirectory(LOG_DIRECTORY);
    this.#start();
  }

  get image(): ClusterImage {
    return this.#fetcher.image;
  }

  /** Ends, and starts from its copy. */
  async restart(): Promise<void> {
    const { clock, accounts } = this.#options;
    void this.#fetcher.stop();
    await new Promise<void>((resolve) => void clock.after(FETCH_TIMEOUT_MS, resolve));
    accounts.begin(this.name);
    this.#start();
  }

  #start(): void {
    const { nodeId, clusterId, clock: shared, random, accounts, controllers, snapshotAfterBytes } = this.#options;
    const { clock } = new AccountedProcess(shared, accounts, this.name);
    const network = accountedNetwork(this.#options.network, shared, accounts, this.name);
    const copy = new MetadataCopy({ files: this.#files, logDirectory: join(LOG_DIRECTORY), logger: silentLogger });
    const settings = {
      maxBytes: MAX_BYTES,
      maxSnapshotBytes: MAX_BYTES,
      timeoutMs: FETCH_TIMEOUT_MS,
      snapshotAfterBytes,
    };
    this.#fetcher = new MetadataFetcher({
      clock,
      logger: silentLogger,
      network,
      quorum: new ControllerQuorum(controllers, clock),
      copy,
      clusterId,
      nodeId,
      directoryId: randomUuid(random),
      settings: () => settings,
    });
    this.#fetcher.onChange((image, previous, delta) => {
      const { led, followed, closed } = leadership(previous, image, delta, nodeId);
      this.moves += led.length + followed.length + closed.length;
      metadataEvents(image, previous, delta);
      this.#elections.note(image, previous, delta);
    });
    this.#fetcher.start();
  }
}
