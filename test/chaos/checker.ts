/** What must be true of the raw logs of all replicas, whatever has happened. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { NODES, type ChaosCluster } from './cluster.ts';
import type { Acknowledged } from './producers.ts';

/** What a producer was told. */
export interface Told {
  readonly name: string;
  /** No value may be there twice. */
  readonly isIdempotent: boolean;
  readonly acknowledged: readonly Acknowledged[];
}

export interface Verdict {
  readonly lost: readonly string[];
  readonly duplicate: readonly string[];
  readonly differing: readonly string[];
  readonly bytes: number;
}

export function check(cluster: ChaosCluster, topic: string, partitions: number, producers: readonly Told[]): Verdict {
  const [lost, duplicate, differing]: [string[], string[], string[]] = [[], [], []];
  let size = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const logs = NODES.map((node) => rawLog(cluster.directoryOf(node), `${topic}-${partition}`));
    size += logs[0].length;
    for (const [i, log] of logs.entries())
      if (!log.equals(logs[0]))
        differing.push(`${topic}-${partition} at broker ${NODES[i]}: ${whereTheyPart(log, logs[0])}`);
    for (const [i, log] of logs.entries()) {
      const offsets = offsetsByValue(log);
      for (const producer of producers) {
        for (const one of producer.acknowledged) {
          if (one.partition !== partition) continue;
          const found = offsets.get(one.value) ?? [];
          const isThere = one.offset === null ? found.length > 0 : found.includes(one.offset);
          if (!isThere)
            lost.push(`'${one.value}' of ${topic}-${partition}:${one.offset} at broker ${NODES[i]}: ${found.join()}`);
        }
        if (i > 0 || !producer.isIdempotent) continue;
        for (const [value, found] of offsets)
          if (found.length > 1 && value.startsWith(`${producer.name} `))
            duplicate.push(`'${value}' at ${found.join()}`);
      }
    }
  }
  return { lost, duplicate, differing, bytes: size };
}

function whereTheyPart(a: Buffer, b: Buffer): string {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return `${a.length} bytes beside ${b.length}, the same up to byte ${at}`;
}

export function rawLog(directory: string, folder: string): Buffer {
  const path = join(directory, folder);
  const segments = readdirSync(path).filter((name) => name.endsWith('.log'));
  return Buffer.concat(segments.toSorted().map((name) => readFileSync(join(path, name))));
}

function offsetsByValue(log: Buffer): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const at of batches(log))
    for (const { offset, value } of decodeBatch(log, at).records) {
      const known = found.get(String(value));
      if (known === undefined) found.set(String(value), [offset]);
      else known.push(offset);
    }
  return found;
}
