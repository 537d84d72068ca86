import { expect, it } from 'vitest';
import { BATCH_OVERHEAD, BatchField, setCrc } from '../../../protocol/records/batch.ts';
import { CorruptRecords, decodeBatch, RecordCursor } from '../../../protocol/records/decode.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import { MAX_RECORD_HEADERS } from '../../../protocol/records/record.ts';
import { walkRecords } from '../../../protocol/records/walk.ts';
import { batchOfHeaders } from './header-bomb.ts';

function batchWith(headers: number): Buffer {
  const header = { key: '', value: Buffer.alloc(0) };
  return encodeBatch({
    records: [{ key: null, value: null, timestamp: 1, headers: Array.from({ length: headers }, () => header) }],
  });
}

it('the validator takes as many headers as readers make, and none more', () => {
  const most = batchWith(MAX_RECORD_HEADERS);
  expect(walkRecords(most, BATCH_OVERHEAD, most.length, 1).reason).toBe('');
  expect(decodeBatch(most).records[0].headers).toHaveLength(MAX_RECORD_HEADERS);
  const more = batchWith(MAX_RECORD_HEADERS + 1);
  expect(walkRecords(more, BATCH_OVERHEAD, more.length, 1).reason).toContain(`more than ${MAX_RECORD_HEADERS} headers`);
  expect(() => decodeBatch(more)).toThrow(CorruptRecords);
});

it('a cursor passes over millions of headers without making any', () => {
  const bytes = batchOfHeaders(4_000_000, Buffer.from('key'));
  const before = process.memoryUsage().heapUsed;
  const record = new RecordCursor(bytes);
  expect(record.next()).toBe(true);
  expect(record.key!.toString()).toBe('key');
  expect(record.next()).toBe(false);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
});

it('a cursor stops at the first record that is not whole, and has handed out those before it', () => {
  const bytes = encodeBatch({
    records: [1, 2].map((timestamp) => ({ key: Buffer.from('k'), value: null, timestamp })),
  });
  bytes.writeInt32BE(3, BatchField.recordCount);
  setCrc(bytes, 0);
  const record = new RecordCursor(bytes);
  expect([record.next(), record.offset, record.next(), record.offset]).toEqual([true, 0, true, 1]);
  expect(() => record.next()).toThrow(CorruptRecords);
});
