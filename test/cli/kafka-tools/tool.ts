/** Runs Kafka's tools by their names, against a broker in this process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runKafkaTool } from '../../../src/cli/kafka-tools/index.ts';
import { ottla, type Ran, type Surroundings } from '../session.ts';

/** A command line; words in single quotes may hold blanks. */
export function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare);
}

/** Runs a line such as `kafka-topics --list`, with --bootstrap-server unless it says where itself. */
export function tool(bootstrap: string, line: string, stdin?: string, surroundings: Surroundings = {}): Promise<Ran> {
  const [name, ...args] = words(line);
  const isTold = /--bootstrap-server|--broker-list 127|--zookeeper/.test(line) || !name.startsWith('kafka-');
  const all = isTold ? args : [...args, '--bootstrap-server', bootstrap];
  const input = stdin === undefined ? {} : { stdin };
  return ottla(all, { ...surroundings, ...input }, (given, terminal) => runKafkaTool(name, given, terminal));
}

/** A file that is gone after the test. */
export function fileWith(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-tools-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'file');
  writeFileSync(path, text);
  return path;
}
