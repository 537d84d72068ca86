import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { FindCoordinator } from '../../protocol/apis/index.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { Conversation, type Setting } from './conversation.ts';
import { converseAboutDelivery } from './delivery-conversation.ts';
import { converseAboutState } from './state-conversation.ts';

const recorded = new URL('./kafka-answers.txt', import.meta.url);
const clients: Client[] = [];
let broker: RunningBroker | null = null;

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await broker?.stop();
  broker = null;
});

async function dial(port: number): Promise<Client> {
  const client = await connect({ host: '127.0.0.1', port });
  clients.push(client);
  return client;
}

async function converse(setting: Setting): Promise<string[]> {
  const client = await setting.connect();
  const keys = [[0, 'group'], [2, 'group:AAAAAAAAAAAAAAAAAAAAAQ:0']] as const; // prettier-ignore
  for (const [keyType, key] of keys) {
    for (;;) {
      const { coordinators } = await client.send(FindCoordinator, 6, { keyType, coordinatorKeys: [key] });
      if (coordinators[0].errorCode === 0) break;
      await setting.wait(100);
    }
  }
  const talk = new Conversation(setting, client);
  await converseAboutState(talk);
  await converseAboutDelivery(talk);
  return talk.lines;
}

test(
  'share groups are answered and recorded as Apache Kafka 4.4.0 did when it was asked the same',
  { timeout: 60_000 },
  async () => {
    const running = await startBroker({
      memory: true,
      settings: {
        listeners: 'PLAINTEXT://127.0.0.1:0',
        'offsets.topic.num.partitions': '1',
        'group.share.assignment.interval.ms': '0',
        'group.share.min.assignment.interval.ms': '0',
        'share.coordinator.state.topic.num.partitions': '4',
        'share.coordinator.state.topic.replication.factor': '1',
      },
    });
    broker = running;
    const lines = await converse({
      connect: () => dial(Number(running.bootstrap.split(':')[1])),
      wait,
      run: 'run',
    });
    expect(lines).toEqual(readFileSync(recorded, 'utf8').trimEnd().split('\n'));
  },
);

// KAFKA_PORT=20100 asks a running Apache Kafka and records what it says.
test.runIf(process.env.KAFKA_PORT !== undefined)(
  'the recorded answers are those of a real broker',
  async () => {
    const port = Number(process.env.KAFKA_PORT);
    const lines = await converse({ connect: () => dial(port), wait, run: `run${Date.now()}` });
    expect(lines.length).toBeGreaterThan(50);
    writeFileSync(recorded, `${lines.join('\n')}\n`);
  },
  120_000,
);

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
