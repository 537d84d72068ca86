/** What must be true of the logs of all replicas, seen from outside: their files, and what clients were told. */
import { join } from 'node:path';
import * as batch from '../../../protocol/records/batch.ts';
import { batches, decodeBatch } from '../../../protocol/records/decode.ts';
import type { Machine, SimulatedCluster } from '../cluster/simulated-cluster.ts';
import type { Acknowledged } from './replicas-client.ts';

const LOG_DIRECTORY = '/data';

/** What is wrong, once all replicas are in sync. */
export function checkReplicas(
  cluster: SimulatedCluster,
  topic: string,
  partitions: number,
  acknowledged: readonly Acknowledged[],
): string[] {
  const wrong: string[] = [];
  for (let index = 0; index < partitions; index++) {
    const replicas = cluster.all.map((machine) => replicaOf(machine, topic, index));
    const told = acknowledged.filter(({ partition }) => partition === index);
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
      const bytes = [first, other].map((replica) => prefixOf(replica.bytes, committed));
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
}

function replicaOf({ host, disk, broker }: Machine, topic: string, index: number): Replica {
  const directory = join(LOG_DIRECTORY, `${topic}-${index}`);
  const segments = disk.list(directory).filter((name) => name.endsWith('.log'));
  const { size = 0, highWatermark = -1 } = broker?.parts.partitions.get(topic, index) ?? {};
  const bytes = Buffer.concat(segments.toSorted().map((name) => disk.readAll(join(directory, name)))).subarray(0, size);
  const values = new Map<number, string>();
  for (const at of batches(bytes))
    for (const { offset, value } of decodeBatch(bytes, at).records) values.set(offset, String(value));
  return { host, bytes, values, highWatermark };
}

function prefixOf(bytes: Buffer, endOffset: number): Buffer {
  let end = 0;
  while (end < bytes.length && batch.nextOffset(bytes, end) <= endOffset) end += batch.sizeInBytes(bytes, end);
  return bytes.subarray(0, end);
}

/** Sees that no process takes back in one leader epoch what it has called committed. */
export class HighWatermarks {
  readonly #cluster: SimulatedCluster;
  readonly #topic: string;
  readonly #seen = new WeakMap<object, { readonly leaderEpoch: number; readonly highWatermark: number }>();

  constructor(cluster: SimulatedCluster, topic: string) {
    this.#cluster = cluster;
    this.#topic = topic;
  }

  look(): void {
    for (const { host, broker } of this.#cluster.all) {
      for (const partition of broker?.parts.partitions.topicByName(this.#topic)?.partitions ?? []) {
        if (partition === undefined) continue;
        const { leaderEpoch, highWatermark, index } = partition;
        const before = this.#seen.get(partition);
        if (before?.leaderEpoch === leaderEpoch && highWatermark < before.highWatermark) {
          this.#cluster.observer.say(
            `the high watermark of ${this.#topic}-${index} at ${host} goes back from ${before.highWatermark} to ${highWatermark}`,
          );
        }
        this.#seen.set(partition, { leaderEpoch, highWatermark });
      }
    }
  }
}
