import { afterEach, describe, expect, test } from 'vitest';
import { ApiVersions } from '../../protocol/apis/index.ts';
import { ConnectionClosed } from '../../protocol/client.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { connectPeer } from '../../src/peers/peer-client.ts';
import { nodeNetwork, type Listener, type Receiver, type Socket } from '../../src/platform/network.ts';
import { consume, createTopic, produce } from '../running-broker.ts';

const network = nodeNetwork();
let broker: RunningBroker | undefined;
let listener: Listener | undefined;

afterEach(async () => {
  await broker?.stop();
  await listener?.close();
  broker = listener = undefined;
});

async function portOfBroker(): Promise<number> {
  broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  return Number(broker.bootstrap.split(':')[1]);
}

describe('a connection to a peer, over TCP', () => {
  test('asks and is answered, small requests and large ones', async () => {
    const client = await connectPeer(network, { host: '127.0.0.1', port: await portOfBroker(), timeoutMs: 5000 });
    expect(await createTopic(client, 'orders')).toBe(0);
    const values = ['a', 'b'.repeat(300_000), 'c'];
    for (const value of values) await produce(client, 'orders', 0, [value]);
    expect(await consume(client, 'orders', 0)).toEqual(values);
    await client.close();
  });

  test('is refused where nobody listens', async () => {
    const port = await portOfBroker();
    await broker!.stop();
    const refused = connectPeer(network, { host: '127.0.0.1', port, timeoutMs: 5000 });
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('ends when the peer ends it: what waits is told so', async () => {
    const client = await connectPeer(network, { host: '127.0.0.1', port: await portOfBroker(), timeoutMs: 5000 });
    await broker!.stop();
    await client.closed;
    await expect(client.send(ApiVersions, 3, { clientSoftwareName: 'a', clientSoftwareVersion: '1' })).rejects.toThrow(
      ConnectionClosed,
    );
  });

  test('loses nothing where the peer speaks first', async () => {
    let accepted: Socket | undefined;
    listener = await network.listen('127.0.0.1', 0, (socket) => {
      accepted = socket;
      socket.send(Buffer.from('hello'));
      return { buffer: () => Buffer.alloc(16), received() {}, drained() {}, closed() {} };
    });
    const heard: Buffer[] = [];
    const into = Buffer.alloc(3); // less than the greeting
    const receiver: Receiver = {
      buffer: () => into,
      received: (count) => void heard.push(Buffer.from(into.subarray(0, count))),
      drained() {},
      closed() {},
    };
    await network.connect('127.0.0.1', listener.port, 5000, () => receiver);
    await expect.poll(() => Buffer.concat(heard).toString()).toBe('hello');
    accepted!.send(Buffer.from('again'));
    await expect.poll(() => Buffer.concat(heard).toString()).toBe('helloagain');
  });
});
