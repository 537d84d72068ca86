import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool, toolClass } from '../../scripts/kafka/index.ts';
import { JavaDriver, whyNoJava } from '../suites/java/driver.ts';

const missing = await whyNoJava();
/** RECORD=1 writes it anew. */
const RECORDED = new URL('../../test/cli/kafka-tools/kafka-flags.json', import.meta.url);
const recorded = JSON.parse(readFileSync(RECORDED, 'utf8')) as Record<string, readonly string[]>;

/** Tools whose flags are those of their sub-commands. They end their virtual machine when they have shown them. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'kafka-cluster': ['cluster-id', 'unregister', 'unregister-controller', 'list-endpoints', 'api-versions'],
  'kafka-metadata-quorum': ['', 'describe', 'add-controller', 'remove-controller'],
  'kafka-storage': ['format', 'info', 'version-mapping', 'feature-dependencies'],
};

/** What the help of each of Kafka's tools lists, which test/cli/kafka-tools/flags.test.ts holds Ottla's to. */
describe.skipIf(missing !== null)(`the flags of Kafka's tools${missing === null ? '' : ` (${missing})`}`, () => {
  const found: Record<string, string[]> = {};
  let java: JavaDriver;
  beforeAll(async () => {
    java = await JavaDriver.start('127.0.0.1:1');
  });
  afterAll(async () => {
    await java?.stop();
    if (process.env.RECORD === '1') writeFileSync(RECORDED, `${JSON.stringify(found, null, 2)}\n`);
  });

  async function help(name: string, command: string): Promise<string[]> {
    const tool = name.replace('kafka-', '');
    if (COMMANDS[name] === undefined) return (await java.tool(toolClass(tool), '--help')).output;
    const { output } = await runTool(tool, [...command.split(' ').filter((word) => word !== ''), '--help']);
    return output.split('\n');
  }

  it.each(Object.keys(recorded))('of %s are those in kafka-flags.json', async (name) => {
    const flags = new Set<string>();
    for (const command of COMMANDS[name] ?? ['']) {
      const output = await help(name, command);
      for (const line of output) {
        const [, flag] = /^ {0,2}(?:-\w(?: [A-Z_]+)?, ?)?--([a-z][\w.-]*)/.exec(line) ?? [];
        if (flag !== undefined) flags.add(flag);
      }
    }
    found[name] = [...flags].toSorted();
    expect(found[name]).toEqual(recorded[name]);
  });
});
