/** What a test says of its broker, made into one: clock, disk, settings, snapshot, topics. */
import { backgroundClock, systemClock, VirtualClock, type Clock } from '../platform/clock.ts';
import { lineLogger, silentLogger, type Level, type Logger } from '../platform/logger.ts';
import { MemoryFiles } from '../platform/memory-files.ts';
import { nodeNetwork } from '../platform/network.ts';
import { assemble, warn, type Assembly } from './assembly.ts';
import { BrokerSnapshot, dismissMembers } from './broker-snapshot.ts';
import type { CallPlace } from './call-place.ts';
import { milliseconds } from './duration.ts';
import type { LocalBroker } from './local-broker.ts';
import { PEER_LISTENER } from './peer-logins.ts';
import { securityOf, type TestSecurity } from './security.ts';
import { settingsFor, type TestSettings } from './settings.ts';
import type { StartOptions } from './start-options.ts';
import type { LoadShow } from './test-page.ts';
import { checkAccess, provideAccess, STANDARD_AUTHORIZER } from './test-acls.ts';
import { isTestRun } from './test-runner.ts';
import type { TopicSpec } from './topic-spec.ts';
import { TrafficLog } from './traffic-log.ts';

/** Parameters, so that what loads this need not hold a copy of them. */
export interface Doors {
  /** Starts one broker. */
  readonly start: Assembly['start'];
  /** Opens a control port for a broker; answers its URL. */
  readonly serve: (test: LocalBroker, port: number) => Promise<string>;
  readonly loadShow?: LoadShow;
}

/** `beginning`: topics of the snapshot that it starts from, which a reset makes anew too. */
export async function begin(
  doors: Doors,
  options: StartOptions,
  beginning: readonly TopicSpec[],
  place: CallPlace,
): Promise<LocalBroker> {
  const { from } = options;
  const snapshot = typeof from === 'string' ? BrokerSnapshot.load(from) : from && BrokerSnapshot.of(from);
  const brokers = options.brokers ?? snapshot?.brokers ?? 1;
  checkBrokers(brokers, snapshot);
  const topics = topicSpecs(options);
  const clock = clockOf(options);
  const security = await securityOf(options, () => clock.now());
  checkAccess(options);
  if (security === null && options.acls !== undefined && brokers > 1) {
    throw new RangeError(`brokers: ${brokers}: with acls they have to know who asks: add users, or tls`);
  }
  const { broker, test } = await assemble({
    start: doors.start,
    ...(doors.loadShow === undefined ? {} : { loadShow: doors.loadShow }),
    again: (forked, made) => begin(doors, forked, made, place),
    brokers,
    clock,
    security,
    socketClock: wallClock(),
    ...(isTestRun() ? { network: nodeNetwork({ inBackground: true }) } : {}),
    files: snapshot?.disk() ?? new MemoryFiles(),
    settings: settingsFor(brokers, settingsOf(options, snapshot, security, brokers)),
    memory: true,
    logger: loggerOf(options.logLevel),
    traffic: new TrafficLog(),
    options,
    beginning: [...beginning, ...topics],
    place,
  });
  try {
    if (snapshot !== undefined) dismissMembers(broker);
    await security?.provide(broker, test.metadata);
    await provideAccess(test.metadata, broker.parts.random, options);
    await test.configureGroups();
    await test.provide(topics);
    if (options.controlPort !== undefined) test.controlUrl = await doors.serve(test, options.controlPort);
    return test;
  } catch (error) {
    await test.stop();
    throw error;
  }
}

function clockOf({ clock, now }: StartOptions) {
  if (clock === 'virtual') return new VirtualClock(Number(now ?? systemClock.now()));
  return wallClock();
}

function wallClock(): Clock {
  return isTestRun() ? backgroundClock : systemClock;
}

function topicSpecs({ topics = [] }: StartOptions): TopicSpec[] {
  return topics.map((topic) => (typeof topic === 'string' ? { name: topic } : topic));
}

function checkBrokers(brokers: number, snapshot: BrokerSnapshot | undefined): void {
  if (!Number.isInteger(brokers) || brokers < 1) throw new RangeError(`brokers: ${brokers}: write how many, 1 or more`);
  if (snapshot !== undefined && brokers < snapshot.brokers) {
    throw new RangeError(
      `the snapshot is of ${snapshot.brokers} brokers, which lead its partitions: leave brokers out`,
    );
  }
}

function settingsOf(
  { settings = {}, port, maxFetchWait, minIsr, acls }: StartOptions,
  snapshot: BrokerSnapshot | undefined,
  security: TestSecurity | null,
  brokers: number,
): TestSettings {
  const listener = `${security?.protocol ?? 'PLAINTEXT'}://127.0.0.1:${port ?? 0}`;
  const hasPeers = security !== null && brokers > 1;
  return {
    ...(port === undefined && security === null
      ? {}
      : { listeners: hasPeers ? `${listener},${PEER_LISTENER}` : listener }),
    ...security?.settings(),
    ...(hasPeers ? security.peerSettings() : {}),
    ...(acls === undefined ? {} : { 'authorizer.class.name': STANDARD_AUTHORIZER }),
    ...(minIsr === undefined ? {} : { 'min.insync.replicas': minIsr }),
    ...(maxFetchWait === undefined ? {} : { 'ottla.fetch.max.wait.ms': milliseconds(maxFetchWait) }),
    // Records in a file may be as old as the file: a test that loads them wants them kept.
    ...(snapshot?.isLoaded === true ? { 'log.retention.ms': -1 } : {}),
    ...settings,
  };
}

function loggerOf(level: Level = 'silent'): Logger {
  if (level === 'silent') return silentLogger;
  return lineLogger(level, warn, () => systemClock.now());
}
