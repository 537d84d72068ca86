/**
 * Records what a real client and a real broker say to one another into test/golden/frames.json: a proxy between the two
 * keeps one exchange for each client, API and version, and one more where the client asks for no answer or sends bytes
 * behind the end of its request. Run by hand, when a new client or broker is out:
 *
 *     # an Apache Kafka on port 19700 that tells clients to come through the proxy:
 *     kafka-server … --set advertised.listeners=PLAINTEXT://127.0.0.1:19710
 *     node scripts/record-golden.ts --client kafkajs --broker 127.0.0.1:19700 --port 19710 -- \
 *       vitest run test/clients/kafkajs.test.ts
 *
 * The command is run with OTTLA_TEST_BOOTSTRAP set to the proxy. Exchanges of the same name that stand in the file are
 * replaced, all others stay.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { apiByKey } from '../protocol/apis/index.ts';
import { requestCodec } from '../protocol/compile.ts';
import { FrameCutter } from '../protocol/frame.ts';
import { readRequestHeader } from '../protocol/header.ts';
import { Reader } from '../protocol/reader.ts';

/** As in the file; bytes in base64, headers included, sizes not. */
interface Exchange {
  readonly client: string;
  readonly api: string;
  readonly version: number;
  readonly request: string;
  /** Null for a Produce without acknowledgement. */
  readonly response: string | null;
  /** How many bytes stand behind the end of the request, where any do: Kafka passes over them. */
  readonly behind?: number;
}

const FILE = new URL('../test/golden/frames.json', import.meta.url);
const MOST_BYTES = 64 << 20;
/** Of several exchanges the largest is kept, as it says most; beyond this size the smallest. */
const LARGE_BYTES = 3000;

const { values: options, positionals: command } = parseArgs({
  allowPositionals: true,
  options: {
    client: { type: 'string', default: 'unnamed' },
    broker: { type: 'string', default: '127.0.0.1:19700' },
    port: { type: 'string', default: '19710' },
  },
});
interface Kept {
  readonly api: string;
  readonly version: number;
  readonly behind: number;
  readonly request: Buffer;
  readonly response: Buffer | null;
}

const kept = new Map<string, Kept>();

function keep(request: Buffer, response: Buffer | null): void {
  const reader = new Reader(request);
  const { apiKey, apiVersion: version } = readRequestHeader(reader);
  const api = apiByKey(apiKey);
  if (api === undefined) throw new Error(`API key ${apiKey} is in no table`);
  requestCodec(api, version).decode(reader);
  const one: Kept = {
    api: api.name,
    version,
    behind: reader.remaining(),
    request: Buffer.from(request),
    response: response === null ? null : Buffer.from(response),
  };
  const key = `${api.name} ${version} ${response === null} ${one.behind > 0}`;
  const known = kept.get(key);
  if (known === undefined || isBetter(sizeOf(one), sizeOf(known))) kept.set(key, one);
}

function sizeOf({ request, response }: Kept): number {
  return request.length + (response?.length ?? 0);
}

function isBetter(size: number, known: number): boolean {
  return size <= LARGE_BYTES ? known > LARGE_BYTES || size > known : size < known;
}

/** Brokers answer in order, but a Produce without acknowledgement is passed over: so answers are found by their number. */
function watch(client: Socket): void {
  const [host, port] = options.broker.split(':');
  const broker = connect(Number(port), host);
  const waiting = new Map<number, Buffer>();
  const requests = new FrameCutter(MOST_BYTES);
  const responses = new FrameCutter(MOST_BYTES);
  client.on('data', (piece: Buffer) => {
    for (const request of requests.push(piece)) waiting.set(request.readInt32BE(4), Buffer.from(request));
    broker.write(piece);
  });
  broker.on('data', (piece: Buffer) => {
    for (const response of responses.push(piece)) {
      const correlationId = response.readInt32BE(0);
      const request = waiting.get(correlationId);
      if (request !== undefined) keep(request, response);
      waiting.delete(correlationId);
    }
    client.write(piece);
  });
  for (const [one, other] of [
    [client, broker],
    [broker, client],
  ]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
  client.on('close', () => {
    for (const request of waiting.values()) if (request.readInt16BE(0) === 0) keep(request, null);
  });
}

function merge(): number {
  const before: Exchange[] = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Exchange[]) : [];
  const exchanges = before.filter(({ client }) => client !== options.client);
  for (const { api, version, behind, request, response } of kept.values()) {
    exchanges.push({
      client: options.client,
      api,
      version,
      ...(behind === 0 ? {} : { behind }),
      request: request.toString('base64'),
      response: response?.toString('base64') ?? null,
    });
  }
  const place = ({ client, api, version }: Exchange): string => `${client} ${api} ${String(version).padStart(3, '0')}`;
  exchanges.sort((a, b) => (place(a) < place(b) ? -1 : 1));
  writeFileSync(FILE, `[\n${exchanges.map((exchange) => JSON.stringify(exchange)).join(',\n')}\n]\n`);
  return kept.size;
}

const server = createServer(watch).listen(Number(options.port), '127.0.0.1');
await once(server, 'listening');
const [program, ...args] = command;
const child = spawn(program, args, {
  stdio: 'inherit',
  env: { ...process.env, OTTLA_TEST_BOOTSTRAP: `127.0.0.1:${options.port}` },
});
await once(child, 'exit');
process.stdout.write(`${merge()} exchanges of ${options.client} recorded\n`);
process.exit(0);
