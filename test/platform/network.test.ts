import { connect, type Socket as ClientSocket } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { nodeNetwork, type Listener, type Network, type Receiver, type Socket } from '../../src/platform/network.ts';

let listener: Listener | undefined;
const clients: ClientSocket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await listener?.close();
  listener = undefined;
});

/** Listens, and keeps what each connection receives. */
async function serve(network: Network, onBytes: (socket: Socket, bytes: Buffer) => void, events: string[] = []) {
  const shared = Buffer.alloc(64);
  listener = await network.listen('', 0, (socket): Receiver => {
    events.push(`open ${socket.remoteHost}`);
    return {
      buffer: () => shared,
      received: (count) => onBytes(socket, Buffer.from(shared.subarray(0, count))),
      drained: () => void events.push('drained'),
      closed: () => void events.push('closed'),
    };
  });
  return listener;
}

async function dial(port: number, host = '127.0.0.1'): Promise<ClientSocket> {
  const client = connect(port, host);
  clients.push(client);
  client.setNoDelay(true);
  await once(client, 'connect');
  return client;
}

function readAtLeast(client: ClientSocket, bytes: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.length >= bytes) resolve(all);
    });
  });
}

describe.each(['onread', 'events'] as const)('reading by %s', (reading) => {
  test('a client that resets with answers waiting ends its connection: what is left is not asked for', async () => {
    const piece = Buffer.alloc(1 << 20);
    let sent = 0;
    let isClosed = false;
    let socket: Socket;
    const sendNext = (): void => {
      // A bound, so that the test fails instead of having the process to itself.
      for (let taken = true; taken && sent < 100_000; sent++) taken = socket.send(piece);
    };
    listener = await nodeNetwork({ reading }).listen('', 0, (accepted): Receiver => {
      socket = accepted;
      const received = (): void => {
        socket.pause(); // as a connection does whose client takes no answers: so the write is what fails
        sendNext();
      };
      return { buffer: () => piece, received, drained: sendNext, closed: () => void (isClosed = true) };
    });
    const client = await dial(listener.port);
    client.pause();
    client.write('go');
    await expect.poll(() => sent).toBeGreaterThan(0);
    client.resetAndDestroy();
    await expect.poll(() => isClosed).toBe(true);
    expect(sent).toBeLessThan(1000);
  });

  test.each(['127.0.0.1', '::1'])('bytes come and go over %s', async (host) => {
    const events: string[] = [];
    const { port } = await serve(nodeNetwork({ reading }), (socket, bytes) => socket.send(bytes), events);
    const client = await dial(port, host);
    client.write('hello');
    expect((await readAtLeast(client, 5)).toString()).toBe('hello');
    client.end();
    await expect.poll(() => events).toEqual([`open ${host}`, 'closed']);
  });

  test('more bytes than the buffer holds arrive in pieces, none lost, in order', async () => {
    const sent = Buffer.from(Array.from({ length: 10_000 }, (_, i) => i & 0xff));
    const got: Buffer[] = [];
    const { port } = await serve(nodeNetwork({ reading }), (_socket, bytes) => void got.push(bytes));
    (await dial(port)).write(sent);
    await expect.poll(() => Buffer.concat(got).length).toBe(sent.length);
    expect(Buffer.concat(got)).toEqual(sent);
  });

  test('a paused connection takes no bytes until it is resumed', async () => {
    const got: string[] = [];
    let paused: Socket | undefined;
    const { port } = await serve(nodeNetwork({ reading }), (socket, bytes) => {
      got.push(bytes.toString());
      if (bytes.toString() === 'first') {
        socket.pause();
        paused = socket;
      }
      socket.send(bytes);
    });
    const client = await dial(port);
    client.write('first');
    await readAtLeast(client, 5);
    client.write('second');
    // A second connection that is answered shows that the server had every chance to read the first one.
    const other = await dial(port);
    other.write('other');
    await readAtLeast(other, 5);
    expect(got).toEqual(['first', 'other']);
    paused?.resume();
    await expect.poll(() => got).toEqual(['first', 'other', 'second']);
  });

  test('sending to a client that does not read answers false, and drained is called when it has read', async () => {
    const events: string[] = [];
    let blocked = false;
    const { port } = await serve(
      nodeNetwork({ reading }),
      (socket) => {
        const piece = Buffer.alloc(1 << 20, 7);
        while (socket.send(piece)) events.push('sent');
        blocked = true;
      },
      events,
    );
    const client = await dial(port);
    client.write('go');
    await expect.poll(() => blocked).toBe(true);
    expect(events).not.toContain('drained');
    client.resume();
    await expect.poll(() => events).toContain('drained');
  });
});

test('a taken port rejects with EADDRINUSE', async () => {
  const { port } = await serve(nodeNetwork(), () => {});
  await expect(
    nodeNetwork().listen('', port, () => {
      throw new Error('unused');
    }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('closing the listener closes every connection and resolves when they are gone', async () => {
  const events: string[] = [];
  const { port } = await serve(nodeNetwork(), () => {}, events);
  const client = await dial(port);
  await expect.poll(() => events.length).toBe(1);
  const gone = once(client, 'close');
  await listener!.close();
  expect(events.at(-1)).toBe('closed');
  await gone;
});
