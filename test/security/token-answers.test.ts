import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startBroker } from '../../src/broker/broker.ts';
import { SASL_SETTINGS } from './sasl-settings.ts';
import { converse, TOKEN_SETTINGS } from './token-conversation.ts';

const recorded = new URL('./token-answers.txt', import.meta.url);
/** How long a change takes to be seen at Kafka's brokers. */
const SEEN_MS = 2500;

test('requests about delegation tokens are answered as Apache Kafka 4.4.0 did', async () => {
  const settings = { ...SASL_SETTINGS, ...TOKEN_SETTINGS, listeners: 'SASL_PLAINTEXT://127.0.0.1:0' };
  const broker = await startBroker({ memory: true, settings });
  const lines = await converse(Number(broker.bootstrap.split(':')[1]), () => Promise.resolve());
  await broker.stop();
  expect(lines).toEqual(readFileSync(recorded, 'utf8').trimEnd().split('\n'));
});

// A running Apache Kafka with the settings of sasl-settings.ts and of token-conversation.ts: KAFKA_PORT=20100 records what it says.
test.runIf(process.env.KAFKA_PORT !== undefined)(
  'the recorded answers are those of a real broker',
  async () => {
    const settled = () => new Promise<void>((resolve) => setTimeout(resolve, SEEN_MS));
    const lines = await converse(Number(process.env.KAFKA_PORT), settled);
    expect(lines.length).toBeGreaterThan(50);
    writeFileSync(recorded, `${lines.join('\n')}\n`);
  },
  300_000,
);
