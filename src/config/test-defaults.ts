/**
 * Settings in which a broker for tests (`ottla/testing`, `--memory`, the control port) differs from Kafka's defaults: nothing
 * waits that need not. What is set by flags, environment or file comes before them.
 */
import type { ServerKey } from './server.ts';

export const DEFAULT_MAX_FETCH_WAIT_MS = 200;

export const testDefaults: ReadonlyMap<ServerKey, string> = new Map<ServerKey, string>([
  // A consumer that comes gets its partitions at once, one that goes gives them back.
  ['group.initial.rebalance.delay.ms', '0'],
  ['group.min.session.timeout.ms', '1'],
  ['ottla.evict.on.disconnect', 'true'],
  // kafkajs and others stop only when their long poll has been answered.
  ['ottla.fetch.max.wait.ms', String(DEFAULT_MAX_FETCH_WAIT_MS)],
  ['offsets.topic.num.partitions', '1'],
  ['offsets.topic.replication.factor', '1'],
  ['transaction.state.log.num.partitions', '1'],
  ['transaction.state.log.replication.factor', '1'],
  ['transaction.state.log.min.isr', '1'],
  // A share group's member is told its partitions with the heartbeat behind the one that it joins with.
  ['group.share.min.heartbeat.interval.ms', '100'],
  ['group.share.heartbeat.interval.ms', '100'],
  ['group.share.min.assignment.interval.ms', '0'],
  ['group.share.assignment.interval.ms', '0'],
  ['share.coordinator.state.topic.num.partitions', '1'],
  ['share.coordinator.state.topic.replication.factor', '1'],
  ['share.coordinator.state.topic.min.isr', '1'],
  // Each Fetch names all its partitions: faults and the traffic log see them.
  ['max.incremental.fetch.session.cache.slots', '0'],
  ['log.segment.delete.delay.ms', '0'],
  // A test that moves the clock by days means the records, not its clients' connections.
  ['connections.max.idle.ms', '-1'],
  // Clients keep their own time: one that is ahead of the broker's clock is not at fault.
  ['log.message.timestamp.after.max.ms', '9223372036854775807'],
]);
