import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ApiVersions, Heartbeat, Produce } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import type { Client } from '../../protocol/client.ts';
import { responseCodec } from '../../protocol/compile.ts';
import { FrameCutter, frame } from '../../protocol/frame.ts';
import { readRequestHeader, writeResponseHeader } from '../../protocol/header.ts';
import type { RequestHeader } from '../../protocol/header.ts';
import { Reader } from '../../protocol/reader.ts';
import { Writer } from '../../protocol/writer.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

/** A broker of a few lines: hands each request to `answer`. */
async function listen(answer: (header: RequestHeader, socket: Socket, contents: Buffer) => void): Promise<number> {
  const server: Server = createServer((socket) => {
    const cutter = new FrameCutter(1 << 20);
    socket.on('error', () => {});
    socket.on('data', (piece: Buffer) => {
      for (const contents of cutter.push(piece)) answer(readRequestHeader(new Reader(contents)), socket, contents);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  opened.push(server);
  return (server.address() as AddressInfo).port;
}

async function open(port: number): Promise<Client> {
  const client = await connect({ host: '127.0.0.1', port, clientId: 'tester' });
  opened.push(client);
  return client;
}

function heartbeatAnswer(correlationId: number, errorCode: number): Buffer {
  const writer = new Writer();
  writeResponseHeader(writer, Heartbeat, 4, correlationId);
  responseCodec(Heartbeat, 4).encode(writer, { errorCode });
  return frame(writer.finish());
}

const member = { groupId: 'g', generationId: 1, memberId: 'm' };

describe('a client', () => {
  test('sends several requests before the first answer, and gives each its own', async () => {
    const waiting: RequestHeader[] = [];
    const port = await listen((header, socket) => {
      waiting.push(header);
      if (waiting.length < 3) return;
      const answers = Buffer.concat(waiting.map((one, i) => heartbeatAnswer(one.correlationId, i)));
      // In two pieces, cut inside a frame.
      socket.write(answers.subarray(0, 7), () => socket.write(answers.subarray(7)));
    });
    const client = await open(port);
    const answers = await Promise.all([1, 2, 3].map(() => client.send(Heartbeat, 4, member)));
    expect(answers.map(({ errorCode }) => errorCode)).toStrictEqual([0, 1, 2]);
    expect(waiting.map(({ clientId }) => clientId)).toStrictEqual(['tester', 'tester', 'tester']);
    expect(new Set(waiting.map(({ correlationId }) => correlationId)).size).toBe(3);
  });

  test('sends raw bytes as they are and answers raw bytes', async () => {
    const port = await listen((_, socket, contents) => socket.write(frame(contents.toReversed())));
    const client = await open(port);
    const contents = Buffer.from('0012000000000001ffffab', 'hex');
    expect(await client.sendRaw(contents)).toStrictEqual(Buffer.from(contents.toReversed()));
  });

  test('does not wait for what has no response', async () => {
    const keys: number[] = [];
    const port = await listen((header, socket) => {
      keys.push(header.apiKey);
      if (header.apiKey === Heartbeat.key) socket.write(heartbeatAnswer(header.correlationId, 0));
    });
    const client = await open(port);
    client.sendWithoutResponse(Produce, 9, { acks: 0, timeoutMs: 1, topicData: [] });
    expect(await client.send(Heartbeat, 4, member)).toStrictEqual({ throttleTimeMs: 0, errorCode: 0 });
    expect(keys).toStrictEqual([Produce.key, Heartbeat.key]);
  });

  test('fails every request under way, and every later one, when the broker closes', async () => {
    const port = await listen((_, socket) => socket.destroy());
    const client = await open(port);
    const results = await Promise.allSettled([client.send(Heartbeat, 4, member), client.sendRaw(Buffer.alloc(20))]);
    expect(results.map(({ status }) => status)).toStrictEqual(['rejected', 'rejected']);
    await client.closed;
    await expect(client.send(ApiVersions, 0, {})).rejects.toThrow('the broker closed the connection');
    expect(client.isClosed).toBe(true);
  });

  test('fails only the request whose answer cannot be read', async () => {
    let count = 0;
    const port = await listen((header, socket) => {
      const answer = heartbeatAnswer(header.correlationId, 0);
      socket.write(count++ === 0 ? frame(answer.subarray(4, 8)) : answer);
    });
    const client = await open(port);
    await expect(client.send(Heartbeat, 4, member)).rejects.toThrow('cut short');
    expect((await client.send(Heartbeat, 4, member)).errorCode).toBe(0);
  });

  test('refuses an answer to another request', async () => {
    const port = await listen((header, socket) => socket.write(heartbeatAnswer(header.correlationId + 1, 0)));
    await expect((await open(port)).send(Heartbeat, 4, member)).rejects.toThrow('out of order');
  });

  test('fails requests that its own close leaves without an answer', async () => {
    const port = await listen(() => {});
    const client = await open(port);
    const [result] = await Promise.allSettled([client.send(Heartbeat, 4, member), client.close()]);
    expect(result).toMatchObject({ status: 'rejected', reason: { message: 'this client was closed' } });
  });

  test('is not made where nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => void server.close(resolve));
    await expect(connect({ host: '127.0.0.1', port })).rejects.toThrow('ECONNREFUSED');
  });
});
