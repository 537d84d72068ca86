/**
 * The `.snapshot` file: the producers of a partition up to the offset in its name, so that a restart need not read the
 * whole log. Kafka's ProducerSnapshot version 1: int16 version, uint32 CRC-32C of what follows, the entries. PURE.
 */
import { readInt16, readInt32, readInt53, writeInt16, writeInt32, writeInt53 } from '../../protocol/records/batch.ts';
import { crc32c } from '../../protocol/records/crc32c.ts';
import type { ProducerEntry } from './producer-state.ts';

const VERSION = 1;
const ENTRIES_AT = 6;
const ENTRY_BYTES = 46;
const MAX_SEQUENCE = 0x7fff_ffff;

export function encodeProducerSnapshot(producers: Iterable<ProducerEntry>): Buffer {
  const entries = [...producers];
  const bytes = Buffer.alloc(ENTRIES_AT + 4 + entries.length * ENTRY_BYTES);
  writeInt16(bytes, 0, VERSION);
  writeInt32(bytes, ENTRIES_AT, entries.length);
  let at = ENTRIES_AT + 4;
  for (const entry of entries) {
    const last = entry.batches.at(-1);
    writeInt53(bytes, at, entry.producerId);
    writeInt16(bytes, at + 8, entry.epoch);
    writeInt32(bytes, at + 10, last?.lastSequence ?? -1);
    writeInt53(bytes, at + 14, last?.lastOffset ?? -1);
    writeInt32(bytes, at + 22, last?.offsetDelta ?? 0);
    writeInt53(bytes, at + 26, entry.lastTimestamp);
    writeInt32(bytes, at + 34, entry.coordinatorEpoch);
    writeInt53(bytes, at + 38, entry.currentTxnFirstOffset);
    at += ENTRY_BYTES;
  }
  writeInt32(bytes, 2, crc32c(bytes, ENTRIES_AT, bytes.length - ENTRIES_AT) | 0);
  return bytes;
}

/** Null when the bytes are damaged or of another version: the log has to be read instead. */
export function decodeProducerSnapshot(bytes: Buffer): ProducerEntry[] | null {
  if (bytes.length < ENTRIES_AT + 4 || readInt16(bytes, 0) !== VERSION) return null;
  if (readInt32(bytes, 2) >>> 0 !== crc32c(bytes, ENTRIES_AT, bytes.length - ENTRIES_AT)) return null;
  const count = readInt32(bytes, ENTRIES_AT);
  if (count < 0 || bytes.length !== ENTRIES_AT + 4 + count * ENTRY_BYTES) return null;
  const entries: ProducerEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(decodeEntry(bytes, ENTRIES_AT + 4 + i * ENTRY_BYTES));
  return entries;
}

function decodeEntry(bytes: Buffer, at: number): ProducerEntry {
  const lastSequence = readInt32(bytes, at + 10);
  const lastOffset = readInt53(bytes, at + 14);
  const offsetDelta = readInt32(bytes, at + 22);
  const timestamp = readInt53(bytes, at + 26);
  const firstSequence = firstOf(lastSequence, offsetDelta);
  return {
    producerId: readInt53(bytes, at),
    epoch: readInt16(bytes, at + 8),
    coordinatorEpoch: readInt32(bytes, at + 34),
    lastTimestamp: timestamp,
    currentTxnFirstOffset: readInt53(bytes, at + 38),
    markers: 0,
    batches: lastOffset < 0 ? [] : [{ firstSequence, lastSequence, lastOffset, offsetDelta, timestamp }],
  };
}

/** Sequence numbers go from 2^31-1 on to 0, so a batch may begin before the turn and end behind it. */
function firstOf(lastSequence: number, offsetDelta: number): number {
  const first = lastSequence - offsetDelta;
  return first >= 0 ? first : first + MAX_SEQUENCE + 1;
}
