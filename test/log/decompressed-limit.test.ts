/** max.decompressed.message.bytes: what a record may come to once it is decompressed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { errorName } from '../../protocol/errors.ts';
import { canCompressZstd } from '../../protocol/records/compression.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { defaultLogConfig } from '../../src/config/log-config.ts';
import { validateWhole } from './validate-whole.ts';
import { bombOfOneRecord, bombOfRecords, type BombCodec } from './bombs.ts';

const MIB = 1024 * 1024;
const LIMIT = MIB;
const CODECS: readonly BombCodec[] = ['gzip', 'snappy', 'lz4', 'zstd'];
/** All records of a batch may come to 128 MiB; a buffer that grows is there twice for a moment. */
const BATCH_MEMORY = 2 * 128 * MIB + 32 * MIB;

const directory = mkdtempSync(join(tmpdir(), 'bombs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function validate(bytes: Buffer, maxDecompressedMessageBytes: number) {
  const config = { ...defaultLogConfig, maxDecompressedMessageBytes };
  const { errorCode, errorMessage } = validateWhole(bytes, 0, bytes.length, {
    config,
    nowMs: Date.now(),
    apiVersion: 12,
  });
  return { answer: errorName(errorCode), errorMessage };
}

function validateElsewhere(bytes: Buffer, limit: number, codec: BombCodec) {
  const file = join(directory, `${codec}-${limit}`);
  writeFileSync(file, bytes);
  const program = join(import.meta.dirname, 'validate-bomb.ts');
  const usable = codec === 'zstd' && !canCompressZstd() ? 'none' : codec;
  return JSON.parse(execFileSync(process.execPath, [program, file, String(limit), usable], { encoding: 'utf8' })) as {
    first: string;
    answer: string;
    errorMessage: string;
    grown: number;
  };
}

const valueOf = (size: number) => ({ key: null, value: Buffer.alloc(size, 'v'), timestamp: Date.now() });

describe.each(CODECS.filter((codec) => codec !== 'zstd' || canCompressZstd()))('with %s', (compression) => {
  test('a record of just the limit is taken, and one of a byte more is refused', () => {
    const records = [valueOf(5000)];
    const size = 5000 + 7; // attributes, timestamp, offset, no key, two bytes for the value's length, headers
    expect(validate(encodeBatch({ records, compression }), size).answer).toBe('NONE');
    expect(validate(encodeBatch({ records, compression }), size - 1)).toEqual({
      answer: 'INVALID_RECORD',
      errorMessage: `A record of ${size} bytes is larger than max.decompressed.message.bytes=${size - 1}`,
    });
  });

  test('records below the limit are taken, however many they are', () => {
    const records = Array.from({ length: 300 }, () => valueOf(2000));
    expect(validate(encodeBatch({ records, compression }), 2100).answer).toBe('NONE');
  });

  test('a large record behind small ones is refused', () => {
    const records = [...Array.from({ length: 300 }, () => valueOf(2000)), valueOf(3000)];
    expect(validate(encodeBatch({ records, compression }), 2100).answer).toBe('INVALID_RECORD');
  });
});

test('what is not compressed is bounded by max.message.bytes alone, as in Kafka', () => {
  expect(validate(encodeBatch({ records: [valueOf(5000)] }), 100).answer).toBe('NONE');
});

describe.each(CODECS)('a batch of 1 MB that unfolds to as much as %s can', (codec) => {
  test('costs no more than the limit where its first record is larger than that', () => {
    const bomb = bombOfOneRecord(codec, 10 * 1024 * MIB, MIB);
    expect(bomb.length).toBeLessThan(1.1 * MIB);
    const { first, answer, errorMessage, grown } = validateElsewhere(bomb, LIMIT, codec);
    expect([first, answer]).toEqual(['NONE', 'INVALID_RECORD']);
    expect(errorMessage).toContain('max.decompressed.message.bytes');
    expect(grown).toBeLessThan(LIMIT + 24 * MIB);
  });

  test('costs no more than a batch may come to where its records are small enough', () => {
    const bomb = bombOfRecords(codec, LIMIT / 2 + 64, 10 * 1024 * MIB, MIB);
    const { answer, grown } = validateElsewhere(bomb, LIMIT, codec);
    expect(answer).not.toBe('NONE');
    expect(grown).toBeLessThan(BATCH_MEMORY);
  });

  test('costs no more than a batch may come to where nothing was configured', () => {
    const bomb = bombOfOneRecord(codec, 10 * 1024 * MIB, MIB);
    const { answer, grown } = validateElsewhere(bomb, defaultLogConfig.maxDecompressedMessageBytes, codec);
    expect(answer).toBe('INVALID_RECORD');
    expect(grown).toBeLessThan(BATCH_MEMORY);
  });
});
