import { describe, expect, it } from 'vitest';
import { errorName } from '../../protocol/errors.ts';
import * as batch from '../../protocol/records/batch.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch, type BatchDraft, type RecordDraft } from '../../protocol/records/encode.ts';
import { defaultLogConfig, type LogConfig } from '../../src/config/log-config.ts';
import { validateBatch } from '../../src/log/validate.ts';

const NOW = 1_700_000_000_000;
const record = (draft: Partial<RecordDraft> = {}): RecordDraft => ({
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  timestamp: NOW,
  ...draft,
});
const make = (draft: Partial<BatchDraft> = {}, change?: (bytes: Buffer) => void, crc = true): Buffer => {
  const bytes = encodeBatch({ records: [record()], ...draft });
  change?.(bytes);
  if (crc) batch.setCrc(bytes, 0);
  return bytes;
};
const check = (bytes: Buffer, config: Partial<LogConfig> = {}, apiVersion = 11) => {
  // Not at the beginning of the buffer, as in a request.
  const inRequest = Buffer.concat([Buffer.alloc(7), bytes, Buffer.alloc(3)]);
  const rules = { config: { ...defaultLogConfig, ...config }, nowMs: NOW, apiVersion };
  return validateBatch(inRequest, 7, bytes.length, rules);
};
const twice = (bytes: Buffer) => Buffer.concat([bytes, bytes]);
const int32 = (value: number, at: number) => (bytes: Buffer) => void bytes.writeInt32BE(value, at);
const byte = (value: number, at: number) => (bytes: Buffer) => void bytes.writeUInt8(value, at);

describe('what Apache Kafka 4.3.1 answers', () => {
  const cases: [string, Buffer, string, Partial<LogConfig>?, number?][] = [
    ['a batch', make(), 'NONE'],
    ['nothing', Buffer.alloc(0), 'INVALID_RECORD'],
    ['half a header', make().subarray(0, 16), 'INVALID_RECORD'],
    ['a batch cut short', make().subarray(0, 65), 'INVALID_RECORD'],
    ['two batches', twice(make()), 'INVALID_RECORD'],
    ['a few bytes behind the batch', Buffer.concat([make(), Buffer.alloc(5)]), 'NONE'],
    ['part of a batch behind the batch', Buffer.concat([make(), make().subarray(0, 60)]), 'NONE'],
    ['zeros behind the batch', Buffer.concat([make(), Buffer.alloc(20)]), 'CORRUPT_MESSAGE'],
    ['magic 1', make({}, byte(1, 16)), 'INVALID_RECORD'],
    ['magic 0', make({}, byte(0, 16)), 'INVALID_RECORD'],
    ['magic 3', make({}, byte(3, 16)), 'CORRUPT_MESSAGE'],
    ['magic -1', make({}, byte(0xff, 16)), 'CORRUPT_MESSAGE'],
    ['length 3', make({}, int32(3, 8), false), 'CORRUPT_MESSAGE'],
    ['length 48', make({}, int32(48, 8), false), 'CORRUPT_MESSAGE'],
    ['length -1', make({}, int32(-1, 8), false), 'CORRUPT_MESSAGE'],
    ['a wrong CRC', make({}, byte(1, 66), false), 'CORRUPT_MESSAGE'],
    ['base offset 5', make({ baseOffset: 5 }), 'INVALID_RECORD'],
    ['no records', make({ records: [] }), 'INVALID_RECORD'],
    ['a count of 2 with one record', make({}, (b) => (int32(2, 57)(b), int32(1, 23)(b))), 'INVALID_RECORD'],
    [
      'a count of 1 with two records',
      make({ records: [record(), record()] }, (b) => (int32(1, 57)(b), int32(0, 23)(b))),
      'INVALID_RECORD',
    ],
    ['a last offset delta of -1', make({}, int32(-1, 23)), 'INVALID_RECORD'],
    ['a count that is not the offset delta', make({}, int32(2, 57)), 'INVALID_RECORD'],
    ['a record longer than the batch', make({}, byte(100, 61)), 'INVALID_RECORD'],
    ['a control batch', make({ isControl: true }), 'INVALID_RECORD'],
    ['a producer id without a sequence', make({ producerId: 7, producerEpoch: 0 }), 'INVALID_RECORD'],
    ['codec 5', make({}, (b) => byte(5, 22)(b)), 'UNKNOWN_SERVER_ERROR'],
    ['zstd in version 6', make({ compression: 'zstd' }), 'UNSUPPORTED_COMPRESSION_TYPE', {}, 6],
    ['zstd in version 7', make({ compression: 'zstd' }), 'NONE', {}, 7],
    [
      'too many bytes',
      make({ records: [record({ value: Buffer.alloc(300) })] }),
      'MESSAGE_TOO_LARGE',
      { maxMessageBytes: 200 },
    ],
    ['exactly as many bytes as allowed', make(), 'NONE', { maxMessageBytes: make().length }],
    ['no key on a topic that is not compacted', make({ records: [record({ key: null })] }), 'NONE'],
    ['no timestamp', make({ records: [record({ timestamp: -1 })] }), 'NONE', { timestampBeforeMaxMs: 10 }],
    ['LogAppendTime from a producer', make({ timestampType: 'LogAppendTime' }), 'NONE'],
    [
      'LogAppendTime from a producer, for a topic that has it',
      make({ timestampType: 'LogAppendTime' }),
      'INVALID_TIMESTAMP',
      { messageTimestampType: 'LogAppendTime' },
    ],
  ];
  it.each(cases)('to %s', (_name, bytes, expected, config, apiVersion) => {
    const result = check(bytes, config, apiVersion);
    expect(errorName(result.errorCode)).toBe(expected);
    expect(result.errorMessage === null).toBe(expected === 'NONE');
  });
});

describe('compressed records are looked at', () => {
  const three = [record(), record(), record()];
  const offsets = (...deltas: number[]) => deltas.map((offsetDelta) => record({ offsetDelta }));
  const cases: [string, Partial<BatchDraft>, (bytes: Buffer) => void, string][] = [
    ['sound ones', { records: three }, () => {}, 'NONE'],
    ['damaged ones', { records: three }, (b) => byte(0xff, 64)(b), 'UNKNOWN_SERVER_ERROR'],
    ['one fewer than declared', { records: three }, (b) => (int32(4, 57)(b), int32(3, 23)(b)), 'INVALID_RECORD'],
    ['one more than declared', { records: three }, (b) => (int32(2, 57)(b), int32(1, 23)(b)), 'INVALID_RECORD'],
    ['offsets that jump', { records: offsets(0, 2), lastOffsetDelta: 1 }, () => {}, 'UNKNOWN_SERVER_ERROR'],
    ['offsets that go back', { records: offsets(1, 0), lastOffsetDelta: 1 }, () => {}, 'UNKNOWN_SERVER_ERROR'],
    [
      'one later than the header says',
      { records: [record(), record({ timestamp: NOW + 2 * 3_600_000 })], maxTimestamp: NOW },
      () => {},
      'INVALID_TIMESTAMP',
    ],
  ];
  for (const compression of ['gzip', 'snappy', 'lz4'] as const) {
    it.each(cases)(`${compression}, %s`, (_name, draft, change, expected) => {
      expect(errorName(check(make({ compression, ...draft }, change)).errorCode)).toBe(expected);
    });
  }

  it('and the header gets their latest timestamp', () => {
    const { bytes, at } = check(make({ records: three, compression: 'gzip', maxTimestamp: NOW - 5 }));
    expect(batch.maxTimestamp(bytes, at)).toBe(NOW);
    expect(batch.isCrcValid(bytes, at)).toBe(true);
  });
});

describe('the limits on timestamps', () => {
  const limits = { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 500 };
  it.each<[number, boolean]>([
    [0, true],
    [-1000, true],
    [-1001, false],
    [500, true],
    [501, false],
  ])('a record %i ms from now: %s', (delta, fine) => {
    const records = [record(), record({ timestamp: NOW + delta }), record()];
    for (const compression of ['none', 'gzip'] as const) {
      const result = check(make({ records, compression }), limits);
      expect(errorName(result.errorCode)).toBe(fine ? 'NONE' : 'INVALID_TIMESTAMP');
      expect(result.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual(fine ? [] : [1]);
    }
  });

  it('see records behind one without a timestamp', () => {
    const records = [record({ timestamp: -1 }), record({ timestamp: 5 }), record()];
    expect(check(make({ records }), limits).recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1]);
  });

  it('do not hold where the broker stamps', () => {
    const config = { ...limits, messageTimestampType: 'LogAppendTime' } as const;
    const result = check(make({ records: [record({ timestamp: 5 })] }), config);
    expect(errorName(result.errorCode)).toBe('NONE');
  });
});

describe('a compacted topic', () => {
  it.each(['none', 'gzip'] as const)('refuses records without a key one by one, compressed with %s', (compression) => {
    const records = [record(), record({ key: null }), record(), record({ key: null })];
    const result = check(make({ records, compression }), { cleanupCompact: true });
    expect(errorName(result.errorCode)).toBe('INVALID_RECORD');
    expect(result.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1, 3]);
  });

  it('calls it a matter of timestamps where those are wrong too', () => {
    const records = [record({ key: null }), record({ timestamp: NOW + 1e10 })];
    const result = check(make({ records }), { cleanupCompact: true });
    expect(errorName(result.errorCode)).toBe('INVALID_TIMESTAMP');
    expect(result.recordErrors).toHaveLength(2);
  });
});

describe('rewriting', () => {
  it('leaves a batch that is right untouched', () => {
    const bytes = make({ records: [record(), record({ timestamp: NOW - 5 })] });
    const result = check(bytes);
    expect(result.bytes.subarray(result.at, result.at + result.length).equals(bytes)).toBe(true);
    expect(result.logAppendTimeMs).toBe(-1);
  });

  it('stamps with the time of the broker where the topic asks for it', () => {
    const result = check(make({ records: [record({ timestamp: 5 })] }), { messageTimestampType: 'LogAppendTime' });
    expect(result.logAppendTimeMs).toBe(NOW);
    expect(batch.isCrcValid(result.bytes, result.at)).toBe(true);
    expect(decodeBatch(result.bytes, result.at)).toMatchObject({
      timestampType: 'LogAppendTime',
      maxTimestamp: NOW,
      records: [{ timestamp: NOW }],
    });
  });

  it('corrects a maximum timestamp or a type that the records do not bear out', () => {
    for (const draft of [{ maxTimestamp: NOW + 99 }, { timestampType: 'LogAppendTime' as const }]) {
      const result = check(make(draft));
      expect(batch.isCrcValid(result.bytes, result.at)).toBe(true);
      expect(decodeBatch(result.bytes, result.at)).toMatchObject({ timestampType: 'CreateTime', maxTimestamp: NOW });
    }
  });

  it.each([
    ['none', 'gzip'],
    ['gzip', 'uncompressed'],
    ['gzip', 'zstd'],
  ] as const)('compresses anew from %s to %s', (compression, compressionType) => {
    const headers = [{ key: 'h', value: Buffer.from('x') }];
    const records = [record({ headers }), record({ key: null, timestamp: NOW + 1 })];
    const sent = make({ records, compression, producerId: 4, producerEpoch: 2, baseSequence: 9 });
    const result = check(sent, { compressionType, messageTimestampType: 'LogAppendTime' });
    const decoded = decodeBatch(result.bytes, result.at);
    expect(batch.isCrcValid(result.bytes, result.at)).toBe(true);
    expect(decoded).toMatchObject({
      compression: compressionType === 'uncompressed' ? 'none' : compressionType,
      producerId: 4,
      producerEpoch: 2,
      baseSequence: 9,
      timestampType: 'LogAppendTime',
      maxTimestamp: NOW,
    });
    const content = (bytes: Buffer) =>
      decodeBatch(bytes, 0).records.map((each) => [each.key, each.value, each.headers]);
    expect(content(result.bytes.subarray(result.at))).toEqual(content(sent));
    expect(result.length).toBe(batch.sizeInBytes(result.bytes, result.at));
  });
});
