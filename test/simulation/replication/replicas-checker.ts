/** What must be true of the logs of all replicas, seen from outside: their files, and what clients were told. */
import { join } from 'node:path';
import * as batch from '../../../protocol/records/batch.ts';
import { batches, decodeBatch } from '../../../protocol/records/decode.ts';
import type { Partition } from '../../../src/partitions/partition.ts';
import type { CrashDisk } from '../../crash/crash-disk.ts';
import type { Machine, SimulatedCluster } from '../cluster/simulated-cluster.ts';
import type { Acknowledged } from './replicas-client.ts';

const LOG_DIRECTORY = '/data';

/** What is wrong, once all replicas are in sync. */
export function checkReplicas(
  cluster: SimulatedCluster,
  topic: string,
  partitions: number,
  acknowledged: readonly Acknowledged[],
  deletedBefore: readonly number[] = [],
): string[] {
  const wrong: string[] = [];
  for (let index = 0; index < partitions; index++) {
    const replicas = cluster.all.map((machine) => replicaOf(machine, topic, index));
    const deleted = deletedBefore[index] ?? 0;
    for (const { host, logStartOffset } of replicas)
      if (logStartOffset > deleted) wrong.push(`${topic}-${index} begins at ${logStartOffset} at ${host}`);
    const told = acknowledged.filter(({ partition, offset }) => partition === index && offset >= deleted);
    for (const { host, values } of replicas) {
      const lost = told.filter(({ offset, value }) => values.get(offset) !== value);
      for (const { offset, value } of lost) {
        const there = values.get(offset) ?? 'nothing';
        wrong.push(`'${value}' was acknowledged at ${topic}-${index}:${offset}, where ${host} has '${there}'`);
      }
    }
    // What all have committed is the same to the byte.
    const [first, ...others] = replicas;
    const committed = Math.min(...replicas.map(({ highWatermark }) => highWatermark));
    for (const other of others) {
      const from = Math.max(beginOf(first), beginOf(other));
      const bytes = [first, other].map((replica) => between(replica.bytes, from, committed));
      if (!bytes[0].equals(bytes[1]))
        wrong.push(`${topic}-${index} differs below ${committed} between ${first.host} and ${other.host}`);
    }
  }
  const cuts = cluster.logged.filter((line) => line.includes('cut-below-high-watermark'));
  return [...wrong, ...cuts];
}

interface Replica {
  readonly host: string;
  readonly bytes: Buffer;
  readonly values: ReadonlyMap<number, string>;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

function replicaOf({ host, disk, broker }: Machine, topic: string, index: number): Replica {
  const { size = 0, highWatermark = -1, logStartOffset = 0 } = broker?.parts.partitions.get(topic, index) ?? {};
  const bytes = bytesOn(disk, topic, index).subarray(0, size);
  return { host, bytes, values: valuesIn(bytes), highWatermark, logStartOffset };
}

function bytesOn(disk: CrashDisk, topic: string, index: number): Buffer {
  const directory = join(LOG_DIRECTORY, `${topic}-${index}`);
  const segments = disk.list(directory).filter((name) => name.endsWith('.log'));
  return Buffer.concat(segments.toSorted().map((name) => disk.readAll(join(directory, name))));
}

function valuesIn(bytes: Buffer): ReadonlyMap<number, string> {
  const values = new Map<number, string>();
  for (const at of batches(bytes))
    for (const { offset, value } of decodeBatch(bytes, at).records) values.set(offset, String(value));
  return values;
}

/** By offset, up to the first batch that is not whole. */
export function valuesOn(disk: CrashDisk, topic: string, index: number): ReadonlyMap<number, string> {
  return valuesIn(bytesOn(disk, topic, index));
}

/** What lies before it is deleted, be it still in a file: after an unclean election that may be of another leader. */
function beginOf({ bytes, logStartOffset }: Replica): number {
  return Math.max(logStartOffset, bytes.length > 0 ? batch.baseOffset(bytes, 0) : 0);
}

/** Whole batches from an offset, at which one begins, up to another. */
function between(bytes: Buffer, from: number, endOffset: number): Buffer {
  let [start, end] = [0, 0];
  while (end < bytes.length && batch.nextOffset(bytes, end) <= endOffset) {
    end += batch.sizeInBytes(bytes, end);
    if (batch.nextOffset(bytes, start) <= from) start = end;
  }
  return bytes.subarray(start, end);
}

interface Committed {
  readonly value: Buffer;
  readonly host: string;
  readonly nowMs: number;
}

/**
 * Looks at what replicas count as committed, again and again: readers may have seen it. No process takes that back in one leader
 * epoch, and an offset never has two values.
 */
export class CommittedRecords {
  readonly #cluster: SimulatedCluster;
  readonly #topic: string;
  readonly #seen = new WeakMap<object, { readonly leaderEpoch: number; readonly highWatermark: number }>();
  /** By partition, and by offset. */
  readonly #values: (Committed | undefined)[][] = [];

  constructor(cluster: SimulatedCluster, topic: string) {
    this.#cluster = cluster;
    this.#topic = topic;
  }

  look(): void {
    for (const { host, broker } of this.#cluster.all) {
      for (const partition of broker?.parts.partitions.topicByName(this.#topic)?.partitions ?? []) {
        if (partition !== undefined && !partition.isOffline) this.#lookAt(host, partition);
      }
    }
  }

  #lookAt(host: string, partition: Partition): void {
    const { leaderEpoch, highWatermark, index } = partition;
    const before = this.#seen.get(partition);
    if (before?.leaderEpoch === leaderEpoch && highWatermark < before.highWatermark) {
      this.#say(`the high watermark of ${index} at ${host} goes back from ${before.highWatermark} to ${highWatermark}`);
    }
    if (before?.leaderEpoch === leaderEpoch && highWatermark === before.highWatermark) return;
    this.#seen.set(partition, { leaderEpoch, highWatermark });
    // What another leader has cut stands here no more, and is read again.
    const from = before?.leaderEpoch === leaderEpoch ? before.highWatermark : partition.logStartOffset;
    for (const stored of partition.batches(from, highWatermark)) {
      const record = stored.cursor();
      while (record.next()) this.#note(index, record.offset, record.value!, host);
    }
  }

  #note(index: number, offset: number, value: Buffer, host: string): void {
    const values = (this.#values[index] ??= []);
    const known = values[offset];
    if (known === undefined) values[offset] = { value, host, nowMs: this.#cluster.nowMs };
    else if (!known.value.equals(value)) {
      const before = `'${String(known.value)}' was for ${known.host} at ${known.nowMs.toFixed(0)}`;
      this.#say(`'${String(value)}' is committed at ${index}:${offset} for ${host}, and ${before}`);
    }
  }

  #say(what: string): void {
    this.#cluster.observer.say(`${this.#topic}: ${what}`);
  }
}
