import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool, startKafka, toolClass } from '../../scripts/kafka/index.ts';
import { commandLines } from '../../test/cli/kafka-tools/beside-kafka/command-lines.ts';
import type { CommandLine } from '../../test/cli/kafka-tools/beside-kafka/line.ts';
import {
  argumentsOf,
  makeFiles,
  said,
  type Asked,
  type Said,
} from '../../test/cli/kafka-tools/beside-kafka/transcript.ts';
import { KnownDifferences } from '../../test/cli/kafka-tools/beside-kafka/known-differences.ts';
import { ottla } from '../brokers/ottla.ts';
import { SETTINGS, type Peer } from '../brokers/peer.ts';
import { freePort } from '../brokers/ports.ts';
import { warmUp } from '../differential/warm-up.ts';
import { JavaDriver, whyNoJava } from '../suites/java/driver.ts';
import { ofBroker } from './known-differences.ts';

const missing = await whyNoJava();
/** RECORD=1 writes anew what Apache Kafka's tools say of Apache Kafka. */
const RECORDED = new URL('../../test/cli/kafka-tools/beside-kafka/kafka-says.json', import.meta.url);

/** Apache Kafka's own tools, asked the same of Apache Kafka and of Ottla. */
describe.skipIf(missing !== null)(`Kafka's tools${missing === null ? '' : ` (${missing})`}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'tools-'));
  const files = makeFiles();
  const recorded: Said[] = [];
  const known = new KnownDifferences(ofBroker);
  let java: JavaDriver;
  let peers: { readonly kafka: Peer & Asked; readonly ottla: Peer & Asked };

  beforeAll(async () => {
    const kafka = await startKafka({
      dir: join(directory, 'kafka'),
      port: await freePort(),
      controllerPort: await freePort(),
      config: SETTINGS,
    });
    const own = await ottla(join(directory, 'ottla'));
    peers = {
      kafka: { ...kafka, title: 'Apache Kafka', files: files.path, logDirectory: join(directory, 'kafka', 'data') },
      ottla: { ...own, files: files.path, logDirectory: join(directory, 'ottla') },
    };
    await Promise.all([warmUp(kafka.bootstrap), warmUp(own.bootstrap)]);
    java = await JavaDriver.start(kafka.bootstrap);
  });

  afterAll(async () => {
    await java?.stop();
    await Promise.all([peers?.kafka.stop(), peers?.ottla.stop()]);
    files.remove();
    rmSync(directory, { recursive: true, force: true });
    if (process.env.RECORD === '1') writeFileSync(RECORDED, `${JSON.stringify(recorded, null, 1)}\n`);
  });

  async function ask(line: CommandLine, peer: Asked): Promise<Said> {
    if (line.ends === true) {
      const { code, output } = await runTool(line.tool, argumentsOf(line, peer));
      return said(
        line,
        peer,
        code,
        output.split('\n').flatMap((each) => (each.trim() === '' ? [] : [`! ${each}`])),
      );
    }
    const { exitCode, marked } = await java.toolReading(
      line.input ?? '',
      toolClass(line.tool),
      ...argumentsOf(line, peer),
    );
    return said(line, peer, exitCode, marked);
  }

  it.each(commandLines.map((line) => [`kafka-${line.tool} ${line.words}`.slice(0, 200), line] as const))(
    '%s',
    async (_name, line) => {
      const kafka = await ask(line, peers.kafka);
      recorded.push(kafka);
      expect(known.withoutThem(await ask(line, peers.ottla), kafka)).toEqual(kafka);
    },
  );

  it('differ where it is said, and only there', () => expect(known.unseen()).toEqual([]));
});
