import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect as openSocket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { apis } from '../../protocol/apis/index.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { startBroker as startTestBroker } from '../../src/testing/index.ts';
import { linesOf, ottla, portOf, proxy } from './session.ts';

const pem = (name: string) => new URL(`tls/${name}.pem`, import.meta.url);

const ends: (() => unknown)[] = [];

afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

async function start(settings: Readonly<Record<string, string>> = {}): Promise<number> {
  const listeners = 'PLAINTEXT://127.0.0.1:0';
  const broker = await startBroker({ memory: true, settings: { listeners, ...settings } });
  ends.push(() => broker.stop());
  return Number(/:(\d+)$/.exec(broker.bootstrap)![1]);
}

/** The oldest broker with today's batches is 0.11, which answered Metadata up to 4 and OffsetFetch up to 3. */
const LATER: Readonly<Record<number, number>> = { 3: 4, 9: 2 };

/** An answer to ApiVersions v0 with every range cut to its first version; all else as it is. */
function narrowed(answer: Buffer): Buffer {
  const count = answer.length > 14 ? answer.readInt32BE(10) : 0;
  const isApiVersions = count > 30 && answer.length === 14 + 6 * count && answer.readInt16BE(8) === 0;
  if (!isApiVersions) return answer;
  const cut = Buffer.from(answer);
  for (let at = 14; at < cut.length; at += 6) {
    const table = apis.find(({ key }) => key === cut.readInt16BE(at));
    const first = Math.max(cut.readInt16BE(at + 2), table?.versions.first ?? 0);
    cut.writeInt16BE(LATER[cut.readInt16BE(at)] ?? first, at + 4);
  }
  return cut;
}

/** A broker that answers everything in its first version only, as one of long ago would. */
async function startOldest(): Promise<string> {
  let port = 0;
  const server = await proxy(() => port, narrowed);
  ends.push(() => server.close());
  const address = `127.0.0.1:${portOf(server)}`;
  // It advertises the proxy, so that every connection goes through there.
  port = await start({ 'advertised.listeners': `PLAINTEXT://${address}`, 'group.initial.rebalance.delay.ms': '0' });
  return address;
}

test('a broker that speaks but the oldest version of everything is served as well', async () => {
  const at = ['-b', await startOldest()];
  await linesOf(['topics', 'create', 'old', '-p', '2', '-r', '1', ...at]);
  await linesOf(['produce', 'old', '-K', ':', '-z', 'gzip', '--idempotent', ...at], { stdin: 'a:1\nb:2\na:3\n' });
  expect((await linesOf(['consume', 'old', '-e', '-f', '%p %k %s\\n', ...at])).toSorted()).toEqual([
    '0 a 1',
    '0 a 3',
    '0 b 2',
  ]);
  expect((await linesOf(['consume', 'old', '-g', 'g', '-e', ...at])).toSorted()).toEqual(['1', '2', '3']);
  expect(await linesOf(['groups', ...at])).toEqual(['GROUP  STATE  TYPE', 'g             classic']);
  expect((await linesOf(['groups', 'describe', 'g', ...at]))[0]).toBe('g  Empty, 0 members, lag 0');
  await linesOf(['groups', 'reset', 'g', '--all-topics', '--to', 'beginning', ...at]);
  await linesOf(['groups', 'delete', 'g', ...at]);
  await linesOf(['configs', 'set', 'topic', 'old', 'retention.ms=1000', ...at]);
  expect((await linesOf(['configs', 'get', 'topic', 'old', '--changed', ...at]))[1]).toBe('retention.ms  1000   topic');
  await linesOf(['topics', 'alter', 'old', '-p', '3', ...at]);
  await linesOf(['topics', 'empty', 'old', ...at]);
  expect((await linesOf(['topics', 'describe', 'old', ...at])).length).toBe(6);
  expect(await linesOf(['topics', 'delete', 'old', ...at])).toEqual(['deleted old']);
  const { out } = await ottla(['doctor', at[1]]);
  expect(out).toContain('not for @platformatic/kafka (Produce: the client speaks 7 to 11, the broker answers 0 to 3)');
}, 20_000);

describe('over TLS', () => {
  test('works with the authority given, and not without', async () => {
    const port = await start();
    const server = createTlsServer(
      { cert: readFileSync(pem('localhost')), key: readFileSync(pem('localhost-key')) },
      (client) => {
        const inside = openSocket({ host: '127.0.0.1', port });
        client.on('error', () => {}).on('close', () => inside.destroy());
        inside.on('error', () => {}).on('close', () => client.destroy());
        client.pipe(inside).pipe(client);
      },
    );
    ends.push(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = ['-b', `localhost:${portOf(server)}`];
    expect((await ottla(['topics', ...at, '--tls'])).err).toMatch(
      /its certificate is self-signed: give its authority with --ca/,
    );
    expect(await ottla(['topics', ...at, '--ca', pem('localhost').pathname])).toMatchObject({ code: 0 });
    expect(await ottla(['topics', ...at, '--tls-insecure'])).toMatchObject({ code: 0 });
    expect((await ottla(['topics', ...at])).err).toMatch(/It may want TLS/);
    expect(await linesOf(['topics', 'list', '-q', ...at, '--tls-insecure'])).toEqual([]);
  });
});

test('three brokers: each request goes to the leader, the coordinator or the controller, and follows a leader that moves', async () => {
  const cluster = await startTestBroker({ brokers: 3 });
  ends.push(() => cluster.stop());
  const at = ['-b', cluster.bootstrapServers];
  await linesOf(['topics', 'create', 'spread', '-p', '6', ...at]);
  const leaders = (await linesOf(['topics', 'describe', 'spread', ...at]))
    .slice(2)
    .map((line) => line.trim().split(/\s+/)[1]);
  expect(new Set(leaders).size).toBe(3);
  const lines = Array.from({ length: 60 }, (_, index) => `key-${index}:value-${index}`);
  await linesOf(['produce', 'spread', '-K', ':', '--idempotent', ...at], { stdin: lines.join('\n') });
  const sorted = lines.toSorted();
  expect((await linesOf(['consume', 'spread', '-e', '-K', ':', ...at])).toSorted()).toEqual(sorted);
  for (const group of ['a', 'b', 'c']) {
    expect((await linesOf(['consume', 'spread', '-g', group, '-e', '-K', ':', ...at])).toSorted()).toEqual(sorted);
  }
  expect(await linesOf(['groups', 'list', '-q', ...at])).toEqual(['a', 'b', 'c']);
  expect((await linesOf(['groups', 'describe', 'b', ...at]))[0]).toBe('b  Empty, 0 members, lag 0');
  expect((await ottla(['doctor', cluster.bootstrapServers.split(',')[0]])).out).toContain('3 brokers, controller');

  const stop = new AbortController();
  let seen = '';
  const consuming = ottla(['consume', 'spread', '-p', '0', '-o', 'end', ...at], {
    stopping: stop.signal,
    seen: (text) => (seen += text),
  });
  await linesOf(['produce', 'spread', '-p', '0', 'before', ...at]);
  await cluster.moveLeader('spread', 0, (Number(leaders[0]) + 1) % 3);
  await linesOf(['produce', 'spread', '-p', '0', 'after', ...at]);
  await expect.poll(() => seen, { timeout: 10_000 }).toMatch(/after\n$/);
  stop.abort();
  expect((await consuming).code).toBe(0);
}, 30_000);

test('ottla cluster tells which partitions lack replicas, and which take nothing with acks=all', async () => {
  const cluster = await startTestBroker({ brokers: 3, minIsr: 2, topics: ['orders'] });
  ends.push(() => cluster.stop());
  const shown = async () => {
    const at = ['-b', cluster.brokers[0].address];
    return {
      lines: await linesOf(['cluster', ...at]),
      json: JSON.parse((await ottla(['cluster', '--json', ...at])).out) as Record<string, unknown>,
    };
  };
  expect((await shown()).json).toMatchObject({ outOfSync: [], underMinIsr: [], withoutLeader: [] });
  await cluster.brokers[2].stop();
  const { lines, json } = await shown();
  expect(lines.filter((line) => line.includes('fenced'))).toHaveLength(1);
  expect(lines.at(-1)).toBe('out of sync: orders-0');
  expect(json).toMatchObject({ outOfSync: ['orders-0'], underMinIsr: [] });
  await cluster.brokers[1].stop();
  expect((await shown()).lines).toContain('under min.insync.replicas: orders-0');
  await cluster.brokers[1].start();
  await cluster.brokers[2].start();
  await cluster.waitForIsr('orders');
  expect((await shown()).json).toMatchObject({ outOfSync: [], underMinIsr: [] });
});

test('settings of a broker are asked of that very broker, whichever is given', async () => {
  const cluster = await startTestBroker({ brokers: 2 });
  ends.push(() => cluster.stop());
  const at = ['-b', cluster.brokers[0].address];
  await linesOf(['configs', 'set', 'broker', '1', 'log.cleaner.threads=2', ...at]);
  const shown = (await linesOf(['configs', 'get', 'broker', '1', 'log.cleaner.threads', ...at])).join('\n');
  expect(shown).toMatch(/log\.cleaner\.threads +2 +broker/);
});
