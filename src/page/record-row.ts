/** One record as a page shows it. */
import type { Record as LogRecord } from '../../protocol/records/decode.ts';
import type { SearchedMessage } from '../insight/message-query.ts';
import type { Content, RecordRow, RecordState } from './frames.ts';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** Of a key, a value or a header, in a list of records. */
const SHOWN_BYTES = 2048;
const SHOWN_HEADERS = 20;

export interface BatchFacts {
  readonly state: RecordState;
  readonly compression: number;
  readonly producerId: number;
}

export function rowOf(
  partition: number,
  { offset, timestamp, key, value, headers }: LogRecord,
  { state, compression, producerId }: BatchFacts,
): RecordRow {
  return {
    partition,
    offset,
    timestamp,
    state,
    codec: CODECS[compression] ?? `codec ${compression}`,
    producerId,
    size: (key?.byteLength ?? 0) + (value?.byteLength ?? 0),
    key: contentOf(key, SHOWN_BYTES),
    value: contentOf(value, SHOWN_BYTES),
    headers: headers
      .slice(0, SHOWN_HEADERS)
      .map((header) => ({ key: header.key, value: contentOf(header.value, SHOWN_BYTES) })),
  };
}

export function searchedOf(partition: number, { offset, timestamp, key, value, headers }: LogRecord): SearchedMessage {
  return {
    partition,
    offset,
    timestamp,
    key: textOf(key),
    value: textOf(value),
    headers: headers.map((header) => ({ key: header.key, value: textOf(header.value) })),
  };
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The first `most` bytes, as text where all of them are UTF-8. */
export function contentOf(bytes: Uint8Array | null, most: number): Content | null {
  if (bytes === null) return null;
  const isCut = bytes.byteLength > most;
  const shown = isCut ? bytes.subarray(0, endOfCharacter(bytes, most)) : bytes;
  try {
    return { text: strict.decode(shown), isHex: false, bytes: bytes.byteLength, isCut };
  } catch {
    const hex = Buffer.from(shown.buffer, shown.byteOffset, shown.byteLength).toString('hex');
    return { text: hex, isHex: true, bytes: bytes.byteLength, isCut };
  }
}

/** Not in the middle of a character: bytes 10xxxxxx go on with one. */
function endOfCharacter(bytes: Uint8Array, most: number): number {
  let end = most;
  while (end > most - 4 && end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return end;
}
