/** What becomes of a connection to the CONTROLLER listener that sends what no peer sends. */
import { beforeEach, describe, expect, test } from 'vitest';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { BrokerRegistration } from '../../protocol/apis/62-broker-registration.ts';
import { BrokerHeartbeat } from '../../protocol/apis/63-broker-heartbeat.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { frame } from '../../protocol/frame.ts';
import { ControllerMachines, PORT } from './controller-machines.ts';

let machines: ControllerMachines;
let activeId: number;
let client: Client;

beforeEach(async () => {
  machines = new ControllerMachines();
  await machines.start(1);
  activeId = (await machines.active()).node.nodeId;
  client = await machines.connect(activeId);
});

describe('a frame that no peer sends', () => {
  /** What a connection that sends these bytes is told before it is closed; null: it is left open. */
  async function answered(bytes: Buffer): Promise<number | null> {
    let told = 0;
    let isClosed = false;
    const buffer = Buffer.alloc(1 << 16);
    await machines.until(
      machines.network.of('stranger').connect(`node-${activeId}`, PORT, 1000, (socket) => {
        socket.send(bytes);
        return {
          buffer: () => buffer,
          received: (count) => void (told += count),
          drained: () => {},
          closed: () => void (isClosed = true),
        };
      }),
    );
    await machines.clock.advance(200);
    return isClosed ? told : null;
  }

  /** Without a client id, and with no tagged fields. */
  const header = (apiKey: number, apiVersion: number): Buffer => {
    const bytes = Buffer.alloc(11);
    bytes.writeInt16BE(apiKey, 0);
    bytes.writeInt16BE(apiVersion, 2);
    bytes.writeInt16BE(-1, 8);
    return bytes;
  };

  test.each([
    ['longer than any may be', () => Buffer.from('7fffffff', 'hex')],
    ['of a negative length', () => Buffer.from('ffffffff', 'hex')],
    ['of HTTP', () => Buffer.from('GET / HTTP/1.1\r\nHost: controller\r\n\r\n')],
    ['of a key that controllers do not have', () => frame(header(0, 9))],
    ['of a version that nobody has', () => frame(header(BrokerRegistration.key, 99))],
    ['that ends within its request', () => frame(header(BrokerHeartbeat.key, 1))],
    [
      'with an array longer than itself',
      () => frame(Buffer.concat([header(CreateTopics.key, 7), Buffer.from('ffffff7f', 'hex')])),
    ],
  ])('ends its connection, and no other: one %s', async (_what, bytes) => {
    expect(await answered(bytes())).toBe(0);
    const asked = { endpointType: 2, includeClusterAuthorizedOperations: false };
    expect((await machines.until(client.send(DescribeCluster, 2, asked))).errorCode).toBe(ErrorCode.NONE);
    expect(machines.lines.filter(({ event }) => event === 'bug')).toEqual([]);
  });
});
