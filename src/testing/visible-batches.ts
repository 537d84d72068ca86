/** What a consumer would see of a partition, by batch headers: neither markers of transactions nor what was aborted. */
import type { BrokerView } from './broker-view.ts';
import type { Isolation } from './wait-options.ts';

export type Partition = NonNullable<ReturnType<BrokerView['parts']['partitions']['get']>>;
export type Batch = Partition extends { batches(from: number, upTo: number): Iterable<infer One> } ? One : never;

/** Where such a reader stops: at the last stable offset, or at the high watermark. */
export function visibleEnd(partition: Partition, isolation: Isolation): number {
  return isolation === 'read_committed' ? partition.lastStableOffset : partition.highWatermark;
}

/** The batches that hold something to see in [from, visibleEnd), from the one that `from` lies in. Always the same object. */
export function* visibleBatches(
  partition: Partition,
  from: number,
  isolation: Isolation,
): Generator<Batch, void, void> {
  const upTo = visibleEnd(partition, isolation);
  if (from >= upTo) return;
  const isAborted = isolation === 'read_committed' ? abortedIn(partition, from, upTo) : () => false;
  for (const batch of partition.batches(from, upTo)) if (!batch.isControl && !isAborted(batch)) yield batch;
}

/** Whether a batch of these offsets belongs to an aborted transaction. */
export function abortedIn(partition: Partition, from: number, upTo: number): (batch: Batch) => boolean {
  const byProducer = new Map<number, { firstOffset: number; lastOffset: number }[]>();
  for (const { producerId, firstOffset, lastOffset } of partition.abortedTransactions(from, upTo)) {
    const known = byProducer.get(producerId);
    if (known === undefined) byProducer.set(producerId, [{ firstOffset, lastOffset }]);
    else known.push({ firstOffset, lastOffset });
  }
  return (batch) =>
    byProducer.size > 0 &&
    batch.isTransactional &&
    (byProducer.get(batch.producerId) ?? []).some(
      ({ firstOffset, lastOffset }) => batch.baseOffset >= firstOffset && batch.baseOffset <= lastOffset,
    );
}

/**
 * How many records there are to see from an offset on; more than `most` are not counted to their end. Decodes one batch at
 * most: the first, where compaction has been in it and `from` lies inside.
 */
export function countVisible(partition: Partition, from: number, isolation: Isolation, most = Infinity): number {
  let count = 0;
  for (const batch of visibleBatches(partition, Math.max(from, partition.logStartOffset), isolation)) {
    count += countFrom(batch, from);
    if (count > most) break;
  }
  return count;
}

function countFrom(batch: Batch, from: number): number {
  const { baseOffset, lastOffset, recordCount } = batch;
  if (from <= baseOffset) return recordCount;
  const isDense = recordCount === lastOffset - baseOffset + 1;
  if (isDense) return lastOffset + 1 - from;
  let count = 0;
  for (const record = batch.cursor(); record.next();) if (record.offset >= from) count++;
  return count;
}
