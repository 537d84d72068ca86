/** kafka-console-consumer: what shows that each flag has its effect. */
import { expect } from 'vitest';
import type { TestBroker } from '../../../src/testing/index.ts';
import { fresh, type Cases } from './flag-case.ts';
import { fileWith } from './tool.ts';

const FROM_START = '--from-beginning --timeout-ms 400';
const PACKAGE = 'org.apache.kafka.common.serialization.';

async function filled(kafka: TestBroker, ...values: (string | Uint8Array)[]): Promise<string> {
  const name = fresh('read');
  await kafka.createTopic(name);
  for (const [index, value] of values.entries()) await kafka.produce(name, { key: `k${index}`, value });
  return name;
}

const consumer: Cases = {
  topic: async (run, kafka, tool) => {
    const name = await filled(kafka, 'a', 'b');
    expect(await run(`${tool}--topic ${name} ${FROM_START}`)).toEqual({
      code: 0,
      out: 'a\nb\n',
      err: 'Processed a total of 2 messages\n',
    });
  },
  include: async (run, kafka, tool) => {
    const [one, other] = [await filled(kafka, 'a'), await filled(kafka, 'b')];
    expect((await run(`${tool}--include '\\Q${one}\\E' ${FROM_START}`)).out).toBe('a\n');
    const { out } = await run(`${tool}--include '(?i)${one.toUpperCase()}|${other}' ${FROM_START}`);
    expect(out.split('\n').toSorted()).toEqual(['', 'a', 'b']);
    expect((await run(`${tool}--include nope.* ${FROM_START}`)).code).toBe(0);
  },
  whitelist: async (run, kafka, tool) => {
    const name = await filled(kafka, 'a');
    expect((await run(`${tool}--whitelist ${name} ${FROM_START}`)).out).toBe('a\n');
  },
  partition: async (run, kafka, tool) => {
    const name = fresh('read');
    await kafka.createTopic({ name, partitions: 2 });
    await kafka.produce(name, [
      { value: 'zero', partition: 0 },
      { value: 'one', partition: 1 },
    ]);
    expect((await run(`${tool}--topic ${name} --partition 1 ${FROM_START}`)).out).toBe('one\n');
  },
  offset: async (run, kafka, tool) => {
    const name = await filled(kafka, 'a', 'b', 'c');
    const at = (offset: string) => run(`${tool}--topic ${name} --partition 0 --offset ${offset} --timeout-ms 400`);
    expect((await at('1')).out).toBe('b\nc\n');
    expect((await at('earliest')).out).toBe('a\nb\nc\n');
    expect((await at('latest')).out).toBe('');
    for (const wrong of ['nowhere', '-1', '@1h', 'beginning']) expect((await at(wrong)).code).toBe(1);
    expect(await run(`${tool}--topic ${name} --offset 1`)).toMatchObject({ code: 1 });
  },
  'from-beginning': async (run, kafka, tool) => {
    const name = await filled(kafka, 'a');
    expect((await run(`${tool}--topic ${name} --timeout-ms 300`)).out).toBe('');
    expect((await run(`${tool}--topic ${name} --timeout-ms 300 --from-beginning`)).out).toBe('a\n');
  },
  'max-messages': async (run, kafka, tool) => {
    const name = await filled(kafka, 'a', 'b');
    expect((await run(`${tool}--topic ${name} ${FROM_START} --max-messages 1`)).out).toBe('a\n');
  },
  'timeout-ms': async (run, kafka, tool) => {
    const name = await filled(kafka);
    expect((await run(`${tool}--topic ${name} --timeout-ms 50`)).err).toBe('Processed a total of 0 messages\n');
  },
  group: async (run, kafka, tool) => {
    const [name, group] = [await filled(kafka, 'a'), fresh('group')];
    await run(`${tool}--topic ${name} --from-beginning --max-messages 1 --group ${group}`);
    expect(kafka.group(group)).toMatchObject({ id: group });
    const two = await run(`${tool}--topic ${name} --group ${group} --command-property group.id=other`);
    expect(two).toMatchObject({ code: 1, err: expect.stringContaining("'other'") });
  },
  property: async (run, kafka, tool) => {
    const name = await filled(kafka, 'a');
    expect((await run(`${tool}--topic ${name} ${FROM_START} --property print.key=TRUE`)).out).toBe('k0\ta\n');
  },
  'formatter-property': async (run, kafka, tool) => {
    const name = fresh('read');
    await kafka.createTopic({ name, configs: { 'message.timestamp.type': 'LogAppendTime' } });
    const reader =
      '--reader-property parse.key=true --reader-property parse.headers=true --reader-property null.marker=N';
    await run(`kafka-console-producer --topic ${name} ${reader}`, 'h:1,i:2\tk\tN\n');
    const shown = ['timestamp', 'partition', 'offset', 'delivery', 'epoch', 'headers', 'key'];
    const texts = ['key.separator=|', 'headers.separator=;', 'null.literal=NIX', 'line.separator=.'];
    const properties = shown
      .map((part) => `print.${part}=True`)
      .concat(texts)
      .map((each) => `--formatter-property ${each}`);
    const { out } = await run(`${tool}--topic ${name} ${FROM_START} ${properties.join(' ')}`);
    expect(out).toMatch(
      /^LogAppendTime:\d{13}\|Partition:0\|Offset:0\|Delivery:NOT_PRESENT\|Epoch:NOT_PRESENT\|h:1;i:2\|k\|NIX\.$/,
    );
    const without = await run(`${tool}--topic ${name} ${FROM_START} --formatter-property print.value=false`);
    expect(without.out).toBe('');
    const wrong = await run(`${tool}--topic ${name} ${FROM_START} --formatter-property print.kee=true`);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('print.kee') });
  },
  'formatter-config': async (run, kafka, tool) => {
    const name = await filled(kafka, 'a');
    const file = fileWith('print.key=true\nkey.separator=\\t-\\t\n');
    expect((await run(`${tool}--topic ${name} ${FROM_START} --formatter-config ${file}`)).out).toBe('k0\t-\ta\n');
  },
  formatter: async (run, kafka, tool) => {
    const name = await filled(kafka, 'a');
    const by = (formatter: string) => run(`${tool}--topic ${name} ${FROM_START} --formatter ${formatter}`);
    const place = 'org.apache.kafka.tools.consumer.';
    expect((await by(`${place}DefaultMessageFormatter`)).out).toBe('a\n');
    expect((await by(`${place}NoOpMessageFormatter`)).out).toBe('');
    expect((await by(`${place}LoggingMessageFormatter`)).err).toMatch(/^CreateTime:\d+, key:k0, value:a\n/);
    expect(await by('org.example.Nope')).toMatchObject({ code: 1, err: expect.stringContaining('org.example.Nope') });
  },
  'key-deserializer': async (run, kafka, tool) => {
    const name = fresh('read');
    await kafka.createTopic(name);
    await kafka.produce(name, { key: Buffer.from('0000002a', 'hex'), value: 'a' });
    const line = `${tool}--topic ${name} ${FROM_START} --property print.key=true`;
    expect((await run(`${line} --key-deserializer ${PACKAGE}IntegerDeserializer`)).out).toBe('42\ta\n');
    expect(await run(`${line} --key-deserializer com.example.Mine`)).toMatchObject({ code: 1 });
  },
  'value-deserializer': async (run, kafka, tool) => {
    const by = async (value: string | Uint8Array, type: string) => {
      const name = await filled(kafka, value);
      const line = `${tool}--topic ${name} ${FROM_START} --value-deserializer ${PACKAGE}${type}Deserializer`;
      const { code, out } = await run(line);
      return code === 0 ? out.trimEnd() : code;
    };
    // What Kafka's console consumer prints of the same bytes.
    expect(await by('abcdefgh', 'Long')).toBe('7017280452245743464');
    expect(await by('abcdefgh', 'Double')).toBe('1.2926117907728089E161');
    expect(await by('abcd', 'Integer')).toBe('1633837924');
    expect(await by('abcd', 'Float')).toBe('2.6100788E20');
    expect(await by('ab', 'Short')).toBe('24930');
    expect(await by('\\x', 'Bytes')).toBe('\\x5Cx');
    expect(await by(Buffer.from([1]), 'Boolean')).toBe('true');
    expect(await by('8D5CE6AF-3C5B-4E8A-9C3A-5C0B6D4D9F11', 'UUID')).toBe('8d5ce6af-3c5b-4e8a-9c3a-5c0b6d4d9f11');
    expect(await by('text', 'String')).toBe('text');
    expect(await by('text', 'ByteArray')).toBe('text');
    expect(await by('three', 'Long')).toBe(1);
    expect(await by('x', 'Nope')).toBe(1);
  },
  'consumer-property': async (run, kafka, tool) => {
    const name = await filled(kafka, 'a');
    const line = `${tool}--topic ${name} --timeout-ms 300 --consumer-property`;
    expect((await run(`${line} auto.offset.reset=earliest`)).out).toBe('a\n');
    expect((await run(`${line} fetch.min.bytes=1`)).err).toContain('change nothing here: fetch.min.bytes\n');
    expect(await run(`${line} auto.offset.reset=none`)).toMatchObject({ code: 1 });
  },
  'command-property': async (run, kafka, tool) => {
    const name = await filled(kafka, 'a');
    await run(`${tool}--topic ${name} ${FROM_START} --command-property client.id=by-property`);
    expect(kafka.traffic.of('Fetch', { clientId: 'by-property' })).not.toEqual([]);
    const latest = await run(`${tool}--topic ${name} ${FROM_START} --command-property auto.offset.reset=latest`);
    expect(latest).toMatchObject({ code: 1, err: expect.stringContaining('please remove one option') });
  },
  'consumer.config': async (run, kafka, tool) => {
    const [name, group] = [await filled(kafka, 'a'), fresh('group')];
    const file = fileWith(`group.id=${group}\nauto.offset.reset=earliest\n`);
    await run(`${tool}--topic ${name} --max-messages 1 --consumer.config ${file}`);
    expect(kafka.group(group)).toMatchObject({ id: group });
  },
  'isolation-level': async (run, kafka, tool) => {
    const name = await filled(kafka, 'a');
    await run(`${tool}--topic ${name} ${FROM_START} --isolation-level read_committed`);
    const levels = kafka.traffic.of('Fetch').map(({ request }) => request.isolationLevel);
    expect(levels.at(-1)).toBe(1);
    expect(await run(`${tool}--topic ${name} ${FROM_START} --isolation-level some`)).toMatchObject({ code: 1 });
  },
  'skip-message-on-error': async (run, kafka, tool) => {
    const name = await filled(kafka, 'three', 'abcd');
    const line = `${tool}--topic ${name} ${FROM_START} --value-deserializer ${PACKAGE}IntegerDeserializer`;
    expect((await run(line)).code).toBe(1);
    expect(await run(`${line} --skip-message-on-error`)).toMatchObject({ code: 0, out: '1633837924\n' });
  },
  'enable-systest-events': async (run, kafka, tool) => {
    const name = await filled(kafka, 'a');
    const { out } = await run(`${tool}--topic ${name} ${FROM_START} --enable-systest-events`);
    expect(out).toBe('a\nshutdown_complete\n');
  },
};

export const consumerCases = { 'kafka-console-consumer': consumer };
