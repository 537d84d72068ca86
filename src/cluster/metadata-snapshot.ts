/**
 * A snapshot of the metadata log, in the form of Kafka's `.checkpoint` files (KIP-630): batches whose offsets count from 0, between
 * a header and a footer, which are control records. PURE.
 */
import { messageCodec } from '../../protocol/compile.ts';
import { ControlRecordTypeSchema, SnapshotFooterRecord, SnapshotHeaderRecord } from '../../protocol/control.ts';
import { batches } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { AnyMessage } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { emptyImage, type ClusterImage } from './image.ts';
import { Replay } from './image-replay.ts';
import { decodeMetadataBatch, encodeMetadataBatch } from './metadata-batch.ts';
import type { MetadataDraft, MetadataRecord } from './metadata-records.ts';

const HEADER_TYPE = 3;
const FOOTER_TYPE = 4;
/** Of one batch, which is encoded in one go; a partition's record is some 100 bytes. */
const BATCH_RECORDS = 500;

export interface SnapshotOptions {
  /** Of the last record that is in it. */
  readonly epoch: number;
  /** Milliseconds since 1970 of that record. */
  readonly timestamp: number;
}

/** Batch by batch: what is large need not be encoded in one go. */
export function* encodeSnapshot(
  drafts: Iterable<MetadataDraft>,
  { epoch, timestamp }: SnapshotOptions,
): Generator<Buffer, void, void> {
  let baseOffset = 0;
  const control = (type: number, message: AnyMessage, value: Readonly<Record<string, unknown>>): Buffer =>
    encodeBatch({
      baseOffset: baseOffset++,
      leaderEpoch: epoch,
      isControl: true,
      records: [{ key: versioned(ControlRecordTypeSchema, { type }), value: encoded(message, value), timestamp }],
    });
  yield control(HEADER_TYPE, SnapshotHeaderRecord, { version: 0, lastContainedLogTimestamp: timestamp });
  for (const some of inBatches(drafts)) {
    yield encodeMetadataBatch(some, { baseOffset, leaderEpoch: epoch, timestamp });
    baseOffset += some.length;
  }
  yield control(FOOTER_TYPE, SnapshotFooterRecord, { version: 0 });
}

function* inBatches(drafts: Iterable<MetadataDraft>): Generator<MetadataDraft[], void, void> {
  let some: MetadataDraft[] = [];
  for (const draft of drafts) {
    some.push(draft);
    if (some.length < BATCH_RECORDS) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

/** All records of a snapshot that is whole. */
export function decodeSnapshot(bytes: Buffer): MetadataRecord[] {
  const records: MetadataRecord[] = [];
  for (const at of batches(bytes)) for (const record of decodeMetadataBatch(bytes, at).records) records.push(record);
  return records;
}

/** The image that a whole snapshot is of; `endOffset` is behind its last record. */
export function imageOfSnapshot(clusterId: string, bytes: Buffer, endOffset: number): ClusterImage {
  const replayed = new Replay(emptyImage(clusterId));
  // Batch by batch: a million records at once would be in memory beside the image.
  for (const at of batches(bytes)) replayed.addAll(decodeMetadataBatch(bytes, at).records);
  return replayed.at(endOffset - 1).image;
}

function encoded(message: AnyMessage, value: Readonly<Record<string, unknown>>): Buffer {
  const writer = new Writer();
  messageCodec(message, 0).encode(writer, value);
  return writer.finish();
}

/** Behind a version of 16 bits, as the key of a control record. */
function versioned(message: AnyMessage, value: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.concat([Buffer.from([0, 0]), encoded(message, value)]);
}
