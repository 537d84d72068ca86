import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiVersions } from '../../../protocol/apis/index.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { startBroker, type RunningBroker } from '../../../src/broker/broker.ts';
import type { Call, Serve } from '../../../src/net/interceptor.ts';
import { JavaDriver, whyNoJava } from './driver.ts';

const missing = await whyNoJava();
const [A, B] = ['AAAAAAAAAAAAAAAAAAAAAA', 'BBBBBBBBBBBBBBBBBBBBBB'];

/** What Java's clients, from 4.4 on, do where the port they know belongs to another broker by now (KIP-1242). */
describe.skipIf(missing !== null)(`a port handed to another broker${missing === null ? '' : ` (${missing})`}`, () => {
  let broker: RunningBroker;
  let java: JavaDriver;
  /** How ApiVersions was answered since the port was handed on. */
  let answers: number[];

  async function start(clusterId: string, nodeId: number, port = '0'): Promise<void> {
    answers = [];
    broker = await startBroker({
      memory: true,
      clusterId,
      settings: {
        listeners: `PLAINTEXT://127.0.0.1:${port}`,
        'node.id': String(nodeId),
        'group.initial.rebalance.delay.ms': '0',
      },
      interceptor: { intercept: (call, serve) => watched(call, serve) },
    });
  }

  async function watched({ handler, body }: Call, serve: Serve): Promise<Buffer | null> {
    const answer = await serve(body);
    if (handler.api.key === ApiVersions.key && answer !== null) answers.push(answer.readInt16BE(0));
    return answer;
  }

  beforeEach(async () => {
    await start(A, 1);
    java = await JavaDriver.start(broker.bootstrap);
  });
  afterEach(async () => {
    await java.stop();
    await broker.stop();
  });

  test.each([
    ['of another cluster', B, 1],
    ['of the same cluster', A, 2],
  ])(
    '%s tells clients to begin anew, and serves them then',
    async (_which, clusterId, nodeId) => {
      expect(await java.ask('write', 'topic', '3')).toBe('2');
      const atOnce = ['reconnect.backoff.ms=0', 'reconnect.backoff.max.ms=0'];
      await java.ask('join', 'reader', 'topic', 'group.id=readers', ...atOnce);
      const read = async () => (await java.ask('read')).split(' ').slice(1);
      await expect.poll(read, { timeout: 30_000 }).toEqual(['topic-0@0', 'topic-0@1', 'topic-0@2']);

      const [, port] = broker.bootstrap.split(':');
      await broker.stop();
      await start(clusterId, nodeId, port);
      // The new broker has nothing yet: offsets begin at 0.
      expect(await java.ask('write', 'topic', '5')).toBe('4');
      await expect.poll(read, { timeout: 60_000 }).toContain('topic-0@4');
      expect(answers).toContain(ErrorCode.REBOOTSTRAP_REQUIRED);
      expect(answers).toContain(ErrorCode.NONE);
    },
    150_000,
  );
});
