/**
 * What lies in a node's directory of the metadata log, as Kafka's nodes keep it and `kafka-dump-log --cluster-metadata-decoder` reads it:
 *
 *     00000000000000000512-0000000003.checkpoint   a snapshot: all before offset 512, whose last record is of epoch 3
 *     00000000000000000512.log                     batches from offset 512 on
 *     ….part                                       what is not written to its end
 */
import * as batch from '../../protocol/records/batch.ts';

export const METADATA_DIRECTORY = '__cluster_metadata-0';
export const PART = '.part';

const CHECKPOINT = /^(\d{20})-(\d{10})\.checkpoint$/;
const LOG = /^(\d{20})\.log$/;
const OFFSET_DIGITS = 20;
const EPOCH_DIGITS = 10;

/** Where a log, or an epoch of it, ends; also what a snapshot is called. */
export interface EpochEnd {
  readonly endOffset: number;
  readonly epoch: number;
}

export function logName(baseOffset: number): string {
  return `${String(baseOffset).padStart(OFFSET_DIGITS, '0')}.log`;
}

/** Null for another file. */
export function baseOffsetIn(name: string): number | null {
  const match = LOG.exec(name);
  return match === null ? null : Number(match[1]);
}

export function checkpointName({ endOffset, epoch }: EpochEnd): string {
  return `${String(endOffset).padStart(OFFSET_DIGITS, '0')}-${String(epoch).padStart(EPOCH_DIGITS, '0')}.checkpoint`;
}

/** Null for another file. */
export function checkpointIn(name: string): EpochEnd | null {
  const match = CHECKPOINT.exec(name);
  return match === null ? null : { endOffset: Number(match[1]), epoch: Number(match[2]) };
}

export function isWholeBatch(bytes: Buffer, at: number): boolean {
  const end = batch.batchEnd(bytes, at, bytes.length);
  return end >= 0 && batch.magic(bytes, at) === batch.CURRENT_MAGIC && batch.isCrcValid(bytes, at);
}

/** How many bytes from the beginning on are whole batches. */
export function wholeBatches(bytes: Buffer): number {
  let at = 0;
  while (isWholeBatch(bytes, at)) at += batch.sizeInBytes(bytes, at);
  return at;
}
