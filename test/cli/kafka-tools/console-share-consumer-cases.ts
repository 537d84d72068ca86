/** kafka-console-share-consumer: what shows that each flag has its effect. */
import { expect } from 'vitest';
import type { TestBroker } from '../../../src/testing/index.ts';
import { fresh, type Case, type Cases, type Run } from './flag-case.ts';
import { fileWith } from './tool.ts';

const TOOL = 'kafka-console-share-consumer';
const ENDS = '--timeout-ms 700';
const PACKAGE = 'org.apache.kafka.common.serialization.';

interface Filled {
  readonly topic: string;
  readonly group: string;
}

/** A topic with these values, and a share group at its start. */
async function filled(run: Run, kafka: TestBroker, ...values: (string | Uint8Array)[]): Promise<Filled> {
  const [topic, group] = [fresh('shared'), fresh('share-reader')];
  await kafka.createTopic(topic);
  for (const [index, value] of values.entries()) await kafka.produce(topic, { key: `k${index}`, value });
  await run(`kafka-share-groups --reset-offsets --group ${group} --topic ${topic} --to-earliest --execute`);
  return { topic, group };
}

function reads(flags: string, out: string): Exclude<Case, string> {
  return async (run, kafka) => {
    const { topic, group } = await filled(run, kafka, 'a');
    expect((await run(`${TOOL} --topic ${topic} --group ${group} ${ENDS} ${flags}`)).out).toBe(out);
  };
}

/** What the records of the topic have become for the group. */
async function backlog(kafka: TestBroker, group: string): Promise<number | null> {
  return (await kafka.waitForQueue(group, { inFlight: 0, members: 0 })).backlog;
}

const consumer: Cases = {
  topic: async (run, kafka, tool) => {
    const { topic, group } = await filled(run, kafka, 'a', 'b');
    expect(await run(`${tool}--topic ${topic} --group ${group} ${ENDS}`)).toEqual({
      code: 0,
      out: 'a\nb\n',
      err: 'Processed a total of 2 messages\n',
    });
    expect(await backlog(kafka, group)).toBe(0);
  },
  group: async (run, kafka, tool) => {
    const { topic } = await filled(run, kafka, 'a');
    await run(`${tool}--topic ${topic} ${ENDS}`);
    expect(kafka.queue('console-share-consumer').state).toBe('Empty');
    const two = await run(`${tool}--topic ${topic} --group one --command-property group.id=two`);
    expect(two).toMatchObject({
      code: 1,
      err: expect.stringContaining("do not match. Detected group ids: 'one', 'two'"),
    });
  },
  'max-messages': async (run, kafka, tool) => {
    const { topic, group } = await filled(run, kafka, 'a', 'b', 'c');
    expect((await run(`${tool}--topic ${topic} --group ${group} --max-messages 2`)).out).toBe('a\nb\n');
    expect(await backlog(kafka, group)).toBe(1);
    expect((await run(`${tool}--topic ${topic} --group ${group} --max-messages 1`)).out).toBe('c\n');
  },
  'timeout-ms': async (run, kafka, tool) => {
    const { topic, group } = await filled(run, kafka);
    const { code, err } = await run(`${tool}--topic ${topic} --group ${group} --timeout-ms 50`);
    expect([code, err]).toEqual([0, 'Processed a total of 0 messages\n']);
  },
  reject: async (run, kafka, tool) => {
    const { topic, group } = await filled(run, kafka, 'a');
    expect((await run(`${tool}--topic ${topic} --group ${group} ${ENDS} --reject`)).out).toBe('a\n');
    expect(await backlog(kafka, group)).toBe(0);
    expect(kafka.queue(group).acknowledged).toEqual([]);
  },
  release: async (run, kafka, tool) => {
    const { topic, group } = await filled(run, kafka, 'a');
    expect((await run(`${tool}--topic ${topic} --group ${group} --max-messages 2 --release`)).out).toBe('a\na\n');
    expect(await backlog(kafka, group)).toBe(1);
  },
  'reject-message-on-error': async (run, kafka, tool) => {
    const { topic, group } = await filled(run, kafka, Buffer.from('00', 'hex'));
    const line = `${tool}--topic ${topic} --group ${group} ${ENDS} --value-deserializer ${PACKAGE}IntegerDeserializer`;
    expect(await run(line)).toMatchObject({ code: 1, out: '' });
    expect(await backlog(kafka, group)).toBe(1);
    const { code, err } = await run(`${line} --reject-message-on-error`);
    expect([code, err]).toEqual([0, expect.stringContaining('rejecting this message: ')]);
    expect(await backlog(kafka, group)).toBe(0);
  },
  property: reads('--property print.key=true', 'k0\ta\n'),
  'formatter-property': reads(
    '--formatter-property print.delivery=true --formatter-property print.offset=true',
    'Offset:0\tDelivery:1\ta\n',
  ),
  'formatter-config': async (run, kafka) => {
    await reads(`--formatter-config ${fileWith('print.key=true\n')}`, 'k0\ta\n')(run, kafka, TOOL);
  },
  formatter: reads('--formatter org.apache.kafka.tools.consumer.NoOpMessageFormatter', ''),
  'key-deserializer': reads(`--property print.key=true --key-deserializer ${PACKAGE}StringDeserializer`, 'k0\ta\n'),
  'value-deserializer': async (run, kafka, tool) => {
    const { topic, group } = await filled(run, kafka, Buffer.from('0000002a', 'hex'));
    const line = `${tool}--topic ${topic} --group ${group} ${ENDS}`;
    expect((await run(`${line} --value-deserializer ${PACKAGE}IntegerDeserializer`)).out).toBe('42\n');
  },
  'consumer-property': async (run, kafka, tool) => {
    const { topic, group } = await filled(run, kafka, 'a');
    expect((await run(`${tool}--topic ${topic} --consumer-property group.id=${group} ${ENDS}`)).out).toBe('a\n');
    const both = await run(`${tool}--topic ${topic} --consumer-property a=b --command-property a=b`);
    expect(both).toMatchObject({ code: 1, err: expect.stringContaining('cannot be specified together') });
  },
  'command-property': async (run, kafka, tool) => {
    const { topic, group } = await filled(run, kafka, 'a');
    const line = `${tool}--topic ${topic} --group ${group} ${ENDS}`;
    expect((await run(`${line} --command-property client.id=me`)).out).toBe('a\n');
    expect(kafka.traffic.of('ShareFetch', { clientId: 'me' })).not.toEqual([]);
    expect(await run(`${line} --command-property max.poll.records=3`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('max.poll.records'),
    });
  },
  'consumer-config': async (run, kafka, tool) => {
    const { topic, group } = await filled(run, kafka, 'a');
    const file = fileWith(`group.id=${group}`);
    expect((await run(`${tool}--topic ${topic} --consumer-config ${file} ${ENDS}`)).out).toBe('a\n');
  },
  'enable-systest-events': reads('--enable-systest-events', 'a\nshutdown_complete\n'),
};

export const shareConsumerCases: Readonly<Record<string, Cases>> = { [TOOL]: consumer };
