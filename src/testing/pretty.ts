/** Decoded messages for people: what is empty or at its default is left out, records are shown, bytes are counted. */
import { ZERO_UUID } from '../../protocol/schema.ts';
import * as batch from '../../protocol/records/batch.ts';
import { batches, RecordCursor } from '../../protocol/records/decode.ts';
import { quoted } from './stored-message.ts';

const SHOWN_RECORDS = 5;
const INLINE_CHARACTERS = 100;

export function pretty(value: unknown, indent = ''): string {
  if (value instanceof Uint8Array) return prettyBytes(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((each) => pretty(each, inner))
    : Object.entries(value)
        .filter(([, each]) => !isDull(each))
        .map(([key, each]) => `${key}: ${pretty(each, inner)}`);
  const [open, close] = isList ? '[]' : '{}';
  const inline = `${open} ${parts.join(', ')} ${close}`;
  if (parts.length === 0) return open + close;
  if (inline.length <= INLINE_CHARACTERS && !inline.includes('\n')) return inline;
  return `${open}\n${parts.map((part) => `${inner}${part}`).join(',\n')}\n${indent}${close}`;
}

function isDull(value: unknown): boolean {
  return (
    value === null ||
    value === '' ||
    value === ZERO_UUID ||
    (Array.isArray(value) && value.length === 0) ||
    (value instanceof Uint8Array && value.length === 0)
  );
}

function prettyBytes(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const said = `<${bytes.length} bytes>`;
  try {
    let count = 0;
    const shown: string[] = [];
    for (const at of batches(view)) {
      count += batch.recordCount(view, at);
      if (shown.length === SHOWN_RECORDS) continue;
      const record = new RecordCursor(view, at);
      while (shown.length < SHOWN_RECORDS && record.next()) shown.push(`${text(record.key)} → ${text(record.value)}`);
    }
    if (count === 0) return said;
    const more = count > SHOWN_RECORDS ? `, and ${count - SHOWN_RECORDS} more` : '';
    return `<${count} records: ${shown.join(', ')}${more}>`;
  } catch {
    return said;
  }
}

function text(bytes: Uint8Array | null): string {
  return quoted(bytes === null ? null : Buffer.from(bytes).toString());
}
