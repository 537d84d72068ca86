import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { linesOf, ottla } from './session.ts';

let broker: RunningBroker;
let at: string[];

beforeAll(async () => {
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'group.initial.rebalance.delay.ms': '0' };
  broker = await startBroker({ memory: true, settings });
  at = ['-b', broker.bootstrap];
});

afterAll(() => broker.stop());

let count = 0;
const fresh = () => `topic-${count++}`;

function read(topic: string, format = '%p %o %k=%s %h\\n'): Promise<string[]> {
  return linesOf(['consume', topic, '-e', '-f', format, ...at]);
}

describe('ottla produce', () => {
  test('takes records from the command line', async () => {
    const topic = fresh();
    const { err } = await ottla(['produce', topic, 'one', 'two', '-k', 'key', '-H', 'a=1', '-H', 'b=x=y', ...at]);
    expect(err).toBe(`created topic '${topic}', which was not there\n`);
    expect(await read(topic)).toEqual(['0 0 key=one a=1,b=x=y', '0 1 key=two a=1,b=x=y']);
  });

  test('takes lines of stdin, the last one without an end too', async () => {
    const topic = fresh();
    await linesOf(['produce', topic, ...at], { stdin: 'one\n\ntwo' });
    expect(await read(topic)).toEqual(['0 0 =one ', '0 1 = ', '0 2 =two ']);
  });

  test('sends each line when it comes, while stdin stays open', async () => {
    const topic = fresh();
    const stdin = new PassThrough();
    await linesOf(['topics', 'create', topic, ...at]);
    const producing = ottla(['produce', topic, ...at], { stdin });
    stdin.write('first\n');
    expect(await linesOf(['consume', topic, '-c', '1', ...at])).toEqual(['first']);
    stdin.end();
    expect((await producing).code).toBe(0);
  });

  test('takes keys from lines, puts equal keys into one partition, and knows tombstones', async () => {
    const topic = fresh();
    await linesOf(['topics', 'create', topic, '-p', '3', ...at]);
    await linesOf(['produce', topic, '-K', ':', '-Z', ...at], { stdin: 'a:1\nb:2\na:3\nb:\n' });
    const lines = await linesOf(['consume', topic, '-e', '-f', '%p %k %s %S\\n', ...at]);
    // Java's DefaultPartitioner puts a into 1 and b into 2 of three.
    expect(lines.toSorted()).toEqual(['1 a 1 1', '1 a 3 1', '2 b  -1', '2 b 2 1']);
    const { code, err } = await ottla(['produce', topic, '-K', ':', ...at], { stdin: 'a:1\nnone\n' });
    expect([code, err]).toEqual([2, "ottla: line 2 has no ':' between key and value: none\n"]);
  });

  test('--tombstone deletes a key', async () => {
    const topic = fresh();
    await linesOf(['produce', topic, '-k', 'gone', '--tombstone', ...at]);
    expect(await read(topic, '%k %S\\n')).toEqual(['gone -1']);
  });

  test('reads files by line, whole, and by another delimiter', async () => {
    const topic = fresh();
    const folder = mkdtempSync(join(tmpdir(), 'ottla-produce-'));
    const file = join(folder, 'lines');
    writeFileSync(file, 'a\nb\n');
    await linesOf(['produce', topic, '-f', file, ...at]);
    await linesOf(['produce', topic, '-f', file, '--whole-file', ...at]);
    await linesOf(['produce', topic, '-D', ';', ...at], { stdin: 'c;d' });
    rmSync(folder, { recursive: true });
    const { out } = await ottla(['consume', topic, '-e', '-f', '[%s]', ...at]);
    expect(out).toBe('[a][b][a\nb\n][c][d]');
    const missing = await ottla(['produce', topic, '-f', '/nowhere', ...at]);
    expect([missing.code, missing.err]).toEqual([2, 'ottla: -f /nowhere: there is no such file\n']);
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'])('compresses with %s', async (codec) => {
    const topic = fresh();
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`);
    await linesOf(['produce', topic, '-z', codec, ...at], { stdin: lines.join('\n') });
    expect(await read(topic, '%s\\n')).toEqual(lines);
    const { partitions } = broker.parts;
    const log = partitions.get(topic, 0)!.log;
    expect(log.size).toBeLessThan(4000);
  });

  test('splits what is larger than a batch may be, in order', async () => {
    const topic = fresh();
    const lines = Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(70_000)}`);
    const acknowledged = await linesOf(['produce', topic, '--json', '--idempotent', ...at], {
      stdin: lines.join('\n'),
    });
    const batches = acknowledged.map((line) => JSON.parse(line) as { offset: number; count: number });
    expect(batches.length).toBeGreaterThan(2);
    expect(batches.reduce((sum, batch) => sum + batch.count, 0)).toBe(40);
    expect((await read(topic, '%s\\n')).join('\n') === lines.join('\n')).toBe(true);
  });

  test('a record that is too large is refused with what to do', async () => {
    const { code, err } = await ottla(['produce', fresh(), ...at], { stdin: 'x'.repeat(2_000_000) });
    expect(code).toBe(1);
    expect(err).toMatch(/raise max\.message\.bytes .*MESSAGE_TOO_LARGE/);
  });

  test('a topic that was mistyped is created with a word about the one that is near', async () => {
    const topic = `espresso-${fresh()}`;
    await linesOf(['topics', 'create', topic, ...at]);
    const { err } = await ottla(['produce', `${topic}x`, 'a', ...at]);
    expect(err).toBe(`created topic '${topic}x', which was not there; did you mean '${topic}'?\n`);
  });

  test('a partition that is not there is refused', async () => {
    const { code, err } = await ottla(['produce', fresh(), '-p', '7', 'a', ...at]);
    expect([code, err.split('\n')[1]]).toEqual([1, expect.stringMatching(/has no partition 7: it has 0 to 0$/)]);
  });

  test('acks 0 and 1 work as well', async () => {
    const topic = fresh();
    await linesOf(['produce', topic, 'one', '--acks', '1', ...at]);
    await linesOf(['produce', topic, 'two', '--acks', '0', ...at]);
    expect(await linesOf(['consume', topic, '-c', '2', ...at])).toEqual(['one', 'two']);
  });
});

describe('ottla consume', () => {
  test('what it writes as JSON, produce reads: bytes, nulls, headers and times', async () => {
    const [from, to] = [fresh(), fresh()];
    const given = [
      { key: 'a', value: 'b', headers: { h: '1', none: null }, timestamp: 1700000000000 },
      { keyBase64: '/w==', valueBase64: '/v8=', timestamp: 1700000000001 },
      {
        key: null,
        value: null,
        headers: [
          { key: 'h', value: 'first' },
          { key: 'h', valueBase64: '/w==' },
        ],
      },
      { value: { an: ['object'] } },
    ];
    await linesOf(['produce', from, '-J', ...at], { stdin: given.map((each) => JSON.stringify(each)).join('\n') });
    const lines = await linesOf(['consume', from, '--json', '-e', ...at]);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      {
        topic: from,
        partition: 0,
        offset: 0,
        ...given[0],
        headers: [
          { key: 'h', value: '1' },
          { key: 'none', value: null },
        ],
      },
      { offset: 1, ...given[1], headers: [] },
      { offset: 2, ...given[2] },
      { offset: 3, key: null, value: '{"an":["object"]}' },
    ]);
    await linesOf(['produce', to, '--json-lines', ...at], { stdin: lines.join('\n') });
    const copied = await linesOf(['consume', to, '--json', '-e', ...at]);
    expect(copied.map((line) => line.replace(to, from))).toEqual(lines);
  });

  test('begins where it is told to', async () => {
    const topic = fresh();
    const stdin = [10, 20, 30, 40, 50].map((time) =>
      JSON.stringify({ value: `v${time}`, timestamp: 1_700_000_000_000 + time }),
    );
    await linesOf(['produce', topic, '-J', ...at], { stdin: stdin.join('\n') });
    const from = (offset: string) => linesOf(['consume', topic, '-e', '-o', offset, ...at]);
    expect(await from('beginning')).toEqual(['v10', 'v20', 'v30', 'v40', 'v50']);
    expect(await from('-2')).toEqual(['v40', 'v50']);
    expect(await from('3')).toEqual(['v40', 'v50']);
    expect(await from('@1700000000021')).toEqual(['v30', 'v40', 'v50']);
    expect(await from('@2023-11-14T22:13:20.050Z')).toEqual(['v50']);
    expect(await from('@1h')).toEqual([]);
    expect(await from('end')).toEqual([]);
    expect(await from('99')).toEqual([]);
    expect(await linesOf(['consume', topic, '-c', '2', '-o', '1', ...at])).toEqual(['v20', 'v30']);
  });

  test('waits for what comes, until it is told to stop', async () => {
    const topic = fresh();
    await linesOf(['topics', 'create', topic, '-p', '2', ...at]);
    const stop = new AbortController();
    let seen = '';
    let arrived = (): void => {};
    const both = new Promise<void>((resolve) => (arrived = resolve));
    const consuming = ottla(['consume', topic, ...at], {
      stopping: stop.signal,
      seen: (text) => {
        seen += text;
        if (seen.includes('zero') && seen.includes('one')) arrived();
      },
    });
    await linesOf(['produce', topic, '-p', '0', 'zero', ...at]);
    await linesOf(['produce', topic, '-p', '1', 'one', ...at]);
    await both;
    stop.abort();
    expect((await consuming).code).toBe(0);
  });

  test('reads only the partitions asked for, of several topics', async () => {
    const [a, b] = [fresh(), fresh()];
    for (const topic of [a, b]) {
      await linesOf(['topics', 'create', topic, '-p', '3', ...at]);
      for (const partition of ['0', '1', '2'])
        await linesOf(['produce', topic, '-p', partition, `${topic}/${partition}`, ...at]);
    }
    const lines = await linesOf(['consume', a, b, '-e', '-p', '1-2', ...at]);
    expect(lines.toSorted()).toEqual([`${a}/1`, `${a}/2`, `${b}/1`, `${b}/2`]);
    const { code, err } = await ottla(['consume', a, '-p', '3', ...at]);
    expect([code, err]).toEqual([1, `ottla: topic '${a}' has no partition 3: it has 0 to 2\n`]);
  });

  test('a group goes on where it was, and shows its lag', async () => {
    const topic = fresh();
    await linesOf(['produce', topic, '1', '2', '3', ...at]);
    expect(await linesOf(['consume', topic, '-g', 'readers', '-c', '2', ...at])).toEqual(['1', '2']);
    const [group] = JSON.parse((await ottla(['groups', 'describe', 'readers', '--json', ...at])).out) as object[];
    expect(group).toMatchObject({
      group: 'readers',
      state: 'Empty',
      lag: 1,
      partitions: [{ committed: 2, end: 3, lag: 1 }],
    });
    expect(await linesOf(['consume', topic, '-g', 'readers', '-e', ...at])).toEqual(['3']);
    expect(await linesOf(['consume', topic, '-g', 'readers', '-e', ...at])).toEqual([]);
    await linesOf(['produce', topic, '4', ...at]);
    expect(await linesOf(['consume', topic, '-g', 'readers', '-e', '--no-commit', ...at])).toEqual(['4']);
    expect(await linesOf(['consume', topic, '-g', 'readers', '-e', ...at])).toEqual(['4']);
  });

  test('two members of a group share its partitions', async () => {
    const topic = fresh();
    await linesOf(['topics', 'create', topic, '-p', '2', ...at]);
    const stop = new AbortController();
    const seen = ['', ''];
    let check = (): void => {};
    const members = [0, 1].map((member) =>
      ottla(['consume', topic, '-g', 'shared', ...at], {
        stopping: stop.signal,
        seen: (text) => {
          seen[member] += text;
          check();
        },
      }),
    );
    const settled = async (): Promise<boolean> => {
      const [group] = JSON.parse((await ottla(['groups', 'describe', 'shared', '--json', ...at])).out) as {
        members: { partitions: object[] }[];
      }[];
      return group.members.length === 2 && group.members.every(({ partitions }) => partitions.length === 1);
    };
    await expect.poll(() => settled().catch(() => false), { timeout: 10_000 }).toBe(true);
    const both = new Promise<void>((resolve) => (check = () => void (seen.every((text) => text !== '') && resolve())));
    await linesOf(['produce', topic, '-p', '0', 'zero', ...at]);
    await linesOf(['produce', topic, '-p', '1', 'one', ...at]);
    await both;
    stop.abort();
    expect((await Promise.all(members)).map(({ code }) => code)).toEqual([0, 0]);
    expect(seen.toSorted()).toEqual(['one\n', 'zero\n']);
    const [group] = JSON.parse((await ottla(['groups', 'describe', 'shared', '--json', ...at])).out) as object[];
    expect(group).toMatchObject({ state: 'Empty', members: [], lag: 0 });
  });
});
