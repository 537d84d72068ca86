/**
 * Ottla's own kafka-topics, kafka-configs and so on, beside what Apache Kafka's say of Apache Kafka: kafka-says.json, which
 * `RECORD=1 npm run test:tools` writes.
 */
import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type RunningBroker } from '../../../../src/broker/broker.ts';
import { kafkaTools, runKafkaTool } from '../../../../src/cli/kafka-tools/index.ts';
import type { Terminal } from '../../../../src/cli/terminal.ts';
import { systemClock } from '../../../../src/platform/clock.ts';
import { lineLogger } from '../../../../src/platform/logger.ts';
import { commandLines } from './command-lines.ts';
import type { CommandLine } from './line.ts';
import recorded from './kafka-says.json' with { type: 'json' };
import { KnownDifferences, ofOwnTools } from './known-differences.ts';
import { argumentsOf, makeFiles, said, type Asked, type Said } from './transcript.ts';

/** As the Apache Kafka was started that answered. */
const SETTINGS = {
  'node.id': '1',
  listeners: 'PLAINTEXT://127.0.0.1:0',
  'group.initial.rebalance.delay.ms': '0',
  'num.partitions': '1',
  'log.segment.delete.delay.ms': '1000',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
};

const lines = commandLines.map((line, at) => [recorded[at].asked, line, ownIn(recorded[at] as Said)] as const);

describe("Ottla's tools of Kafka's names say what Kafka's say", () => {
  const files = makeFiles();
  const known = new KnownDifferences(ofOwnTools);
  let broker: RunningBroker;
  let asked: Asked;

  beforeAll(async () => {
    const logger = lineLogger(
      'info',
      () => {},
      () => 0,
    );
    broker = await startBroker({ memory: true, settings: SETTINGS, logger });
    asked = { bootstrap: broker.bootstrap, files: files.path, logDirectory: '/in memory' };
  });
  afterAll(async () => {
    await broker.stop();
    files.remove();
  });

  const own = lines.filter(([, { tool }]) => kafkaTools.includes(`kafka-${tool}`));
  test.each(own.filter(([, , { help }]) => help === undefined))('%s', async (_name, line, kafka) => {
    expect(known.withoutThem(await run(line, asked), kafka)).toEqual(kafka);
  });

  // Kafka's tools print all their flags; these say in one sentence what to write.
  test.each(own.filter(([, , { help }]) => help === true))('%s is refused', async (_name, line, { code }) => {
    const here = await run(line, asked);
    expect([here.code, here.lines.length > 0]).toEqual([code, true]);
  });

  test('differ where it is said, and only there', () => expect(known.unseen()).toEqual([]));
});

/** What the tool says, on both streams in the order in which it comes. */
async function run(line: CommandLine, asked: Asked): Promise<Said> {
  const marked: string[] = [];
  const sink = (mark: string) => {
    let rest = '';
    return new Writable({
      write(piece: Buffer, _encoding, done) {
        const all = (rest + piece.toString()).split('\n');
        rest = all.pop()!;
        marked.push(...all.filter((each) => each.trim() !== '').map((each) => `${mark} ${each}`));
        done();
      },
      final(done) {
        if (rest !== '') marked.push(`${mark} ${rest}`);
        done();
      },
    });
  };
  const [stdout, stderr] = [sink('|'), sink('!')];
  const stopping = new AbortController().signal;
  const stdin = Readable.from(line.input === undefined ? [] : [Buffer.from(line.input)]);
  const terminal: Terminal = { stdin, stdout, stderr, environment: {}, clock: systemClock, stopping: () => stopping };
  const code = await runKafkaTool(`kafka-${line.tool}`, argumentsOf(line, asked), terminal);
  for (const stream of [stdout, stderr]) await new Promise<void>((resolve) => stream.end(resolve));
  const { lines: all, ...rest } = ownIn(said(line, asked, code, marked));
  return { ...rest, lines: all.map((each) => each.replace(new RegExp(`^! kafka-${line.tool}: `), '! ')) };
}

/**
 * What is to be found here too: not the topics of Kafka's state, which are made here when they are needed, not what a tool says
 * again on stderr after it said it on stdout, and not the names of Java's exceptions.
 */
function ownIn(said: Said): Said {
  const plain = said.lines.map((line) => line.replaceAll(/\b(java|org)\.[\w.]+(Exception|Error): /g, ''));
  const onStdout = plain.filter((line) => line.startsWith('| ')).join('\n');
  const lines = plain.filter(
    (line) => !/__(consumer_offsets|transaction_state|share_group_state)/.test(line) && !repeats(line, onStdout),
  );
  return { ...said, lines };
}

function repeats(line: string, onStdout: string): boolean {
  return line.startsWith('! ') && onStdout.includes(line.slice(2));
}
