/**
 * The replicas of a broker that is one of several: it fetches for those that it follows, watches over the followers of those that it
 * leads, and notes on the disk how far all of them are committed.
 */
import type { ClusterImage, PartitionImage } from '../cluster/image.ts';
import type { MetadataFeed } from '../cluster/metadata-feed.ts';
import type { ControllerChannel } from '../cluster/controller-channel.ts';
import type { ServerConfig } from '../config/server.ts';
import { isOnline } from '../cluster/partition-rules.ts';
import type { LeaderTerm, ReplicaRules } from '../partitions/leader-state.ts';
import type { Partition } from '../partitions/partition.ts';
import type { Partitions } from '../partitions/partitions.ts';
import { brokerAddress } from '../peers/broker-address.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Network } from '../platform/network.ts';
import { IsrProposals } from './isr-proposals.ts';
import { keyOf } from './fetch-session.ts';
import { LaterEpochs } from './later-epochs.ts';
import { LeaderFetcher, type FetcherSettings } from './leader-fetcher.ts';
import { ReplicationQuota, type QuotaSettings } from './replication-quota.ts';

export interface ReplicasOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly network: Network;
  readonly nodeId: number;
  readonly brokerEpoch: () => number;
  readonly metadata: MetadataFeed;
  readonly channel: ControllerChannel;
  readonly partitions: Partitions;
  readonly config: () => ServerConfig;
  /** How long a fetch waits for data at its leader, where that is not for replica.fetch.wait.max.ms to say. */
  readonly fetchWaitMs?: number;
}

export class Replicas {
  readonly #options: ReplicasOptions;
  readonly #rules: ReplicaRules;
  readonly #proposals: IsrProposals;
  readonly #laterEpochs: LaterEpochs;
  /** What follower.replication.throttled.rate bounds. */
  readonly #fetched: ReplicationQuota;
  /** By the leader's broker id, and the number of the fetcher. */
  readonly #fetchers = new Map<string, LeaderFetcher>();
  /** Which fetcher has which replica. */
  readonly #fetchedBy = new Map<string, LeaderFetcher>();
  readonly #led = new Map<string, Partition>();
  #timers: Timer[] = [];
  #isStopped = false;

  constructor(options: ReplicasOptions) {
    this.#options = options;
    const { metadata, config, channel, partitions, clock, nodeId } = options;
    const sent = new ReplicationQuota(() => quotaOf(config(), config()['leader.replication.throttled.rate']));
    this.#fetched = new ReplicationQuota(() => quotaOf(config(), config()['follower.replication.throttled.rate']));
    this.#rules = {
      get maxLagMs() {
        return config()['replica.lag.time.max.ms'];
      },
      epochOf: (brokerId) => metadata.image.brokers.get(brokerId)?.epoch ?? -1,
      mayJoin: (brokerId, directory) =>
        isIn(metadata.image, brokerId) && (directory === null || isOnline(metadata.image, brokerId, directory)),
      isAlive: (brokerId) => metadata.image.brokers.get(brokerId)?.fenced === false,
      throttle: {
        covers: ({ throttledLeaders: all }, index) => all.size > 0 && (all.has('*') || all.has(`${index}:${nodeId}`)),
        isExceeded: () => sent.isExceeded(clock.monotonic()),
        took: (bytes) => sent.took(bytes, clock.monotonic()),
      },
    };
    for (const { health } of partitions.directories) health.onOffline(() => this.#lookAtAll());
    const alterPartitions: ControllerChannel['alterPartitions'] = (topics) => channel.alterPartitions(topics);
    this.#proposals = new IsrProposals({ ...options, alterPartitions });
    this.#laterEpochs = new LaterEpochs({ ...options, alterPartitions });
    this.#every(
      () => config()['replica.lag.time.max.ms'] / 2,
      () => this.#checkFollowers(),
    );
    this.#every(
      () => config()['replica.high.watermark.checkpoint.interval.ms'],
      () => this.#checkpoint(),
    );
  }

  /** A term of this broker as leader, with all that followers have to do with it. */
  termOf({ leaderEpoch, partitionEpoch, replicas, isr, directories }: PartitionImage): LeaderTerm {
    const others = (ids: readonly number[]) => ids.filter((id) => id !== this.#options.nodeId);
    return {
      leaderEpoch,
      partitionEpoch,
      replicas: replicas.length,
      inSyncReplicas: isr.length,
      followers: others(replicas),
      directories: directories.filter((_, i) => replicas[i] !== this.#options.nodeId),
      inSync: others(isr),
      rules: this.#rules,
    };
  }

  leads(partition: Partition): void {
    this.#stopFetching(partition);
    if (!partition.isLeader) return this.#laterEpochs.look(partition); // not in this epoch
    partition.onProposal ??= (led, proposal) => this.#proposals.propose(led, proposal);
    this.#led.set(keyOf(partition.topicId, partition.index), partition);
  }

  /** Another broker leads it; -1 where none does. */
  follows(partition: Partition, leader: number): void {
    const key = keyOf(partition.topicId, partition.index);
    this.#led.delete(key);
    this.#laterEpochs.look(partition);
    const fetcher = leader < 0 || this.#isStopped ? null : this.#fetcherOf(leader, partition);
    if (this.#fetchedBy.get(key) !== fetcher) this.#stopFetching(partition);
    if (fetcher === null) return;
    this.#fetchedBy.set(key, fetcher);
    fetcher.add(key, partition);
  }

  /** There is no replica here any more. */
  forget(topicId: string, index: number): void {
    const key = keyOf(topicId, index);
    this.#fetchedBy.get(key)?.remove(key);
    this.#fetchedBy.delete(key);
    this.#led.delete(key);
    this.#laterEpochs.forget(key);
  }

  /** Nothing is fetched any more, and how far all is committed stands on the disk. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#proposals.stop();
    this.#laterEpochs.stop();
    await Promise.all([...this.#fetchers.values()].map((fetcher) => fetcher.stop()));
    this.#checkpoint();
  }

  #stopFetching({ topicId, index }: Partition): void {
    const key = keyOf(topicId, index);
    this.#fetchedBy.get(key)?.remove(key);
    this.#fetchedBy.delete(key);
  }

  /** num.replica.fetchers share the partitions of a leader. */
  #fetcherOf(leaderId: number, { topicId, index }: Partition): LeaderFetcher {
    const { config, metadata } = this.#options;
    let hash = index;
    for (let i = 0; i < topicId.length; i++) hash = (hash * 31 + topicId.charCodeAt(i)) | 0;
    const name = `${leaderId}/${Math.abs(hash) % config()['num.replica.fetchers']}`;
    let fetcher = this.#fetchers.get(name);
    if (fetcher === undefined) {
      const address = () => brokerAddress(metadata.image.brokers.get(leaderId), config());
      const settings = () => this.#fetcherSettings();
      fetcher = new LeaderFetcher({ ...this.#options, leaderId, address, settings, quota: this.#fetched });
      this.#fetchers.set(name, fetcher);
    }
    return fetcher;
  }

  #lookAtAll(): void {
    for (const fetcher of this.#fetchers.values()) fetcher.lookAtAll();
  }

  #fetcherSettings(): FetcherSettings {
    const { config, fetchWaitMs } = this.#options;
    const settings = settingsOf(config());
    if (fetchWaitMs === undefined) return settings;
    return { ...settings, maxWaitMs: fetchWaitMs, timeoutMs: settings.timeoutMs + fetchWaitMs };
  }

  #checkFollowers(): void {
    for (const partition of this.#led.values()) partition.checkFollowers();
  }

  #checkpoint(): void {
    try {
      this.#options.partitions.checkpointHighWatermarks();
    } catch (error) {
      this.#options.logger.error('high-watermarks-not-noted', { error: (error as Error).message });
    }
  }

  #every(intervalMs: () => number, run: () => void): void {
    const at = this.#timers.length;
    const next = (): Timer =>
      this.#options.clock.after(intervalMs(), () => {
        run();
        this.#timers[at] = next();
      });
    this.#timers.push(next());
  }
}

function isIn({ brokers }: ClusterImage, brokerId: number): boolean {
  const broker = brokers.get(brokerId);
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
}

function settingsOf(config: ServerConfig): FetcherSettings {
  return {
    partitionMaxBytes: config['replica.fetch.max.bytes'],
    maxBytes: config['replica.fetch.response.max.bytes'],
    minBytes: config['replica.fetch.min.bytes'],
    maxWaitMs: config['replica.fetch.wait.max.ms'],
    backoffMs: config['replica.fetch.backoff.ms'],
    timeoutMs: config['replica.socket.timeout.ms'],
  };
}

function quotaOf(config: ServerConfig, bytesPerSecond: number): QuotaSettings {
  return {
    bytesPerSecond,
    samples: config['replication.quota.window.num'],
    sampleSeconds: config['replication.quota.window.size.seconds'],
  };
}
