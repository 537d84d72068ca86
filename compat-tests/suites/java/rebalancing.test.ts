import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type RunningBroker } from '../../../src/broker/broker.ts';
import { JavaDriver, perMember, whyNoJava } from './driver.ts';

const missing = await whyNoJava();
const PARTITIONS = 6;
const EACH = 50;
const TOPICS = 'org.apache.kafka.tools.TopicCommand';
const PROTOCOLS: Record<string, string[]> = {
  'classic, range': [
    'group.protocol=classic',
    'partition.assignment.strategy=org.apache.kafka.clients.consumer.RangeAssignor',
  ],
  'classic, cooperative-sticky': [
    'group.protocol=classic',
    'partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
  ],
  'consumer, uniform': ['group.protocol=consumer'],
  'consumer, range': ['group.protocol=consumer', 'group.remote.assignor=range'],
};
/** The defaults of the classic protocol wait long for the dead. */
const IMPATIENT = ['session.timeout.ms=6000', 'heartbeat.interval.ms=500'];

/** Java clients against Ottla in this process, or the broker at OTTLA_TEST_BOOTSTRAP. */
describe.skipIf(missing !== null)(`Java consumers${missing === null ? '' : ` (${missing})`}`, () => {
  let broker: RunningBroker | undefined;
  let java: JavaDriver;
  let serial = 0;

  beforeAll(async () => {
    let bootstrap = process.env.OTTLA_TEST_BOOTSTRAP;
    if (bootstrap === undefined) {
      const settings = {
        listeners: 'PLAINTEXT://127.0.0.1:0',
        'group.initial.rebalance.delay.ms': '0',
        'group.consumer.min.heartbeat.interval.ms': '500',
        'group.consumer.heartbeat.interval.ms': '500',
        'group.consumer.min.session.timeout.ms': '6000',
        'group.consumer.session.timeout.ms': '6000',
      };
      broker = await startBroker({ memory: true, settings });
      bootstrap = broker.bootstrap;
    }
    java = await JavaDriver.start(bootstrap);
  });
  afterAll(async () => {
    await java?.stop();
    await broker?.stop();
  });

  async function newTopic(): Promise<string> {
    const topic = `java-${Date.now().toString(36)}-${serial++}`;
    const where = ['--bootstrap-server', 'BOOTSTRAP', '--topic', topic];
    expect((await java.tool(TOPICS, ...where, '--create', '--partitions', `${PARTITIONS}`)).exitCode).toBe(0);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await java.ask('produce', topic, `${partition}`, `${EACH}`);
    }
    return topic;
  }

  function join(name: string, topic: string, ...settings: string[]): Promise<string> {
    return java.ask('join', name, topic, `group.id=g-${topic.replace(/^re2:|\W/g, '')}`, ...settings);
  }

  /** Each partition has one owner, and nobody has more than one above another. */
  async function shared(...names: string[]): Promise<void> {
    await expect
      .poll(
        async () => {
          const assigned = await java.assigned();
          const owned = [...assigned.values()].flat();
          const sizes = names.map((name) => assigned.get(name)?.length ?? 0);
          const isEven = Math.max(...sizes) - Math.min(...sizes) < 2;
          return isEven && owned.length === PARTITIONS && new Set(owned).size === PARTITIONS;
        },
        { timeout: 40_000, interval: 50 },
      )
      .toBe(true);
  }

  test.each(Object.entries(PROTOCOLS))(
    '%s: members come, leave and vanish, and all is read',
    async (_name, settings) => {
      const topic = await newTopic();
      const isClassic = settings[0] === 'group.protocol=classic';
      const more = [...settings, ...(isClassic ? IMPATIENT : [])];
      await join('a', topic, ...more);
      await shared('a');
      await join('b', topic, ...more);
      await shared('a', 'b');
      await join('c', topic, ...more);
      await shared('a', 'b', 'c');
      await expect
        .poll(async () => new Set([...perMember(await java.ask('read')).values()].flat()).size, { timeout: 20_000 })
        .toBe(PARTITIONS * EACH);
      expect(await java.ask('leave', 'b')).toBe('ok');
      await shared('a', 'c');
      // This one closes without leaving, where its protocol knows that: its session ends.
      expect(await java.ask('vanish', 'c')).toBe('ok');
      await shared('a');
      await java.ask('produce', topic, '0', `${EACH}`);
      await expect
        .poll(async () =>
          perMember(await java.ask('read'))
            .get('a')
            ?.includes(`${topic}-0@${2 * EACH - 1}`),
        )
        .toBe(true);
      const [[, counts]] = [...perMember(await java.ask('counts'))];
      // No partition was ever lost, and no consumer failed.
      expect(counts.slice(1)).toEqual(['0']);
      expect(await java.ask('leave', 'a')).toBe('ok');
    },
  );

  test('a static member that restarts has its partitions again, without a rebalance of the others', async () => {
    const topic = await newTopic();
    const settings = ['group.protocol=classic', 'session.timeout.ms=20000', 'heartbeat.interval.ms=500'];
    await join('a', topic, ...settings, 'group.instance.id=one');
    await join('b', topic, ...settings, 'group.instance.id=two');
    await shared('a', 'b');
    const before = await java.assigned();
    const rebalances = async () => perMember(await java.ask('counts')).get('a')?.[0];
    const then = await rebalances();
    await java.ask('vanish', 'b');
    await join('b', topic, ...settings, 'group.instance.id=two');
    await shared('a', 'b');
    expect(await java.assigned()).toEqual(before);
    expect(await rebalances()).toBe(then);
    await java.ask('leave', 'a');
    await java.ask('leave', 'b');
  });

  test('a living group goes from the classic protocol to the consumer protocol, member by member, and back', async () => {
    const topic = await newTopic();
    const classic = ['group.protocol=classic', ...IMPATIENT, ...PROTOCOLS['classic, cooperative-sticky'].slice(1)];
    const consumer = ['group.protocol=consumer'];
    await join('a', topic, ...classic);
    await join('b', topic, ...classic);
    await shared('a', 'b');
    await join('c', topic, ...consumer);
    await shared('a', 'b', 'c');
    await java.ask('leave', 'a');
    await java.ask('leave', 'b');
    await shared('c');
    await join('d', topic, ...classic);
    await shared('c', 'd');
    await java.ask('leave', 'c');
    await shared('d');
    expect(
      perMember(await java.ask('counts'))
        .get('d')
        ?.slice(1),
    ).toEqual(['0']);
    await java.ask('leave', 'd');
  });

  test('a subscription by expression takes in topics that come later', async () => {
    const [first] = [await newTopic()];
    await join('a', `re2:${first}.*`, 'group.protocol=consumer', 'metadata.max.age.ms=500');
    await shared('a');
    const where = ['--bootstrap-server', 'BOOTSTRAP', '--topic', `${first}-later`];
    await java.tool(TOPICS, ...where, '--create', '--partitions', '2');
    await expect.poll(async () => (await java.assigned()).get('a')?.length, { timeout: 20_000 }).toBe(PARTITIONS + 2);
    await java.ask('leave', 'a');
  });
});
