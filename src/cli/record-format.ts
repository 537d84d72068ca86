/** How `ottla consume` writes a record: by a format in kcat's letters, or as a line of JSON. */
import { isUtf8 } from 'node:buffer';
import type { Record as KafkaRecord } from '../../protocol/records/decode.ts';
import type { BatchFacts } from './client/fetcher.ts';
import { unescape } from './escapes.ts';
import { UsageError } from './usage.ts';

export interface ReadRecord extends KafkaRecord, BatchFacts {
  readonly topic: string;
  readonly partition: number;
  /** How often a share group has handed it out; only of records that one did. */
  readonly deliveryCount?: number;
}

type Part = string | ((record: ReadRecord) => string | Uint8Array);

const NOTHING = '';

const LETTERS: Readonly<Record<string, (record: ReadRecord) => string | Uint8Array>> = {
  t: ({ topic }) => topic,
  p: ({ partition }) => String(partition),
  o: ({ offset }) => String(offset),
  k: ({ key }) => key ?? NOTHING,
  s: ({ value }) => value ?? NOTHING,
  v: ({ value }) => value ?? NOTHING,
  K: ({ key }) => String(key?.length ?? -1),
  S: ({ value }) => String(value?.length ?? -1),
  T: ({ timestamp }) => String(timestamp),
  d: ({ timestamp }) => (timestamp < 0 ? '-' : new Date(timestamp).toISOString()),
  h: ({ headers }) => headers.map(({ key, value }) => `${key}=${value?.toString() ?? ''}`).join(','),
};

/** What the letters stand for, for the help. */
export const LETTERS_HELP =
  '%t topic  %p partition  %o offset  %k key  %s value  %h headers  %T timestamp in ms  %d date  ' +
  '%K %S length of key and value (-1: null)  %% percent sign; \\n, \\t, \\0, \\x1f as usual';

/** A function that writes records in this format, their bytes untouched. Throws UsageError for unknown letters. */
export function compileFormat(format: string): (record: ReadRecord) => Buffer {
  const parts: Part[] = [];
  const text = unescape(format);
  for (const piece of text.match(/%.|[^%]+|%$/gs) ?? []) {
    if (!piece.startsWith('%')) parts.push(piece);
    else if (piece === '%%') parts.push('%');
    else {
      const letter = LETTERS[piece[1] ?? ''];
      if (letter === undefined)
        throw new UsageError(`the format has '${piece}', which stands for nothing: ${LETTERS_HELP}`);
      parts.push(letter);
    }
  }
  return (record) =>
    Buffer.concat(
      parts.map((part) => {
        const written = typeof part === 'string' ? part : part(record);
        return typeof written === 'string' ? Buffer.from(written) : written;
      }),
    );
}

/** One line of JSON; `ottla produce --json-lines` reads the same. Bytes that are no text are keyBase64, valueBase64. */
export function jsonLine(record: ReadRecord): Buffer {
  const { topic, partition, offset, timestamp, key, value, headers } = record;
  const line = {
    topic,
    partition,
    offset,
    timestamp,
    ...textOf('key', key),
    ...textOf('value', value),
    headers: headers.map((header) => ({ key: header.key, ...textOf('value', header.value) })),
  };
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

function textOf(name: 'key' | 'value', bytes: Buffer | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null };
  return isUtf8(bytes) ? { [name]: bytes.toString() } : { [`${name}Base64`]: bytes.toString('base64') };
}
