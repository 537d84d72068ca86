/** Changes of the cluster as Kafka's record batches, the form in which every metadata log holds them. */
import * as batch from '../../protocol/records/batch.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { finish, mapInPieces, type Pieces } from '../platform/pieces.ts';
import { decodeRecord, encodeRecord, type MetadataDraft, type MetadataRecord } from './metadata-records.ts';
import type { MetadataBatch } from './metadata-store.ts';

/** Where a batch stands, and under which epoch of the metadata log's leader. */
export interface BatchPlace {
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

export function encodeMetadataBatch(drafts: readonly MetadataDraft[], place: BatchPlace): Buffer {
  return finish(metadataBatchInPieces(drafts, place));
}

/** The same of records that are encoded (encodeRecord). */
export function batchOfValues(values: readonly Buffer[], { baseOffset, leaderEpoch, timestamp }: BatchPlace): Buffer {
  return encodeBatch({ baseOffset, leaderEpoch, records: values.map((value) => ({ key: null, value, timestamp })) });
}

export function* metadataBatchInPieces(
  drafts: readonly MetadataDraft[],
  { baseOffset, leaderEpoch, timestamp }: BatchPlace,
): Pieces<Buffer> {
  const records = yield* mapInPieces(drafts, (draft) => ({ key: null, value: encodeRecord(draft), timestamp }));
  return encodeBatch({ baseOffset, leaderEpoch, records });
}

/**
 * The batch at `at`. Control records, which the log's own leaders write, say nothing of the cluster: such a batch has no records.
 * @throws {Error} for a record that this version does not know
 */
export function decodeMetadataBatch(bytes: Buffer, at = 0): MetadataBatch {
  if (batch.isControl(batch.attributes(bytes, at))) {
    return { records: [], revision: batch.baseOffset(bytes, at) + batch.lastOffsetDelta(bytes, at) };
  }
  const { records, lastOffset } = decodeBatch(bytes, at);
  return { records: records.map(({ value }) => decodeRecord(value!)), revision: lastOffset };
}

/** As they are read back from the log. */
export function recordsOfDrafts(drafts: readonly MetadataDraft[]): MetadataRecord[] {
  return drafts.map((draft) => decodeRecord(encodeRecord(draft)));
}
