/** Dead letters (KIP-1191) as Java's clients see them, on Apache Kafka and on Ottla: see DeadLetterDriver.java. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { install, KAFKA_VERSION, startKafka } from '../../scripts/kafka/index.ts';
import { javaCommand } from '../../scripts/kafka/tools.ts';
import { startBroker } from '../../src/testing/index.ts';
import { freePort } from '../brokers/ports.ts';
import { mustRun } from '../provide/command.ts';
import { whyNoJava } from '../suites/java/driver.ts';

const DRIVER = fileURLToPath(new URL('DeadLetterDriver.java', import.meta.url));
const PATIENCE_MS = 600_000;
/** Locks run out while a test waits, and members hear of their partitions soon. */
const SETTINGS = {
  'group.share.min.record.lock.duration.ms': '1000',
  'group.share.min.heartbeat.interval.ms': '500',
  'group.share.heartbeat.interval.ms': '500',
};
const noJava = await whyNoJava();

interface Letter {
  readonly offset: number;
  /** Of the source. */
  readonly partition?: number;
  readonly content?: string;
  readonly count?: number;
  readonly isRejected?: boolean;
}

function letter(queue: number, topic: string, { offset, ...more }: Letter): string {
  const { partition = 0, content = 'null: null', count = 1, isRejected = true } = more;
  const where = `~topic=${topic} ~partition=${partition} ~offset=${offset} ~group=${topic} ~delivery.count=${count}`;
  const why = isRejected ? 'Offset rejected by client.' : 'Offset delivery count exceeded the threshold.';
  return `${topic}: ${queue} ${content} CreateTime ${where} ~message=${why}`;
}

/** As Apache Kafka 4.4.0 has them. */
const LETTERS = [
  letter(0, 'rejected', { offset: 1 }),
  'rejected: that is all',
  letter(0, 'copied', { offset: 0, content: 'key of a: a' }),
  letter(0, 'copied', { offset: 1, content: 'key of null: null' }),
  'copied: that is all',
  letter(0, 'released', { offset: 1, count: 2, isRejected: false }),
  'released: that is all',
  letter(0, 'expired', { offset: 0, count: 2, isRejected: false }),
  'expired: that is all',
  letter(0, 'spread', { offset: 0, partition: 0, content: 'key of of 0: of 0' }),
  letter(0, 'spread', { offset: 0, partition: 2, content: 'key of of 2: of 2' }),
  letter(1, 'spread', { offset: 0, partition: 1, content: 'key of of 1: of 1' }),
  'spread: that is all',
  ...[99, 199, 299].map((offset) => letter(0, 'many', { offset, content: `key of value ${offset}: value ${offset}` })),
  'many: that is all',
  'not-enabled: that is all',
  'other-name: no queue',
  'missing: no queue',
  letter(0, 'created', { offset: 0 }),
  'created: that is all',
  'created: errors.deadletterqueue.group.enable=true DYNAMIC_TOPIC_CONFIG',
  'created: message.timestamp.type=CreateTime DYNAMIC_TOPIC_CONFIG',
  'created: cleanup.policy=delete DEFAULT_CONFIG',
  'created: 1 partitions',
  'internal: InvalidConfigurationException',
];

/** What Java's clients tell of a broker. */
async function letters(bootstrap: string): Promise<string[]> {
  const { classpath } = await install();
  const options = ['-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Dorg.apache.logging.log4j.level=OFF'];
  const asked = [...options, '-cp', classpath, DRIVER, bootstrap];
  return (await mustRun(javaCommand(), asked, { timeoutMs: PATIENCE_MS })).trim().split('\n');
}

describe.skipIf(noJava !== null)('dead letters', () => {
  test.skipIf(KAFKA_VERSION.startsWith('4.3'))(
    'of Apache Kafka',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'dead-letters-'));
      const [port, controllerPort] = [await freePort(), await freePort()];
      const kafka = await startKafka({ dir: directory, port, controllerPort, config: SETTINGS });
      try {
        expect(await letters(kafka.bootstrap)).toEqual(LETTERS);
      } finally {
        await kafka.stop();
        rmSync(directory, { recursive: true, force: true });
      }
    },
    PATIENCE_MS,
  );

  test(
    'of Ottla are the same',
    async () => {
      await using kafka = await startBroker({ settings: SETTINGS, leftovers: 'ignore' });
      expect(await letters(kafka.bootstrapServers)).toEqual(LETTERS);
    },
    PATIENCE_MS,
  );
});
