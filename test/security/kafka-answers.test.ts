import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { saltedPassword, SCRAM_MECHANISMS } from '../../protocol/sasl/scram.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { converse } from './sasl-conversation.ts';
import { SASL_SETTINGS } from './sasl-settings.ts';

const recorded = new URL('./kafka-answers.txt', import.meta.url);
/** Far more than anything else takes. */
const DELAY_MS = 1000;

test('what comes before authentication is answered as Apache Kafka 4.4.0 did, and closed as it did', async () => {
  const broker = await startBroker({
    memory: true,
    settings: {
      ...SASL_SETTINGS,
      listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
      'connection.failed.authentication.delay.ms': String(DELAY_MS),
    },
  });
  await broker.parts.controller.alterScramCredentials([], [credential('SCRAM-SHA-256')]);
  await broker.parts.controller.alterScramCredentials([], [credential('SCRAM-SHA-512')]);
  const lines = await converse(Number(broker.bootstrap.split(':')[1]), DELAY_MS);
  await broker.stop();
  const answers = readFileSync(recorded, 'utf8').trimEnd().split('\n');
  expect(lines).toEqual(answers);
});

function credential(name: 'SCRAM-SHA-256' | 'SCRAM-SHA-512') {
  const salt = Buffer.from('salt');
  const iterations = 4096;
  const mechanism = SCRAM_MECHANISMS[name].code;
  return {
    name: 'alice',
    mechanism,
    iterations,
    salt,
    saltedPassword: saltedPassword(name, 'secret', salt, iterations),
  };
}

// A running Apache Kafka with the settings of sasl-settings.ts, the delay and alice's SCRAM credentials: KAFKA_PORT=20100 records what it says.
test.runIf(process.env.KAFKA_PORT !== undefined)(
  'the recorded answers are those of a real broker',
  async () => {
    const lines = await converse(Number(process.env.KAFKA_PORT), DELAY_MS);
    expect(lines.length).toBeGreaterThan(50);
    writeFileSync(recorded, `${lines.join('\n')}\n`);
  },
  120_000,
);
