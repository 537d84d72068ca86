/** Lists as Kafka 4.3 reads them: kafka-lists.json holds what its tables make of each text, null where they refuse it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startBroker } from '../../src/broker/broker.ts';
import { validateTopicConfig } from '../../src/config/alter.ts';
import { clientMetricsKeys } from '../../src/config/client-metrics.ts';
import { canonicalText, parseValue, type Table } from '../../src/config/definition.ts';
import { resolveListeners } from '../../src/config/listeners.ts';
import { serverConfig, serverKeys } from '../../src/config/server.ts';
import { combineSettings } from '../../src/config/settings.ts';
import { topicKeys } from '../../src/config/topic.ts';

type Answers = Readonly<Record<string, Readonly<Record<string, readonly string[] | null>>>>;

const recorded = JSON.parse(readFileSync(new URL('kafka-lists.json', import.meta.url), 'utf8')) as Record<
  string,
  Answers
>;
const tables: Readonly<Record<string, Table>> = {
  server: serverKeys,
  topic: topicKeys,
  'client-metrics': clientMetricsKeys,
};

/** Kafka checks hosts and ids of voters when it reads the text; here that is for those who would use them. */
const READ_LATER = /^controller\.quorum\./;

describe.each(Object.keys(tables))('lists of %s', (kind) => {
  test('there are as many as in Kafka', () => {
    const own = Object.keys(tables[kind]).filter((key) => tables[kind][key].type === 'list');
    expect(own).toEqual(expect.arrayContaining(Object.keys(recorded[kind])));
  });

  test.each(Object.entries(recorded[kind]))('%s', (key, answers) => {
    const row = tables[kind][key];
    const read = (text: string): readonly string[] | null => {
      try {
        return parseValue(key, row, text) as string[];
      } catch {
        return null;
      }
    };
    const wanted = Object.entries(answers).filter(([, answer]) => answer !== null || !READ_LATER.test(key));
    expect(Object.fromEntries(wanted.map(([text]) => [text, read(text)]))).toEqual(Object.fromEntries(wanted));
    const taken = wanted.filter(([, answer]) => answer !== null);
    expect(taken.map(([text]) => canonicalText(key, row, text))).toEqual(taken.map(([, answer]) => answer!.join(',')));
  });
});

// What Kafka starts with, and what it makes of it.
test.each([
  ['log.dirs', '/d1,/d1', ['/d1']],
  ['process.roles', 'broker,broker,controller', ['broker', 'controller']],
  ['controller.listener.names', 'CONTROLLER,CONTROLLER', ['CONTROLLER']],
  ['sasl.enabled.mechanisms', 'PLAIN,PLAIN', ['PLAIN']],
  ['group.consumer.assignors', 'uniform,range,uniform', ['uniform', 'range']],
  ['group.coordinator.rebalance.protocols', 'classic,classic,consumer', ['classic', 'consumer']],
  ['log.cleanup.policy', 'compact,compact', ['compact']],
  ['log.cleanup.policy', '', []],
  ['controller.quorum.bootstrap.servers', 'h:1,h:1', ['h:1', 'h:1']],
] as const)('a broker that is started with %s=%s has %j', async (key, text, expected) => {
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', [key]: text };
  const broker = await startBroker({ memory: true, settings });
  expect(broker.parts.config[key]).toEqual(expected);
  await broker.stop();
});

test('listeners that are written twice are opened once', () => {
  const twice = ['PLAINTEXT://:9092', 'PLAINTEXT://:9092', 'CONTROLLER://:9093', 'CONTROLLER://:9093'].join(',');
  const map = 'PLAINTEXT:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT';
  const { values } = combineSettings({
    set: new Map([
      ['listeners', twice],
      ['advertised.listeners', 'PLAINTEXT://h:9092,PLAINTEXT://h:9092'],
      ['listener.security.protocol.map', map],
    ]),
  });
  const { open, advertised } = resolveListeners(serverConfig(values), (key) => values.has(key));
  expect([open.map(({ port }) => port), [...advertised.keys()]]).toEqual([[9092], ['PLAINTEXT']]);
});

test('a topic may be created with a policy that is said twice', () => {
  const broker = serverConfig(new Map());
  expect(validateTopicConfig(new Map([['cleanup.policy', 'compact,compact']]), broker)).toBeUndefined();
  expect(validateTopicConfig(new Map([['cleanup.policy', 'compact,,delete']]), broker)).toBeDefined();
});
