/** kafka-console-producer: what shows that each flag has its effect. */
import { expect } from 'vitest';
import type { TestBroker } from '../../../src/testing/index.ts';
import { fresh, type Case, type Cases } from './flag-case.ts';
import { fileWith } from './tool.ts';

type Given = Parameters<Exclude<Case, string>>;

async function created(kafka: TestBroker): Promise<string> {
  const name = fresh('written');
  await kafka.createTopic(name);
  return name;
}

/** How many requests wrote to a topic. */
const produces = (kafka: TestBroker, topic: string) => kafka.traffic.of('Produce', { topic });

/** One batch, or several, as the flag says. */
function cuts(flags: string): (...given: Given) => Promise<void> {
  return async (run, kafka, tool) => {
    const [together, apart] = [await created(kafka), await created(kafka)];
    const lines = `${'x'.repeat(200)}\n`.repeat(6);
    await run(`${tool}--topic ${together} --timeout 500`, lines);
    await run(`${tool}--topic ${apart} --timeout 500 ${flags}`, lines);
    expect(produces(kafka, together)).toHaveLength(1);
    expect(produces(kafka, apart).length).toBeGreaterThan(2);
    expect(kafka.messages(apart)).toHaveLength(6);
  };
}

const producer: Cases = {
  topic: async (run, kafka, tool) => {
    const name = await created(kafka);
    expect(await run(`${tool}--topic ${name}`, 'a\r\nb\rc\n\nlast')).toEqual({ code: 0, out: '', err: '' });
    expect(kafka.messages(name).map(({ value }) => value)).toEqual(['a', 'b', 'c', '', 'last']);
  },
  property: async (run, kafka, tool) => {
    const name = await created(kafka);
    await run(`${tool}--topic ${name} --property parse.key=True --property key.separator=:`, 'k:v\n');
    expect(kafka.messages(name)[0].key).toBe('k');
  },
  'reader-property': async (run, kafka, tool) => {
    const name = await created(kafka);
    const line = `${tool}--topic ${name}`;
    const set = (...pairs: string[]) => pairs.map((pair) => `--reader-property ${pair}`).join(' ');
    const headers = set('parse.headers=true', 'parse.key=TRUE', 'null.marker=NULL');
    expect((await run(`${line} ${headers}`, 'h1:v1,h2:NULL\tk\tNULL\n')).code).toBe(0);
    const [message] = kafka.messages(name);
    expect([message.key, message.value]).toEqual(['k', null]);
    expect(Object.keys(message.headers)).toEqual(['h1', 'h2']);
    const missing = await run(`${line} ${set('parse.key=true')}`, 'nokey\n');
    expect(missing).toMatchObject({
      code: 1,
      err: expect.stringContaining("No key separator found on line number 1: 'nokey'"),
    });
    expect((await run(`${line} ${set('parse.key=true', 'ignore.error=True')}`, 'nokey\n')).code).toBe(0);
    expect(kafka.messages(name).at(-1)).toMatchObject({ key: null });
    expect((await run(`${line} ${set('frob=1')}`, 'x\n')).err).toContain('no property frob');
    expect((await run(`${line} ${set('null.marker=:')}`, 'x\n')).err).toContain('may not be equal');
  },
  'reader-config': async (run, kafka, tool) => {
    const name = await created(kafka);
    await run(`${tool}--topic ${name} --reader-config ${fileWith('parse.key=true\nkey.separator=\\:\n')}`, 'k:v\n');
    expect(kafka.messages(name)[0].key).toBe('k');
  },
  'line-reader': async (run, kafka, tool) => {
    const name = await created(kafka);
    await run(`${tool}--topic ${name} --line-reader org.apache.kafka.tools.LineMessageReader`, 'x\n');
    expect(kafka.messages(name)).toHaveLength(1);
    expect(await run(`${tool}--topic ${name} --line-reader org.example.Nope`, 'x\n')).toMatchObject({ code: 1 });
  },
  'producer-property': async (run, kafka, tool) => {
    const name = await created(kafka);
    const { err } = await run(`${tool}--topic ${name} --producer-property acks=1 --producer-property frob=1`, 'x\n');
    expect([err, produces(kafka, name)[0].request.acks]).toEqual(['These properties change nothing here: frob\n', 1]);
  },
  'command-property': async (run, kafka, tool) => {
    const name = await created(kafka);
    await run(`${tool}--topic ${name} --command-property enable.idempotence=true`, 'x\n');
    expect(kafka.traffic.of('InitProducerId')).not.toEqual([]);
  },
  'producer.config': async (run, kafka, tool) => {
    const name = await created(kafka);
    await run(`${tool}--topic ${name} --producer.config ${fileWith('acks=1\n')}`, 'x\n');
    expect(produces(kafka, name)[0].request.acks).toBe(1);
  },
  sync: async (run, kafka, tool) => {
    const name = await created(kafka);
    await run(`${tool}--topic ${name} --sync`, 'a\nb\nc\n');
    expect(produces(kafka, name)).toHaveLength(3);
  },
  'compression-codec': async (run, kafka, tool) => {
    const name = await created(kafka);
    const codecs = async (flag: string) => {
      await run(`${tool}--topic ${name} ${flag}`, `${'y'.repeat(300)}\n`);
      const request = produces(kafka, name).at(-1)!.request as unknown as {
        topicData: { partitionData: { records: Buffer }[] }[];
      };
      return request.topicData[0].partitionData[0].records.readInt16BE(21) & 7;
    };
    expect([await codecs(''), await codecs('--compression-codec'), await codecs('--compression-codec=lz4')]).toEqual([
      0, 1, 3,
    ]);
    expect(await run(`${tool}--topic ${name} --compression-codec lzma`, 'x\n')).toMatchObject({ code: 1 });
  },
  'request-required-acks': async (run, kafka, tool) => {
    const name = await created(kafka);
    await run(`${tool}--topic ${name} --request-required-acks 1`, 'x\n');
    expect(produces(kafka, name)[0].request.acks).toBe(1);
    expect(await run(`${tool}--topic ${name} --request-required-acks 2`, 'x\n')).toMatchObject({ code: 1 });
  },
  'batch-size': cuts('--batch-size 300'),
  'max-partition-memory-bytes': cuts('--max-partition-memory-bytes 300'),
  'max-memory-bytes': async (run, kafka, tool) => {
    await cuts('--max-memory-bytes 500')(run, kafka, tool);
    const name = await created(kafka);
    expect(await run(`${tool}--topic ${name} --max-memory-bytes 10`, `${'x'.repeat(100)}\n`)).toMatchObject({
      code: 1,
    });
  },
  timeout: async (run, kafka, tool) => {
    const name = await created(kafka);
    expect((await run(`${tool}--topic ${name} --timeout 20`, 'x\n')).code).toBe(0);
    expect(await run(`${tool}--topic ${name} --timeout soon`, 'x\n')).toMatchObject({ code: 1 });
  },
  'max-block-ms': async (run, kafka, tool) => {
    const name = fresh('unmade');
    const fault = kafka.faults.on('Metadata', { topic: name }).reply('LEADER_NOT_AVAILABLE');
    const { code, err } = await run(`${tool}--topic ${name} --max-block-ms 150`, 'x\n');
    fault.remove();
    expect([code, err]).toEqual([1, expect.stringContaining('LEADER_NOT_AVAILABLE')]);
  },
  'message-send-max-retries': async (run, kafka, tool) => {
    const name = await created(kafka);
    const fault = kafka.faults.on('Produce', { topic: name }).reply('NOT_LEADER_OR_FOLLOWER');
    const { code } = await run(`${tool}--topic ${name} --message-send-max-retries 2 --retry-backoff-ms 1`, 'x\n');
    fault.remove();
    expect([code, produces(kafka, name).length]).toEqual([1, 3]);
  },
  'retry-backoff-ms': async (run, kafka, tool) => {
    const name = await created(kafka);
    kafka.faults.on('Produce', { topic: name }).reply('NOT_LEADER_OR_FOLLOWER').times(1);
    const before = performance.now();
    await run(`${tool}--topic ${name} --retry-backoff-ms 700`, 'x\n');
    expect(performance.now() - before).toBeGreaterThan(650);
    expect(kafka.messages(name)).toHaveLength(1);
  },
  'request-timeout-ms': async (run, kafka, tool) => {
    const name = await created(kafka);
    const fault = kafka.faults.on('Produce', { topic: name }).delay('5s');
    const { code, err } = await run(
      `${tool}--topic ${name} --request-timeout-ms 200 --message-send-max-retries 0`,
      'x\n',
    );
    fault.remove();
    expect([code, err]).toEqual([1, expect.stringMatching(/within 0\.[24] s/)]);
  },
  'metadata-expiry-ms': async (run, kafka, tool) => {
    const name = await created(kafka);
    const asked = async (flags: string) => {
      const before = kafka.traffic.of('Metadata').length;
      await run(`${tool}--topic ${name} --sync ${flags}`, 'a\nb\nc\nd\n');
      return kafka.traffic.of('Metadata').length - before;
    };
    const usual = await asked('');
    expect(await asked('--metadata-expiry-ms 0')).toBeGreaterThan(usual + 2);
  },
  'socket-buffer-size': '--topic orders --socket-buffer-size 1000',
};

export const producerCases = { 'kafka-console-producer': producer };
