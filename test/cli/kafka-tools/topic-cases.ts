/** kafka-topics and kafka-get-offsets: what shows that each flag has its effect. */
import { expect } from 'vitest';
import { fresh, type Case, type Cases } from './flag-case.ts';

const topics: Cases = {
  list: async (run, kafka, tool) => {
    const name = fresh();
    await kafka.createTopic(name);
    expect((await run(`${tool}--list`)).out.split('\n')).toContain(name);
  },
  describe: async (run, _kafka, tool) => {
    expect((await run(`${tool}--describe`)).out).toContain('Topic: orders\tTopicId: ');
  },
  create: async (run, kafka, tool) => {
    const name = fresh();
    expect((await run(`${tool}--create --topic ${name}`)).out).toBe(`Created topic ${name}.\n`);
    expect(kafka.topics()).toContain(name);
  },
  alter: async (run, kafka, tool) => {
    const name = fresh();
    await kafka.createTopic(name);
    expect((await run(`${tool}--alter --topic ${name} --partitions 3`)).code).toBe(0);
    expect((await run(`${tool}--describe --topic ${name}`)).out).toContain('PartitionCount: 3');
  },
  delete: async (run, kafka, tool) => {
    const name = fresh();
    await kafka.createTopic(name);
    expect((await run(`${tool}--delete --topic ${name}`)).code).toBe(0);
    expect(kafka.topics()).not.toContain(name);
  },
  topic: async (run, kafka, tool) => {
    const [one, other] = [fresh('a.b'), fresh('aXb')];
    await kafka.createTopic(one);
    await kafka.createTopic(other);
    expect((await run(`${tool}--list --topic '\\Qa.b\\E.*'`)).out).toBe(`${one}\n`);
    expect((await run(`${tool}--list --topic '(?i)AXB-\\d++'`)).out).toBe(`${other}\n`);
    expect((await run(`${tool}--list --topic '${one},${other}'`)).out).toBe(`${one}\n${other}\n`);
    expect(await run(`${tool}--list --topic '(('`)).toMatchObject({ code: 1 });
    expect((await run(`${tool}--delete --if-exists --topic '\\Q${one}\\E'`)).code).toBe(0);
    expect(kafka.topics()).not.toContain(one);
  },
  'topic-id': async (run, _kafka, tool) => {
    const { out } = await run(`${tool}--describe --topic orders`);
    const id = /TopicId: (\S+)/.exec(out)![1];
    expect((await run(`${tool}--describe --topic-id ${id}`)).out).toBe(out);
    const none = await run(`${tool}--describe --topic-id nosuchid`);
    expect(none).toMatchObject({ code: 1, out: expect.stringContaining("TopicId 'nosuchid' does not exist") });
  },
  partitions: async (run, _kafka, tool) => {
    const name = fresh();
    await run(`${tool}--create --topic ${name} --partitions 5`);
    expect((await run(`${tool}--describe --topic ${name}`)).out).toContain('PartitionCount: 5');
    expect(await run(`${tool}--create --topic ${fresh()} --partitions 0`)).toMatchObject({ code: 1 });
  },
  'replication-factor': async (run, _kafka, tool) => {
    const { code, out } = await run(`${tool}--create --topic ${fresh()} --replication-factor 3`);
    expect([code, out]).toEqual([1, expect.stringContaining('Error while executing topic command')]);
  },
  'replica-assignment': async (run, _kafka, tool) => {
    const name = fresh();
    await run(`${tool}--create --topic ${name} --replica-assignment 0,0`);
    expect((await run(`${tool}--describe --topic ${name}`)).out).toContain('PartitionCount: 2');
    const both = await run(`${tool}--create --topic ${name} --replica-assignment 0 --partitions 1`);
    expect(both).toMatchObject({ code: 1, err: expect.stringContaining('--replica-assignment') });
    expect((await run(`${tool}--alter --topic ${name} --partitions 3 --replica-assignment 0,0,0`)).code).toBe(0);
  },
  config: async (run, _kafka, tool) => {
    const name = fresh();
    await run(`${tool}--create --topic ${name} --config retention.ms=7 --config cleanup.policy=compact,compact`);
    const { out } = await run(`${tool}--describe --topic ${name}`);
    const [, configs = ''] = /Configs: (.*)/.exec(out) ?? [];
    expect(configs.split(',')).toEqual(expect.arrayContaining(['cleanup.policy=compact', 'retention.ms=7']));
  },
  'delete-config': '--create --topic t --delete-config retention.ms',
  'if-not-exists': async (run, _kafka, tool) => {
    expect((await run(`${tool}--create --topic orders`)).code).toBe(1);
    expect(await run(`${tool}--create --topic orders --if-not-exists`)).toEqual({ code: 0, out: '', err: '' });
  },
  'if-exists': async (run, _kafka, tool) => {
    for (const action of ['--delete', '--describe', '--alter --partitions 2']) {
      const line = `${tool}${action} --topic nope`;
      expect((await run(line)).out).toContain("Topic 'nope' does not exist as expected");
      expect(await run(`${line} --if-exists`)).toEqual({ code: 0, out: '', err: '' });
    }
  },
  'exclude-internal': async (run, _kafka, tool) => {
    await run('kafka-consumer-groups --reset-offsets --group internal --topic orders --to-latest --execute');
    expect((await run(`${tool}--list`)).out).toContain('__consumer_offsets');
    expect((await run(`${tool}--list --exclude-internal`)).out).not.toContain('__consumer_offsets');
  },
  'topics-with-overrides': async (run, kafka, tool) => {
    const name = fresh();
    await kafka.createTopic({ name, configs: { 'retention.ms': 1 } });
    const { out } = await run(`${tool}--describe --topics-with-overrides`);
    expect(out).toMatch(new RegExp(`^Topic: ${name}\\t.*retention.ms=1\\b`, 'm'));
    // As in Kafka, what the broker's own settings make otherwise is an override, too; partitions are not shown.
    expect([out.includes('Topic: orders\t'), out.includes('Partition: 0')]).toEqual([true, false]);
  },
  'under-replicated-partitions': async (run, _kafka, tool) => {
    expect((await run(`${tool}--describe --topic orders --under-replicated-partitions`)).out).toBe('');
  },
  'unavailable-partitions': async (run, _kafka, tool) => {
    expect((await run(`${tool}--describe --topic orders --unavailable-partitions`)).out).toBe('');
  },
  'under-min-isr-partitions': async (run, kafka, tool) => {
    const name = fresh();
    await kafka.createTopic({ name, configs: { 'min.insync.replicas': 2 } });
    const { out } = await run(`${tool}--describe --under-min-isr-partitions`);
    expect([out.includes(`Topic: ${name}\t`), out.includes('Topic: orders\t')]).toEqual([true, false]);
  },
  'at-min-isr-partitions': async (run, _kafka, tool) => {
    const { out } = await run(`${tool}--describe --topic orders --at-min-isr-partitions`);
    expect(out).toMatch(/^\tTopic: orders\tPartition: 0\tLeader: 0\t/);
  },
  'partition-size-limit-per-response': '--describe --partition-size-limit-per-response 10',
};

/** Three records, the last of them with the smallest timestamp. */
const filled: (...given: Parameters<Exclude<Case, string>>) => Promise<string> = async (_run, kafka) => {
  const name = fresh('counted');
  await kafka.createTopic({ name, partitions: 3 });
  const time = Date.UTC(2020, 0, 1);
  for (const [partition, timestamp] of [
    [1, time],
    [1, time + 2000],
    [1, time + 1000],
    [2, time],
  ]) {
    await kafka.produce(name, { value: 'x', partition, timestamp });
  }
  return name;
};

const offsets: Cases = {
  topic: async (run, kafka, tool) => {
    const name = await filled(run, kafka, tool);
    expect((await run(`${tool}--topic ${name}`)).out).toBe(`${name}:0:0\n${name}:1:3\n${name}:2:1\n`);
    expect((await run(`${tool}--topic '\\Q${name}\\E' --partitions 0`)).out).toBe(`${name}:0:0\n`);
    expect(await run(`${tool}--topic nope`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('Could not match'),
    });
  },
  partitions: async (run, kafka, tool) => {
    const name = await filled(run, kafka, tool);
    expect((await run(`${tool}--topic ${name} --partitions 0,2`)).out).toBe(`${name}:0:0\n${name}:2:1\n`);
    expect(await run(`${tool}--topic ${name} --partitions 0,zz`)).toMatchObject({ code: 1 });
    expect(await run(`${tool}--topic ${name} --partitions 9`)).toMatchObject({ code: 1 });
  },
  time: async (run, kafka, tool) => {
    const name = await filled(run, kafka, tool);
    const at = async (time: string) => (await run(`${tool}--topic ${name} --time ${time}`)).out;
    const first = `${name}:0:0\n${name}:1:0\n${name}:2:0\n`;
    expect([await at('earliest'), await at('-2')]).toEqual([first, first]);
    const largest = `${name}:1:1\n${name}:2:0\n`;
    expect([await at('max-timestamp'), await at('-3')]).toEqual([largest, largest]);
    expect(await at('0')).toBe(`${name}:1:0\n${name}:2:0\n`);
    expect(await at('99999999999999')).toBe('');
    expect(await at('latest')).toBe(await at('-1'));
    expect(await run(`${tool}--topic ${name} --time soon`)).toMatchObject({ code: 1 });
  },
  'topic-partitions': async (run, kafka, tool) => {
    const name = await filled(run, kafka, tool);
    const of = async (rule: string) => (await run(`${tool}--topic-partitions '${rule}'`)).out.split('\n').slice(0, -1);
    expect(await of(`${name}:1`)).toEqual([`${name}:1:3`]);
    expect(await of(`${name}:0-2`)).toEqual([`${name}:0:0`, `${name}:1:3`]);
    expect(await of(`${name}:-1`)).toEqual([`${name}:0:0`]);
    expect(await of(`${name}:2-,orders`)).toEqual([`${name}:2:1`, 'orders:0:0']);
    expect(await of(`\\Q${name}\\E`)).toHaveLength(3);
    expect((await of(':0')).length).toBeGreaterThan(1);
    expect(await run(`${tool}--topic-partitions a:b`)).toMatchObject({ code: 1 });
  },
  'exclude-internal-topics': async (run, _kafka, tool) => {
    await run('kafka-consumer-groups --reset-offsets --group internal --topic orders --to-latest --execute');
    expect((await run(tool)).out).toContain('__consumer_offsets:0:');
    expect((await run(`${tool}--exclude-internal-topics`)).out).not.toContain('__consumer_offsets');
  },
};

export const topicCases = { 'kafka-topics': topics };
export const offsetCases = { 'kafka-get-offsets': offsets };
