/** Apache Kafka's own clients, in one virtual machine for all tests. */
import type { TestBroker } from '../../src/testing/index.ts';
import { JavaDriver, whyNoJava } from '../suites/java/driver.ts';
import type { Joining, Library } from './library.ts';

const missing = await whyNoJava();
let driver: Promise<JavaDriver> | null = null;
/** Names of members are those of the driver: no two are alike, whatever their client ids are. */
let serial = 0;

function java(): Promise<JavaDriver> {
  return (driver ??= JavaDriver.start('127.0.0.1:1'));
}

export async function endJava(): Promise<void> {
  await (await driver)?.stop();
  driver = null;
}

export function javaOf(protocol: 'classic' | 'consumer'): Library {
  const open = new Set<string>();
  return {
    name: protocol === 'classic' ? 'Java' : 'Java with KIP-848',
    missing,
    protocol,
    join: async (kafka, joining) => {
      const name = `member-${++serial}`;
      const machine = await java();
      await machine.ask('join', name, joining.topics.join(','), ...settingsOf(kafka, joining, protocol));
      open.add(name);
      const end = async (how: 'leave' | 'vanish'): Promise<void> => {
        open.delete(name);
        await machine.ask(how, name);
      };
      const after = (what: 'pause' | 'stall') => async (): Promise<void> => void (await machine.ask(what, name));
      return {
        leave: () => end('leave'),
        vanish: () => end('vanish'),
        pause: after('pause'),
        stall: after('stall'),
      };
    },
    begin: async (kafka, transactionalId, topic) => {
      const machine = await java();
      await machine.ask('begin', transactionalId, topic, 'in a transaction', ...propertiesOf(kafka));
      const end = (how: 'commit' | 'abort') => async (): Promise<void> =>
        void (await machine.ask(how, transactionalId));
      return { commit: end('commit'), abort: end('abort') };
    },
    endAll: async () => {
      const machine = await java();
      for (const name of open) await machine.ask('leave', name);
      open.clear();
    },
  };
}

function propertiesOf(kafka: TestBroker, user?: string): string[] {
  return Object.entries(kafka.properties(user)).map(([key, value]) => `${key}=${value}`);
}

function settingsOf(
  kafka: TestBroker,
  { group, clientId, begin = 'earliest', commits = true, isolation = 'read_committed', instanceId, user }: Joining,
  protocol: 'classic' | 'consumer',
): string[] {
  return [
    ...propertiesOf(kafka, user),
    `group.id=${group}`,
    `group.protocol=${protocol}`,
    `client.id=${clientId}`,
    `auto.offset.reset=${begin}`,
    `enable.auto.commit=${commits}`,
    `isolation.level=${isolation}`,
    'fetch.max.wait.ms=200',
    'default.api.timeout.ms=5000',
    ...(instanceId === undefined ? [] : [`group.instance.id=${instanceId}`]),
    ...(protocol === 'classic' ? ['heartbeat.interval.ms=200', 'session.timeout.ms=30000'] : []),
  ];
}
