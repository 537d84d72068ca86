import { expect, test } from 'vitest';
import { defaultLogConfig, resolveLogConfig } from '../../src/config/log-config.ts';
import { effectiveConfig } from '../../src/config/layers.ts';
import { serverConfig } from '../../src/config/server.ts';

const map = (values: Record<string, string> = {}) => new Map(Object.entries(values));
const resolve = (topic: Record<string, string>, broker: Record<string, string> = {}) =>
  resolveLogConfig(map(topic), serverConfig(map(broker)));

test('the defaults are those of Kafka', () => {
  expect(defaultLogConfig).toMatchObject({
    segmentBytes: 1_073_741_824,
    segmentMs: 604_800_000,
    retentionBytes: -1,
    retentionMs: 604_800_000,
    maxMessageBytes: 1_048_588,
    cleanupCompact: false,
    cleanupDelete: true,
    minInsyncReplicas: 1,
    compressionType: 'producer',
    messageTimestampType: 'CreateTime',
    timestampAfterMaxMs: 3_600_000,
    timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
    flushMessages: Number.MAX_SAFE_INTEGER,
    flushMs: Number.MAX_SAFE_INTEGER,
  });
  expect(Object.isFrozen(defaultLogConfig)).toBe(true);
});

test("a topic's settings come before the broker's", () => {
  const broker = { 'message.max.bytes': '100', 'log.cleanup.policy': 'compact' };
  expect(resolve({}, broker)).toMatchObject({ maxMessageBytes: 100, cleanupCompact: true, cleanupDelete: false });
  expect(resolve({ 'max.message.bytes': '7', 'cleanup.policy': 'compact,delete' }, broker)).toMatchObject({
    maxMessageBytes: 7,
    cleanupCompact: true,
    cleanupDelete: true,
  });
  expect(resolve({ 'cleanup.policy': '' })).toMatchObject({ cleanupCompact: false, cleanupDelete: false });
});

test('dynamic settings of the broker come before those of the cluster, and those before static ones', () => {
  const layers = (broker: Record<string, string>, cluster: Record<string, string>) =>
    resolveLogConfig(
      map(),
      effectiveConfig({ broker: map(broker), cluster: map(cluster), static: map({ 'log.segment.bytes': '3000000' }) }),
    ).segmentBytes;
  expect(layers({}, {})).toBe(3_000_000);
  expect(layers({}, { 'log.segment.bytes': '2000000' })).toBe(2_000_000);
  expect(layers({ 'log.segment.bytes': '1048576' }, { 'log.segment.bytes': '2000000' })).toBe(1_048_576);
});

test('milliseconds of retention come before minutes, and those before hours', () => {
  expect(resolve({}, { 'log.retention.hours': '2' }).retentionMs).toBe(7_200_000);
  expect(resolve({}, { 'log.retention.hours': '2', 'log.retention.minutes': '3' }).retentionMs).toBe(180_000);
  expect(resolve({}, { 'log.retention.minutes': '3', 'log.retention.ms': '4' }).retentionMs).toBe(4);
  expect(resolve({}, { 'log.retention.hours': '-1' }).retentionMs).toBe(-1);
  expect(resolve({ 'retention.ms': '5' }, { 'log.retention.ms': '4' }).retentionMs).toBe(5);
});

test('rolling and flushing have several spellings too', () => {
  expect(resolve({}, { 'log.roll.hours': '1', 'log.roll.jitter.hours': '1' })).toMatchObject({
    segmentMs: 3_600_000,
    segmentJitterMs: 3_600_000,
  });
  expect(resolve({}, { 'log.roll.hours': '1', 'log.roll.ms': '9', 'log.roll.jitter.ms': '8' })).toMatchObject({
    segmentMs: 9,
    segmentJitterMs: 8,
  });
  expect(resolve({}, { 'log.flush.scheduler.interval.ms': '77' }).flushMs).toBe(77);
  expect(resolve({}, { 'log.flush.scheduler.interval.ms': '77', 'log.flush.interval.ms': '9' }).flushMs).toBe(9);
});

test('tests may have segments smaller than a megabyte by the internal key', () => {
  expect(resolve({ 'internal.segment.bytes': '1024', 'segment.bytes': '2000000' }).segmentBytes).toBe(1024);
  expect(() => resolve({ 'segment.bytes': '1024' })).toThrow(/Value must be at least 1048576/);
});
