/** Settings that are each allowed and together are not, or that only some spelling of them allows: Kafka's own list. PURE. */
import { ConfigError } from './definition.ts';
import { retentionMs, rollJitterMs, rollMs } from './log-config.ts';
import type { ServerConfig } from './server.ts';

const MIB = 1024 * 1024;

type Check = readonly [isWrong: (config: ServerConfig) => boolean, complaint: (config: ServerConfig) => string];

const CHECKS: readonly Check[] = [
  [(config) => rollMs(config) < 1, (config) => `log.roll.ms=${rollMs(config)} must be at least 1`],
  [(config) => rollJitterMs(config) < 0, (config) => `log.roll.jitter.ms=${rollJitterMs(config)} must be at least 0`],
  [
    (config) => retentionMs(config) === 0,
    () => 'log.retention.ms=0 must be at least 1, or -1 to keep records for ever',
  ],
  [
    (config) => config['log.cleaner.dedupe.buffer.size'] / config['log.cleaner.threads'] <= MIB,
    ({ 'log.cleaner.threads': threads, 'log.cleaner.dedupe.buffer.size': size }) =>
      `log.cleaner.dedupe.buffer.size=${size} must be more than 1 MiB (${MIB}) for each of log.cleaner.threads=${threads}`,
  ],
  pair('replica.fetch.wait.max.ms', 'replica.socket.timeout.ms'),
  pair('replica.fetch.wait.max.ms', 'replica.lag.time.max.ms'),
  [
    ({ 'queued.max.request.bytes': queued, 'socket.request.max.bytes': one }) => queued > 0 && queued < one,
    ({ 'queued.max.request.bytes': queued, 'socket.request.max.bytes': one }) =>
      `queued.max.request.bytes=${queued} must be at least socket.request.max.bytes=${one}, or -1 for no limit`,
  ],
];

type Milliseconds = 'replica.fetch.wait.max.ms' | 'replica.socket.timeout.ms' | 'replica.lag.time.max.ms';

function pair(less: Milliseconds, more: Milliseconds): Check {
  return [
    (config) => config[less] > config[more],
    (config) => `${less}=${config[less]} must be at most ${more}=${config[more]}`,
  ];
}

/** @throws {ConfigError} that names the keys, their values and what is allowed */
export function refuseConflicts(config: ServerConfig): void {
  for (const [isWrong, complaint] of CHECKS) if (isWrong(config)) throw new ConfigError(complaint(config));
}
