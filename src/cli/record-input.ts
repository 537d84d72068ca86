/** How `ottla produce` reads records: lines with or without keys, or lines of JSON. */
import type { RecordHeader as Header } from '../../protocol/records/record.ts';
import { parseTime } from './time-text.ts';
import { UsageError } from './usage.ts';

export interface OutgoingRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
  /** null: chosen by the key. */
  readonly partition: number | null;
  /** Milliseconds since 1970; null: now. */
  readonly timestamp: number | null;
}

export interface LineFormat {
  /** null: lines hold no keys. */
  readonly keyDelimiter: string | null;
  /** The key of lines that hold none. */
  readonly key: Buffer | null;
  /** Empty values are tombstones. */
  readonly emptyIsNull: boolean;
  readonly headers: readonly Header[];
  readonly partition: number | null;
  readonly timestamp: number | null;
}

/** One line, or one whole file. Throws UsageError where the key's delimiter is missing. */
export function recordOfLine(line: Buffer, format: LineFormat, number: number): OutgoingRecord {
  const { keyDelimiter, headers, partition, timestamp } = format;
  let { key } = format;
  let value = line;
  if (keyDelimiter !== null) {
    const at = line.indexOf(keyDelimiter);
    if (at < 0) throw new UsageError(`line ${number} has no '${keyDelimiter}' between key and value: ${shown(line)}`);
    key = line.subarray(0, at);
    value = line.subarray(at + Buffer.byteLength(keyDelimiter));
  }
  return { key, value: format.emptyIsNull && value.length === 0 ? null : value, headers, partition, timestamp };
}

function shown(line: Buffer): string {
  const text = line.toString();
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

type Json = { readonly [name: string]: unknown };

/**
 * A record as JSON: {"key", "value", "headers", "partition", "timestamp"}, all optional; keyBase64 and valueBase64 for
 * bytes. A value that is no text is stored as JSON. What `ottla consume --json` writes can be read. Throws UsageError.
 */
export function recordOfJson(line: Buffer, format: LineFormat, number: number): OutgoingRecord {
  const wrong = (why: string): UsageError => new UsageError(`line ${number} ${why}: ${shown(line)}`);
  let json: Json;
  try {
    json = JSON.parse(line.toString()) as Json;
  } catch {
    throw wrong('is not JSON');
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw wrong('is not a JSON object such as {"key":"a","value":"b"}');
  }
  const partition = json.partition ?? null;
  if (partition !== null && !Number.isInteger(partition)) throw wrong('has a partition that is no whole number');
  const time = json.timestamp ?? null;
  const timestamp = typeof time === 'string' ? parseTime(time) : time;
  if (time !== null && !Number.isInteger(timestamp)) throw wrong('has a timestamp that is no time');
  const given = headersOf(json.headers);
  if (given === null) throw wrong('has headers that are neither an object nor a list of {"key","value"}');
  return {
    key: bytesOf(json, 'key') ?? format.key,
    value: bytesOf(json, 'value'),
    headers: [...format.headers, ...given],
    partition: format.partition ?? (partition as number | null),
    timestamp: (timestamp as number | null) ?? format.timestamp,
  };
}

function bytesOf(json: Json, name: 'key' | 'value'): Buffer | null {
  const base64 = json[`${name}Base64`];
  if (typeof base64 === 'string') return Buffer.from(base64, 'base64');
  const given = json[name] ?? null;
  if (given === null) return null;
  return Buffer.from(typeof given === 'string' ? given : JSON.stringify(given));
}

function headersOf(given: unknown): Header[] | null {
  if (given === undefined || given === null) return [];
  if (typeof given !== 'object') return null;
  if (!Array.isArray(given)) {
    return Object.entries(given).map(([key, value]) => ({ key, value: bytesOf({ value: value as unknown }, 'value') }));
  }
  const headers = given.map((each: unknown) => {
    const header = each as Json | null;
    return typeof header?.key === 'string' ? { key: header.key, value: bytesOf(header, 'value') } : null;
  });
  return headers.includes(null) ? null : (headers as Header[]);
}

/** Cuts bytes that come in pieces into lines, without what ends them. */
export class LineCutter {
  readonly #delimiter: Buffer;
  #rest: Buffer = Buffer.alloc(0);

  constructor(delimiter: string) {
    this.#delimiter = Buffer.from(delimiter);
  }

  push(piece: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = bytes.indexOf(this.#delimiter); at >= 0; at = bytes.indexOf(this.#delimiter, from)) {
      lines.push(bytes.subarray(from, at));
      from = at + this.#delimiter.length;
    }
    this.#rest = bytes.subarray(from);
    return lines;
  }

  /** The last line, when nothing ends it. */
  rest(): Buffer[] {
    return this.#rest.length === 0 ? [] : [this.#rest];
  }
}
