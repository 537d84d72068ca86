/** `ottla/testing`: a Kafka broker inside your own test, ready in milliseconds, in memory, on a free port. */
import { startBroker as start } from '../broker/broker.ts';
import { systemClock, VirtualClock } from '../platform/clock.ts';
import { lineLogger, silentLogger, type Level, type Logger } from '../platform/logger.ts';
import { MemoryFiles } from '../platform/memory-files.ts';
import { assemble, warn } from './assembly.ts';
import { settingsFor, type TestSettings } from './settings.ts';
import { dismissMembers, Snapshot } from './snapshot.ts';
import type { StartOptions } from './start-options.ts';
import { topicSpecs, type TestBroker } from './test-broker.ts';
import { Traffic } from './traffic.ts';

/**
 * Starts a broker; resolves when clients can connect. `await using` stops it at the end of the block, `stop()` at any time.
 * @throws {ConfigError} for a setting that cannot be used
 */
export async function startBroker(options: StartOptions = {}): Promise<TestBroker> {
  const snapshot = typeof options.from === 'string' ? Snapshot.load(options.from) : options.from;
  const brokers = options.brokers ?? snapshot?.brokers ?? 1;
  checkBrokers(brokers, snapshot);
  const clock = options.clock === 'virtual' ? new VirtualClock(Number(options.now ?? systemClock.now())) : systemClock;
  const { broker, test } = await assemble({
    start,
    again: startBroker,
    brokers,
    clock,
    files: snapshot?.disk() ?? new MemoryFiles(),
    settings: settingsFor(brokers, settingsOf(options, snapshot)),
    memory: true,
    logger: loggerOf(options.logLevel),
    traffic: new Traffic(),
    options,
  });
  try {
    if (snapshot !== undefined) dismissMembers(broker);
    await test.provide(topicSpecs(options));
    return test;
  } catch (error) {
    await broker.stop();
    throw error;
  }
}

function checkBrokers(brokers: number, snapshot: Snapshot | undefined): void {
  if (!Number.isInteger(brokers) || brokers < 1) throw new RangeError(`brokers: ${brokers}: write how many, 1 or more`);
  if (snapshot !== undefined && brokers < snapshot.brokers) {
    throw new RangeError(
      `the snapshot is of ${snapshot.brokers} brokers, which lead its partitions: leave brokers out`,
    );
  }
}

function settingsOf({ settings = {}, port }: StartOptions, snapshot: Snapshot | undefined): TestSettings {
  return {
    ...(port === undefined ? {} : { listeners: `PLAINTEXT://127.0.0.1:${port}` }),
    // Records in a file may be as old as the file: a test that loads them wants them kept.
    ...(snapshot?.isLoaded === true ? { 'log.retention.ms': -1 } : {}),
    ...settings,
  };
}

function loggerOf(level: Level = 'silent'): Logger {
  if (level === 'silent') return silentLogger;
  return lineLogger(level, warn, () => systemClock.now());
}
