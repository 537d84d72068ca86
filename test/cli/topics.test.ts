import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { linesOf, ottla } from './session.ts';

let broker: RunningBroker;
let at: string[];

beforeAll(async () => {
  broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  at = ['-b', broker.bootstrap];
});

afterAll(() => broker.stop());

describe('ottla topics', () => {
  test('creates, lists, describes, alters and deletes', async () => {
    expect(await linesOf(['topics', 'create', 'orders', '-p', '3', '-c', 'retention.ms=1000', ...at])).toEqual([
      'created orders with 3 partitions',
    ]);
    expect(await linesOf(['topics', 'ord*', ...at]).catch((error: Error) => error.message)).toMatch(/unknown command/);
    expect(await linesOf(['topics', 'list', 'ord*', ...at])).toEqual([
      'TOPIC   PARTITIONS  REPLICAS',
      'orders           3         1',
    ]);
    await linesOf(['produce', 'orders', '-p', '1', 'a', 'b', ...at]);
    expect(await linesOf(['topics', 'alter', 'orders', '-p', '4', '-c', 'cleanup.policy=compact', ...at])).toEqual([
      'altered orders',
    ]);
    expect(await linesOf(['topics', 'describe', 'orders', ...at])).toEqual([
      'orders  4 partitions, 1 replica',
      '  cleanup.policy=compact',
      '  retention.ms=1000',
      'PARTITION  LEADER  REPLICAS  IN SYNC  START  END  RECORDS',
      '        0       1  1         1            0    0        0',
      '        1       1  1         1            0    2        2',
      '        2       1  1         1            0    0        0',
      '        3       1  1         1            0    0        0',
    ]);
    expect(await linesOf(['topics', 'delete', 'orders', ...at])).toEqual(['deleted orders']);
    expect(await linesOf(['topics', 'delete', 'orders', '--if-exists', ...at])).toEqual(['orders is not there']);
  });

  test('answers scripts in JSON', async () => {
    await linesOf(['topics', 'create', 'json', '-p', '2', ...at]);
    const listed = JSON.parse((await ottla(['topics', '--json', ...at])).out) as { name: string }[];
    expect(listed.find(({ name }) => name === 'json')).toEqual({
      name: 'json',
      partitions: 2,
      replicationFactor: 1,
      internal: false,
    });
    const [described] = JSON.parse((await ottla(['topics', 'show', 'json', '--json', ...at])).out) as object[];
    expect(described).toMatchObject({ name: 'json', partitions: [{ partition: 0, leader: 1, endOffset: 0 }, {}] });
  });

  test('says what a mistyped topic may have been', async () => {
    await linesOf(['topics', 'create', 'payments', ...at]);
    for (const command of [['topics', 'describe'], ['topics', 'delete'], ['topics', 'alter', '-p', '5'], ['consume']]) {
      const { code, err } = await ottla([...command, 'paymetns', ...at]);
      expect([code, err]).toEqual([1, "ottla: there is no topic 'paymetns'; did you mean 'payments'?\n"]);
    }
  });

  test('creating one that is there fails, unless --if-not-exists says that this is fine', async () => {
    await linesOf(['topics', 'create', 'twice', ...at]);
    const again = await ottla(['topics', 'create', 'twice', ...at]);
    expect([again.code, again.err]).toEqual([
      1,
      expect.stringMatching(/^ottla: topic 'twice': .*TOPIC_ALREADY_EXISTS/),
    ]);
    expect(await linesOf(['topics', 'create', 'twice', '--if-not-exists', ...at])).toEqual(['twice is there already']);
  });

  test('--dry-run creates nothing', async () => {
    expect(await linesOf(['topics', 'create', 'dry', '--dry-run', ...at])).toEqual([
      'would create dry with 1 partition',
    ]);
    expect((await ottla(['topics', 'describe', 'dry', ...at])).code).toBe(1);
  });

  test('empties a topic up to an offset, and keeps it', async () => {
    await linesOf(['produce', 'full', 'a', 'b', 'c', ...at]);
    expect(await linesOf(['topics', 'empty', 'full', '--before', '2', ...at])).toEqual(['full/0 begins at 2 now']);
    expect(await linesOf(['consume', 'full', '-e', ...at])).toEqual(['c']);
    expect(await linesOf(['topics', 'empty', 'full', ...at])).toEqual(['full/0 begins at 3 now']);
  });

  test('colours are for terminals, and not for those with NO_COLOR', async () => {
    await linesOf(['topics', 'create', 'red', ...at]);
    const coloured = async (isTTY: boolean, environment: Record<string, string> = {}) =>
      (await ottla(['topics', ...at], { isTTY, environment })).out.includes('\u001b[');
    expect(await coloured(true)).toBe(true);
    expect(await coloured(false)).toBe(false);
    expect(await coloured(true, { NO_COLOR: '1' })).toBe(false);
    expect(await coloured(true, { TERM: 'dumb' })).toBe(false);
    expect(await coloured(false, { FORCE_COLOR: '1' })).toBe(true);
  });
});

describe('ottla', () => {
  test.each([
    [['topcis'], "unknown command 'topcis'; did you mean topics?"],
    [['topics', 'lst'], "unknown command 'lst'; did you mean list, ls?"],
    [['topics', 'some-topic-of-mine'], '`ottla topics describe some-topic-of-mine` shows one'],
    [['topics', '--jsno'], "unknown option '--jsno'; did you mean --json?"],
    [['topics', 'create'], "missing required argument 'topic'; `ottla topics create --help` shows what there is"],
    [['topics', 'create', 'a', '-p', 'x'], '-p x'],
    [['topics', 'alter', 'a'], 'nothing to alter'],
    [['topics', 'create', 'a', '-c', 'b'], "'b' is no setting"],
    [['topics', '-b', 'a:b:c'], "'a:b:c' is no address"],
    [['topics', '--timeout', 'long'], '--timeout long'],
    [['topics', '--ca', '/nowhere.pem'], '--ca /nowhere.pem: there is no such file'],
    [['topics', '--user', 'alice'], 'OTTLA_PASSWORD'],
    [['produce', 'a', '-z', 'brotli', 'b'], 'none, gzip, snappy, lz4, zstd'],
    [['consume', 'a', '-o', 'now'], "'now' is no place to read from"],
    [['consume', 'a', '-p', 'x'], '-p x'],
    [['consume', 'a', '-f', '%q'], "'%q'"],
    [['consume', 'a', '-g', 'b', '-p', '0'], '-g and -p exclude each other'],
    [['groups', 'reset-offsets', 'a', '--to', 'x'], "'x' is no place"],
    [['configs', 'get', 'tpoic', 'a'], 'topic, broker, logger, group'],
    [['configs', 'get', 'broker', 'one'], "'one' is no broker"],
  ])('%j is not understood: one sentence, exit code 2', async (args, sentence) => {
    const { code, out, err } = await ottla(args, { environment: { OTTLA_BROKERS: broker.bootstrap } });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(sentence.replace('-p x', 'x: write'));
    expect(err.split('\n').length).toBe(2);
  });

  test('says so where no broker answers, and whom to ask why', async () => {
    const { code, err } = await ottla(['topics', '-b', '127.0.0.1:1,[::1]:1']);
    expect(code).toBe(1);
    expect(err).toMatch(/cannot reach a Kafka broker at 127\.0\.0\.1:1, \[::1\]:1: .*\n.*ottla doctor 127\.0\.0\.1:1/);
  });

  test('-b may stand before the command too', async () => {
    expect((await ottla([...at, 'topics', '-q'])).code).toBe(0);
    expect((await ottla([...at, 'topics', 'create', 'turned'])).out).toMatch(/^created turned/);
  });

  test('finds the first of several brokers that answers', async () => {
    expect((await ottla(['topics', '-b', `127.0.0.1:1,${broker.bootstrap}`])).code).toBe(0);
  });

  test('every command has help with examples', async () => {
    for (const path of [
      [],
      ['start'],
      ['topics'],
      ...['list', 'describe', 'create', 'alter', 'empty', 'delete'].map((name) => ['topics', name]),
      ['produce'],
      ['consume'],
      ['groups'],
      ...['list', 'describe', 'reset-offsets', 'delete-offsets', 'delete'].map((name) => ['groups', name]),
      ['configs'],
      ...['get', 'set', 'delete'].map((name) => ['configs', name]),
      ['doctor'],
      ['completion'],
    ]) {
      const { code, out, err } = await ottla([...path, '--help']);
      expect([path, code, err]).toEqual([path, 0, '']);
      expect(out).toMatch(/Usage: ottla[^]*Examples:\n {2}\S/);
    }
  });
});
