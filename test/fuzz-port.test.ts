import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiVersions } from '../protocol/apis/18-api-versions.ts';
import { frame } from '../protocol/frame.ts';
import { startBroker, type RunningBroker } from '../src/broker/broker.ts';
import { silentLogger } from '../src/platform/logger.ts';
import { seededRandom } from '../src/platform/random.ts';
import { consume, createTopic, dial, produce, topicOf } from './running-broker.ts';

const ATTACKS = Number(process.env.OTTLA_FUZZ_ATTACKS ?? 4000);
const AT_ONCE = 30;
const GROWTH_BYTES = 400 << 20;
/** Longer than any broker may take to notice that its client has gone. */
const HUNG_AFTER_MS = 5000;

interface Exchange {
  readonly api: string;
  readonly request: string;
}

const golden = (JSON.parse(readFileSync(new URL('golden/frames.json', import.meta.url), 'utf8')) as Exchange[]).map(
  ({ request }) => Buffer.from(request, 'base64'),
);
const random = seededRandom(Number(process.env.OTTLA_FUZZ_SEED ?? 20_261_121));
const below = (limit: number): number => Math.floor(random.float() * limit);

function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  random.fill(bytes);
  return bytes;
}

const anyRequest = (): Buffer => Buffer.from(golden[below(golden.length)]);

/** What stands at a random place of a real request becomes something extreme. */
function withExtreme(): Buffer {
  const bytes = anyRequest();
  const extremes = [
    '7fffffff',
    'ffffffff',
    '80000000',
    '00000000',
    'ffffffff0f',
    '7fff',
    'ffff',
    'ff',
    '8080808001',
    '00ffffff',
    'ffffffffffffffff',
  ];
  const extreme = Buffer.from(extremes[below(extremes.length)], 'hex');
  extreme.copy(bytes, Math.min(8 + below(bytes.length), bytes.length - 1));
  return bytes;
}

function flipped(): Buffer {
  const bytes = anyRequest();
  for (let i = below(4); i >= 0; i--) bytes[below(bytes.length)] = below(256);
  return bytes;
}

function spliced(): Buffer {
  const [one, other] = [anyRequest(), anyRequest()];
  return Buffer.concat([one.subarray(0, below(one.length)), other.subarray(below(other.length))]);
}

const attacks: (() => Buffer)[] = [
  () => noise(below(200)),
  () => frame(noise(below(300))),
  () => frame(Buffer.concat([Buffer.from([0, below(100), 0, below(20)]), noise(below(200))])),
  () => frame(flipped()),
  () => frame(flipped()),
  () => frame(withExtreme()),
  () => frame(withExtreme()),
  () => frame(spliced()),
  () => frame(anyRequest().subarray(0, below(60))),
  () => frame(anyRequest()).subarray(0, 1 + below(60)),
  () => Buffer.concat([frame(anyRequest()), frame(flipped()), frame(withExtreme()), frame(anyRequest())]),
  () => Buffer.from('160301020001000401fc0303', 'hex'),
  () => Buffer.from('GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  () => Buffer.concat([Buffer.from([0x06, 0x40, 0, 0]), noise(100)]), // 100 MiB announced
  () => Buffer.alloc(4),
  () => Buffer.from([0xff, 0xff, 0xff, 0xff]),
];

let broker: RunningBroker;
const bugs: string[] = [];
let answers = 0;

beforeAll(async () => {
  broker = await startBroker({
    memory: true,
    settings: { listeners: 'PLAINTEXT://127.0.0.1:0', 'offsets.topic.num.partitions': '1', 'num.partitions': '1' },
    logger: { ...silentLogger, error: (event, facts) => void bugs.push(`${event} ${JSON.stringify(facts)}`) },
  });
});

afterAll(() => broker.stop());

/** Sends the bytes, then closes its half; resolves when the broker has closed the other. */
function attack(bytes: Buffer): Promise<void> {
  const [host, port] = broker.bootstrap.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host);
    const hung = setTimeout(
      () => reject(new Error(`the connection hangs after ${bytes.toString('hex')}`)),
      HUNG_AFTER_MS,
    );
    socket.on('connect', () => socket.end(bytes));
    socket.on('error', () => {}); // reset by the broker: 'close' follows
    socket.once('data', () => answers++);
    socket.resume();
    socket.on('close', () => {
      clearTimeout(hung);
      resolve();
    });
  });
}

/** What every client does first and most. */
async function isWell(topic: string): Promise<void> {
  const client = await dial(broker.bootstrap);
  const { errorCode, apiKeys } = await client.send(ApiVersions, 3, {
    clientSoftwareName: 'test',
    clientSoftwareVersion: '1',
  });
  expect([errorCode, apiKeys.length > 20]).toEqual([0, true]);
  expect(await createTopic(client, topic)).toBe(0);
  expect((await topicOf(client, topic)).partitions.length).toBe(1);
  expect(await produce(client, topic, 0, ['a', 'b'])).toBe(0);
  expect(await consume(client, topic, 0)).toEqual(['a', 'b']);
  await client.close();
}

test('a broker that is sent garbage by thousands answers everybody else', async () => {
  await isWell('before');
  const before = process.memoryUsage().rss;
  const waves = Array.from({ length: AT_ONCE }, async (_, lane) => {
    for (let i = lane; i < ATTACKS; i += AT_ONCE) await attack(attacks[i % attacks.length]());
  });
  await Promise.all(waves);
  await isWell('after');
  expect(process.memoryUsage().rss - before).toBeLessThan(GROWTH_BYTES);
  expect(bugs).toEqual([]);
  expect(answers).toBeGreaterThan(ATTACKS / 20); // much of it was understood, so it went deep
}, 60_000);

test('a connection that has sent good requests before garbage gets their answers', async () => {
  for (let i = 0; i < 50; i++) {
    const client = await dial(broker.bootstrap);
    const answers = Array.from({ length: 3 }, () => client.send(ApiVersions, 0, {}));
    client.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    for (const answer of answers) expect((await answer).errorCode).toBe(0);
    await client.closed;
  }
});
