/** Changes of the cluster as Kafka's record batches, the form in which every metadata log holds them. */
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import { CorruptRecords, decodeHeader, RecordCursor } from '../../protocol/records/decode.ts';
import { encodeValues } from '../../protocol/records/encode.ts';
import { Writer } from '../../protocol/writer.ts';
import { eachInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import { readRecord, writeRecord, type MetadataDraft, type MetadataRecord } from './metadata-records.ts';
import type { MetadataBatch } from './metadata-store.ts';
import { RecordValues } from './record-values.ts';

/** Where a batch stands, and under which epoch of the metadata log's leader. */
export interface BatchPlace {
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

export function encodeMetadataBatch(drafts: readonly MetadataDraft[], place: BatchPlace): Buffer {
  return batchOfValues(RecordValues.of(drafts), place);
}

/** The same of records that are encoded. */
export function batchOfValues(values: RecordValues, { baseOffset, leaderEpoch, timestamp }: BatchPlace): Buffer {
  return encodeValues(values, timestamp, { baseOffset, leaderEpoch });
}

export function metadataBatchInPieces(drafts: readonly MetadataDraft[], place: BatchPlace): Pieces<Buffer> {
  const values = new RecordValues();
  return whenDone(
    eachInPieces(drafts, (draft) => values.add(draft)),
    () => batchOfValues(values, place),
  );
}

/**
 * The batch at `at`. Control records, which the log's own leaders write, say nothing of the cluster: such a batch has no records.
 * @throws {Error} for a record that this version does not know
 */
export function decodeMetadataBatch(bytes: Buffer, at = 0): MetadataBatch {
  const records: MetadataRecord[] = [];
  const { lastOffset: revision, isControl } = decodeHeader(bytes, at);
  if (isControl) return { records, revision };
  const reader = new Reader();
  for (const cursor = new RecordCursor(bytes, at); cursor.next();) {
    records.push(recordAt(cursor.offset, cursor.readValue(reader) ? reader : null));
  }
  return { records, revision };
}

/** @throws {CorruptRecords} that names the record and its offset: without it the cluster would be another one */
export function recordAt(offset: number, value: Reader | null): MetadataRecord {
  if (value === null) throw new CorruptRecords(`The metadata record at offset ${offset} is null`);
  try {
    return readRecord(value);
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    throw new CorruptRecords(`The metadata record at offset ${offset} cannot be read: ${error.message}`);
  }
}

/** As they are read back from the log. */
export function recordsOfDrafts(drafts: readonly MetadataDraft[]): MetadataRecord[] {
  const writer = new Writer();
  const reader = new Reader();
  return drafts.map((draft) => {
    writer.reset();
    writeRecord(writer, draft);
    reader.reset(writer.buffer, 0, writer.position);
    return readRecord(reader);
  });
}
