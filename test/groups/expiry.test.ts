import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FindCoordinator } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { startBroker } from '../../src/testing/index.ts';
import { converseAboutExpiry, EXPIRY_CONFIG, type Sender } from './expiry-conversation.ts';

const recorded = new URL('./expiry-answers.txt', import.meta.url);

test('offsets and groups are forgotten when Apache Kafka 4.3.1 forgot them', async () => {
  await using broker = await startBroker({ clock: 'virtual', settings: EXPIRY_CONFIG });
  const [host, port] = broker.bootstrapServers.split(':');
  const client = await connect({ host, port: Number(port) });
  for (const keyType of [0, 1]) await client.send(FindCoordinator, 1, { key: 'g', keyType });
  const sender: Sender = {
    send: async (...request) => {
      const state = { isAnswered: false };
      const answer = client.send(...request).finally(() => (state.isAnswered = true));
      while (!state.isAnswered) {
        await setImmediate(); // lets the sockets move; timers that are due now are part of the answer
        await broker.clock.advance(0);
      }
      return answer;
    },
  };
  const lines = await converseAboutExpiry(sender, (ms) => broker.clock.advance(ms), 'run');
  await client.close();
  expect(lines).toEqual(readFileSync(recorded, 'utf8').trimEnd().split('\n'));
});

// KAFKA_EXPIRY_PORT=19600 asks a running Apache Kafka with the configuration of the conversation, and records its answers.
test.runIf(process.env.KAFKA_EXPIRY_PORT !== undefined)(
  'the recorded answers about expiry are those of a real broker',
  async () => {
    const client = await connect({ host: '127.0.0.1', port: Number(process.env.KAFKA_EXPIRY_PORT) });
    for (const keyType of [0, 1]) {
      while ((await client.send(FindCoordinator, 1, { key: 'g', keyType })).errorCode !== 0) await wait(100);
    }
    await wait(5000); // its coordinators are loading
    const lines = await converseAboutExpiry(client, wait, `run${Date.now()}`);
    expect(lines.length).toBeGreaterThan(50);
    writeFileSync(recorded, `${lines.join('\n')}\n`);
    await client.close();
  },
  240_000,
);

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
