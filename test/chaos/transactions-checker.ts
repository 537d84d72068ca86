/** What must be true of transactions over all partitions of a topic, by the raw logs of all replicas and what clients were told. */
import { attributes, isControl, isTransactional, producerId } from '../../protocol/records/batch.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import type { ReadRecord } from './java-clients.ts';

export interface TransactionsTold {
  readonly committed: ReadonlySet<number>;
  readonly aborted: ReadonlySet<number>;
  readonly read: readonly ReadRecord[];
}

/** Of the key of a marker. */
const TYPE_AT = 2;
const COMMIT = 1;

/** Values that are committed in a log, by offset. */
export function committedIn(log: Buffer): ReadonlyMap<number, string> {
  const open = new Map<number, [number, string][]>();
  const committed = new Map<number, string>();
  for (const at of batches(log)) {
    const flags = attributes(log, at);
    if (!isTransactional(flags)) continue;
    const id = producerId(log, at);
    const { records } = decodeBatch(log, at);
    if (!isControl(flags)) {
      const before = open.get(id) ?? [];
      open.set(id, before);
      for (const { offset, value } of records) before.push([offset, String(value)]);
      continue;
    }
    const isCommit = Buffer.from(records[0].key!).readInt16BE(TYPE_AT) === COMMIT;
    if (isCommit) for (const [offset, value] of open.get(id) ?? []) committed.set(offset, value);
    open.delete(id);
  }
  return committed;
}

/** `logs`: of each partition, on one of the brokers. */
export function checkTransactions(logs: readonly Buffer[], { committed, aborted, read }: TransactionsTold): string[] {
  const wrong: string[] = [];
  const there = logs.map(committedIn);
  const places = new Map<string, number[]>();
  for (const [partition, values] of there.entries()) {
    for (const value of values.values()) places.set(value, [...(places.get(value) ?? []), partition]);
  }
  const all = logs.map((_, partition) => partition).join();
  for (const [value, partitions] of places)
    if (partitions.join() !== all) wrong.push(`'${value}' is committed in partitions ${partitions.join()} of ${all}`);
  for (const serial of committed)
    if (!places.has(`transaction ${serial}`)) wrong.push(`transaction ${serial} was committed, and is not there`);
  for (const serial of aborted)
    if (places.has(`transaction ${serial}`)) wrong.push(`transaction ${serial} was aborted, and is there`);
  const seen = logs.map(() => new Set<number>());
  for (const { partition, offset, value } of read) {
    seen[partition].add(offset);
    const committedValue = there[partition].get(offset);
    if (committedValue !== value)
      wrong.push(
        `the group has read '${value}' at ${partition}:${offset}, where ${committedValue ?? 'nothing'} is committed`,
      );
  }
  for (const [partition, values] of there.entries())
    for (const offset of values.keys())
      if (!seen[partition].has(offset)) wrong.push(`the group has not read ${partition}:${offset}`);
  return wrong;
}
