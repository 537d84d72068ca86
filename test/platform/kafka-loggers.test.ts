import { expect, test } from 'vitest';
import { kafkaLoggers, loggerOf, loggersWithEvents, ROOT } from '../../src/platform/kafka-loggers.ts';
import { levelFor, lineLogger } from '../../src/platform/logger.ts';

const lines: string[] = [];
const logger = lineLogger(
  'warn',
  (line) => void lines.push(line),
  () => 0,
);

function said(event: string, level: 'debug' | 'info' | 'warn' | 'error'): boolean {
  lines.length = 0;
  logger[level](event);
  return lines.length === 1;
}

test('an event belongs to a logger that Kafka lists, or to the root', () => {
  expect(loggerOf('group.rebalance')).toBe('org.apache.kafka.coordinator.group.GroupMetadataManager');
  expect(loggerOf('kafka.authorizer.logger')).toBe('kafka.authorizer.logger');
  expect(loggerOf('something-else')).toBe(ROOT);
  expect(loggersWithEvents.filter((name) => !kafkaLoggers.includes(name))).toEqual([]);
  expect(new Set(kafkaLoggers).size).toBe(kafkaLoggers.length);
});

test('a level counts for the events of its logger, and of those below it, and for no others', () => {
  expect(said('group.rebalance', 'info')).toBe(false);
  logger.levels = new Map([['org.apache.kafka.coordinator.group', 'info']]);
  expect(said('group.rebalance', 'info')).toBe(true);
  expect(said('group.rebalance', 'debug')).toBe(false);
  expect(said('log.compacted', 'info')).toBe(false);
  logger.levels = new Map([
    ['org.apache.kafka.coordinator.group', 'info'],
    ['org.apache.kafka.coordinator.group.GroupMetadataManager', 'error'],
  ]);
  expect(said('group.rebalance', 'warn')).toBe(false);
  expect(levelFor(logger, 'org.apache.kafka.coordinator.group.GroupCoordinatorShard')).toBe('info');
  logger.levels = new Map();
  expect(said('group.rebalance', 'warn')).toBe(true);
});
