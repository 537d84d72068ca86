/** Partitions on a disk in memory with a clock that stands still: opened, written to, closed and opened again. */
import { defaultLogConfig, type LogConfig } from '../../src/config/log-config.ts';
import { LogDirectory } from '../../src/log/directory.ts';
import { appendProduced } from '../../src/partitions/append.ts';
import type { Partition } from '../../src/partitions/partition.ts';
import { Partitions } from '../../src/partitions/partitions.ts';
import type { Topic } from '../../src/partitions/topic-registry.ts';
import type { Receipt } from '../../src/partitions/receipt.ts';
import type { FetchPartition } from '../../src/partitions/read.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger, type Facts } from '../../src/platform/logger.ts';
import { diskError, MemoryFiles, type Operation } from '../../src/platform/memory-files.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { batchOf } from '../log/log-fixture.ts';

export const DIRECTORY = '/data';

/** The id of the topic that was made as number `n`. */
export function topicId(n: number): string {
  return `${'A'.repeat(20)}${String.fromCharCode(65 + n)}g`;
}

export class PartitionsFixture {
  readonly clock = new VirtualClock();
  readonly files: MemoryFiles;
  readonly logged: { event: string; facts: Facts | undefined }[] = [];
  readonly logger = {
    ...silentLogger,
    warn: (event: string, facts?: Facts) => void this.logged.push({ event, facts }),
    error: (event: string, facts?: Facts) => void this.logged.push({ event, facts }),
  };
  readonly random = seededRandom(7);
  directory: LogDirectory;
  partitions: Partitions;

  constructor(files = new MemoryFiles()) {
    this.files = files;
    ({ directory: this.directory, partitions: this.partitions } = this.#open());
  }

  /** As a broker that starts again; before, `close` or `crash` has to be called. */
  reopen(): void {
    ({ directory: this.directory, partitions: this.partitions } = this.#open());
  }

  close(): void {
    this.partitions.close(5);
  }

  /** Ends without a word, as a killed process does. */
  crash(): void {
    this.directory.abandon();
  }

  apply(name: string, id: string, count = 1, config: Partial<LogConfig> = {}, leaderEpoch = 0, replicas = 1): Topic {
    const topic = this.partitions.define({ name, id, count });
    const plan = { config: { ...defaultLogConfig, ...config }, leaderEpoch, replicas, inSyncReplicas: 1 };
    for (let index = 0; index < count; index++) this.partitions.lead(id, index, plan);
    return topic;
  }

  partition(topic: string, index = 0): Partition {
    const partition = this.partitions.get(topic, index);
    if (partition === undefined) throw new Error(`there is no ${topic}-${index}`);
    return partition;
  }

  /** As a produce request does; not settled. */
  produce(partition: Partition, batch: Buffer, isAcksAll = false): Receipt {
    const options = { apiVersion: 9, isAcksAll, nowMs: this.clock.now() };
    return appendProduced(this.partitions, partition, batch, 0, batch.length, options);
  }

  produceValues(partition: Partition, ...values: string[]): Receipt {
    return this.produce(partition, batchOf(values));
  }

  /** Lets every `operation` on a path that contains `path` fail, until `heal`. */
  breakDisk(operation: Operation, path: string): void {
    this.files.before = (done, where) => {
      if (done === operation && where.includes(path)) throw diskError('EIO', operation, where);
    };
  }

  heal(): void {
    this.files.before = null;
  }

  events(): string[] {
    return this.logged.map(({ event }) => event);
  }

  #open() {
    const { clock, files, logger, random } = this;
    const directory = LogDirectory.open({ clock, files, logger, random, path: DIRECTORY, nodeId: 1 });
    return {
      directory,
      partitions: new Partitions({ clock, files, logger, directories: [directory], missingDirectory: () => directory }),
    };
  }
}

/** One partition of a fetch by name, from offset 0 and with room enough unless said otherwise. */
export function asked(topic: string, partition = 0, more: Partial<FetchPartition> = {}): FetchPartition {
  return {
    topic,
    topicId: null,
    partition,
    fetchOffset: 0,
    maxBytes: 1 << 20,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
    ...more,
  };
}
