/** How a broker for tests is configured: what the test says, over the defaults of such brokers. */
import type { ServerKey } from '../config/server.ts';
import { combineSettings } from '../config/settings.ts';
import { testDefaults } from '../config/test-defaults.ts';

/** Broker settings by Kafka's names: `{ 'auto.create.topics.enable': false }`. */
export type TestSettings = { readonly [Key in ServerKey]?: string | number | boolean };

/** @throws {ConfigError} for a key that does not exist, with the one that was meant */
export function settingsFor(brokers: number, settings: TestSettings): ReadonlyMap<string, string> {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const set = new Map(given.map(([key, value]) => [key, String(value)]));
  const own = brokers === 1 ? [] : Object.entries(sharedOut(brokers));
  const defaults = [...testDefaults, ['listeners', 'PLAINTEXT://127.0.0.1:0'], ['node.id', '0'], ...own] as const;
  return new Map([...(defaults as Iterable<[string, string]>), ...withoutDefaults(set)]);
}

/** As checked, without what combineSettings adds by itself to what was said. */
function withoutDefaults(set: ReadonlyMap<string, string>): Iterable<[string, string]> {
  const { values } = combineSettings({ set });
  return [...values].filter(([key]) => set.has(key));
}

/** Several brokers share the groups and transactions out. */
function sharedOut(brokers: number): TestSettings {
  const partitions = String(2 * brokers);
  const factor = String(brokers);
  return {
    'default.replication.factor': factor,
    'offsets.topic.num.partitions': partitions,
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.num.partitions': partitions,
    'transaction.state.log.replication.factor': factor,
    'share.coordinator.state.topic.num.partitions': partitions,
    'share.coordinator.state.topic.replication.factor': factor,
  };
}
