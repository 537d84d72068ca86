import { describe, expect, it } from 'vitest';
import * as batch from '../../../protocol/records/batch.ts';
import { codecs } from '../../../protocol/records/compression.ts';
import { endTxnMarker, readEndTxnMarker } from '../../../protocol/records/control.ts';
import { batches, CorruptRecords, decodeBatch, recordBytes } from '../../../protocol/records/decode.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import { lowestMagic, magicOf, whyRefused } from '../../../protocol/records/legacy.ts';
import { walkRecords } from '../../../protocol/records/walk.ts';
import { decompressZstd } from '../../../protocol/records/zstd.ts';
import { goldenBatch, goldenRecords } from './golden-batches.ts';

const facts = {
  baseOffset: 42,
  leaderEpoch: 7,
  producerId: 4_000_000_000,
  producerEpoch: 3,
  baseSequence: 10,
  isTransactional: true,
};

describe.each(codecs)('a batch written by the Java client with %s', (codec) => {
  const bytes = goldenBatch(codec);

  it('is read with every field and record', () => {
    expect(batch.isCrcValid(bytes, 0)).toBe(true);
    const decoded = decodeBatch(bytes);
    expect(decoded).toMatchObject({ ...facts, compression: codec, lastOffset: 53, timestampType: 'CreateTime' });
    expect(decoded).toMatchObject({ isControl: false, deleteHorizonMs: null, maxTimestamp: 1_700_000_011_000 });
    expect(decoded.records).toEqual(goldenRecords.map((record, i) => ({ offset: 42 + i, ...record })));
  });

  it('passes the walk', () => {
    const records = recordBytes(bytes, 0);
    expect(walkRecords(records, 0, records.length, 12)).toMatchObject({
      reason: '',
      failedIndex: -1,
      nullKeys: 3,
      firstNullKey: 3,
      minTimestampDelta: -5_000_000_000,
      maxTimestampDelta: 11_000,
      maxTimestampIndex: 11,
    });
  });

  it('is written alike by encodeBatch', () => {
    const ours = encodeBatch({ ...facts, records: goldenRecords, compression: codec });
    expect(batch.isCrcValid(ours, 0)).toBe(true);
    expect(decodeBatch(ours)).toEqual(decodeBatch(bytes));
  });
});

it('an uncompressed batch is what the Java client writes, byte for byte', () => {
  const ours = encodeBatch({ ...facts, records: goldenRecords });
  expect(ours.toString('hex')).toBe(goldenBatch('none').toString('hex'));
});

it('zstd of the Java client is read without the zstd of Node too', () => {
  const bytes = goldenBatch('zstd');
  expect(decompressZstd(bytes.subarray(batch.BATCH_OVERHEAD), 10_000)).toEqual(recordBytes(goldenBatch('none'), 0));
});

it.each([
  ['commit', 'COMMIT', 17],
  ['abort', 'ABORT', -1],
] as const)('the %s marker is what Kafka writes, byte for byte, and is read back', (name, type, coordinatorEpoch) => {
  const bytes = goldenBatch(name);
  const ours = encodeBatch({
    records: [endTxnMarker(type, coordinatorEpoch, 1_700_000_000_123)],
    baseOffset: 99,
    leaderEpoch: 5,
    producerId: 4_000_000_000,
    producerEpoch: 3,
    isTransactional: true,
    isControl: true,
  });
  expect(ours.toString('hex')).toBe(bytes.toString('hex'));
  const { records, isControl } = decodeBatch(bytes);
  expect(isControl).toBe(true);
  expect(readEndTxnMarker(records[0])).toEqual({ type, coordinatorEpoch });
});

it('LogAppendTime set in place gives the bytes Kafka writes', () => {
  const bytes = encodeBatch({
    records: [{ key: Buffer.from('k'), value: Buffer.from('v'), timestamp: 1_700_000_000_000 }],
    baseOffset: 5,
  });
  batch.setLogAppendTime(bytes, 0, 1_700_000_000_999);
  expect(bytes.toString('hex')).toBe(goldenBatch('append').toString('hex'));
  expect(decodeBatch(bytes).records[0].timestamp).toBe(1_700_000_000_999);
});

it.each([
  ['magic0', 0],
  ['magic1', 1],
] as const)('a message set of %s is recognised and refused with a word', (name, magic) => {
  const bytes = goldenBatch(name);
  expect(magicOf(bytes, 0, bytes.length)).toBe(magic);
  expect([...batches(bytes)]).toEqual([0]);
  expect(whyRefused(magic)).toContain('0.11');
  expect(() => decodeBatch(bytes)).toThrow(CorruptRecords);
  const mixed = Buffer.concat([goldenBatch('none'), bytes]);
  expect(magicOf(mixed, 0, mixed.length)).toBe(2);
  expect(lowestMagic(mixed, 0, mixed.length)).toBe(magic);
});

it('the current magic is not refused, an unknown one is', () => {
  expect(whyRefused(2)).toBeNull();
  expect(whyRefused(3)).toContain('3');
  expect(magicOf(Buffer.alloc(16), 0, 16)).toBe(-1);
});
