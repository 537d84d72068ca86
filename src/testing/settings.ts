/** How a broker for tests is configured where a test does not say otherwise: nothing waits that need not. */
import type { ServerKey } from '../config/server.ts';

/** Broker settings by Kafka's names: `{ 'auto.create.topics.enable': false }`. */
export type TestSettings = { readonly [Key in ServerKey]?: string | number | boolean };

export function settingsFor(brokers: number, settings: TestSettings): Map<string, string> {
  const factor = String(brokers);
  // Several brokers share the groups out; one has the fewest partitions to open.
  const partitions = String(brokers === 1 ? 1 : 2 * brokers);
  const defaults: TestSettings = {
    listeners: 'PLAINTEXT://127.0.0.1:0',
    'node.id': 0,
    // A consumer that comes gets its partitions at once, one that goes gives them back.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1,
    'ottla.evict.on.disconnect': true,
    'default.replication.factor': factor,
    'offsets.topic.num.partitions': partitions,
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.num.partitions': partitions,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': partitions,
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': 1,
    // Each Fetch names all its partitions: faults and the traffic log see them.
    'max.incremental.fetch.session.cache.slots': 0,
    'log.segment.delete.delay.ms': 0,
    // A test that moves a virtual clock by days means the records, not its clients' connections.
    'connections.max.idle.ms': -1,
    // Clients keep their own time: one that is ahead of a virtual clock is not at fault.
    'log.message.timestamp.after.max.ms': '9223372036854775807',
  };
  return new Map(Object.entries({ ...defaults, ...settings }).map(([key, value]) => [key, String(value)]));
}
