/** Apache Kafka's tools for share groups that no test of Ottla's own tools runs: they are clients as any other. */
import { expect, test } from 'vitest';
import { runTool } from '../../scripts/kafka/index.ts';
import { startBroker, type TestBroker } from '../../src/testing/index.ts';
import { whyNoJava } from '../suites/java/driver.ts';

const GROUP = 'workers';
const RECORDS = 1000;
const PATIENCE_MS = 200_000;
const noJava = await whyNoJava();

async function filled(): Promise<TestBroker> {
  const groups = { [GROUP]: { 'share.auto.offset.reset': 'earliest' } };
  const kafka = await startBroker({ topics: ['jobs'], groups, leftovers: 'ignore' });
  await kafka.produce(
    'jobs',
    Array.from({ length: RECORDS }, (_, i) => `job ${i}`),
  );
  return kafka;
}

test.skipIf(noJava !== null).each(['auto', 'sync', 'async'])(
  'kafka-verifiable-share-consumer takes and acknowledges every record: %s',
  async (mode) => {
    await using kafka = await filled();
    const from = ['--bootstrap-server', kafka.bootstrapServers, '--topic', 'jobs', '--group-id', GROUP];
    const how = ['--max-messages', `${RECORDS}`, '--acknowledgement-mode', mode];
    const { output } = await runTool('verifiable-share-consumer', [...from, ...how], { timeoutMs: PATIENCE_MS });
    const told = output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { name: string; count?: number; success?: boolean });
    const total = (name: string): number =>
      told.filter((each) => each.name === name).reduce((sum, { count = 0 }) => sum + count, 0);
    expect(total('records_consumed')).toBe(RECORDS);
    expect(told.some(({ success }) => success === false)).toBe(false);
    await kafka.waitForQueue(GROUP, { backlog: 0, inFlight: 0 });
  },
  PATIENCE_MS,
);

test.skipIf(noJava !== null)(
  'kafka-share-consumer-perf-test counts every record',
  async () => {
    await using kafka = await filled();
    const from = ['--bootstrap-server', kafka.bootstrapServers, '--topic', 'jobs', '--group', GROUP];
    const how = ['--num-records', `${RECORDS}`, '--timeout', '60000', '--hide-header'];
    const { output } = await runTool('share-consumer-perf-test', [...from, ...how], { timeoutMs: PATIENCE_MS });
    expect(output).toMatch(new RegExp(`, ${RECORDS},`));
    await kafka.waitForQueue(GROUP, { backlog: 0, inFlight: 0 });
  },
  PATIENCE_MS,
);
