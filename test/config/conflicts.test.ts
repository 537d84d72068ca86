import { describe, expect, test } from 'vitest';
import { validateBrokerConfig } from '../../src/config/alter.ts';
import { refuseConflicts } from '../../src/config/conflicts.ts';
import { serverConfig } from '../../src/config/server.ts';

const refuse = (given: Record<string, string>) => refuseConflicts(serverConfig(new Map(Object.entries(given))));

describe('settings that do not go together', () => {
  // Apache Kafka 4.3.1 refuses to start with each of these, and starts with each of those below.
  test.each<[Record<string, string>, string]>([
    [{ 'log.roll.ms': '0' }, 'log.roll.ms=0 must be at least 1'],
    [{ 'log.roll.jitter.ms': '-1' }, 'log.roll.jitter.ms=-1 must be at least 0'],
    [{ 'log.retention.ms': '0' }, 'log.retention.ms=0 must be at least 1, or -1'],
    [{ 'log.cleaner.threads': '128' }, 'log.cleaner.dedupe.buffer.size=134217728 must be more than 1 MiB'],
    [
      { 'replica.socket.timeout.ms': '499' },
      'replica.fetch.wait.max.ms=500 must be at most replica.socket.timeout.ms=499',
    ],
    [{ 'replica.lag.time.max.ms': '499' }, 'replica.fetch.wait.max.ms=500 must be at most replica.lag.time.max.ms=499'],
    [{ 'queued.max.request.bytes': '1000' }, 'must be at least socket.request.max.bytes=104857600, or -1 for no limit'],
  ])('%j is refused with what is allowed', (given, sentence) => {
    expect(() => refuse(given)).toThrow(sentence);
  });

  test.each<Record<string, string>>([
    {},
    { 'log.roll.ms': '1', 'log.roll.jitter.ms': '0', 'log.retention.ms': '-5' },
    { 'log.cleaner.threads': '127' },
    { 'replica.socket.timeout.ms': '500', 'replica.lag.time.max.ms': '500' },
    { 'broker.heartbeat.interval.ms': '9000' },
    { 'queued.max.request.bytes': '1000', 'socket.request.max.bytes': '1000' },
  ])('%j is taken', (given) => {
    expect(() => refuse(given)).not.toThrow();
  });

  test('are refused too where they are set dynamically', () => {
    const refused = validateBrokerConfig(new Map([['log.roll.ms', '0']]), false);
    expect(refused?.errorMessage).toContain('log.roll.ms=0 must be at least 1');
  });
});
