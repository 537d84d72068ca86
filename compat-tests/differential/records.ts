/** Records for the cases: the same for both brokers, made a little before the run began. */
import type { BatchDraft, RecordDraft } from '../../protocol/records/encode.ts';

interface HasStart {
  readonly startedMs: number;
}

/** Records without keys, a millisecond apart. */
export function plain(from: HasStart, count: number): BatchDraft & { readonly records: RecordDraft[] } {
  const records = Array.from({ length: count }, (_, at) => ({
    key: null,
    value: Buffer.from(`value ${at}`),
    timestamp: from.startedMs - 1000 + at,
  }));
  return { records };
}

/** Records with keys. */
export function keyed(from: HasStart, count: number): RecordDraft[] {
  return plain(from, count).records.map((record, at) => ({ ...record, key: Buffer.from(`key ${at}`) }));
}
