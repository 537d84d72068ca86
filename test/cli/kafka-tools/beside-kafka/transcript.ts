/** What a tool said to a command line, without what differs from run to run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FILES, type CommandLine } from './line.ts';

export interface Said {
  /** kafka-NAME and its words. */
  readonly asked: string;
  readonly code: number;
  /** "| " is before lines of stdout, "! " before those of stderr. */
  readonly lines: readonly string[];
  /** Kafka's tool printed its help beside, as it does to a line that it does not understand. */
  readonly help?: true;
}

/** Who was asked. */
export interface Asked {
  readonly bootstrap: string;
  readonly files: string;
  /** Where its partitions lie, as the broker says it. */
  readonly logDirectory: string;
}

/** A directory with FILES. */
export function makeFiles(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'beside-kafka-'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(path, name), text);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The arguments of a line, the broker among them. A sub-command goes first. */
export function argumentsOf({ tool, words }: CommandLine, { bootstrap, files }: Asked): string[] {
  const all = [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare);
  const named = all.map((word) => word.replace(/^\{(.+)\}$/, (_, name: string) => join(files, name)));
  const at = tool === 'cluster' && !named[0].startsWith('-') ? 1 : 0;
  return named.toSpliced(at, 0, '--bootstrap-server', bootstrap);
}

export function said(line: CommandLine, asked: Asked, code: number, marked: readonly string[]): Said {
  const isHelp = marked.some((each) => /^. (Option(s)? +Description|usage: )/.test(each));
  const without = isHelp ? withoutHelp(marked) : marked;
  const lines = without
    .filter((each) => !NOISE.test(each) && line.ignore?.test(each) !== true)
    .map((each) => neutral(each, asked))
    .map((each) => (line.narrow === true ? each.replaceAll(/ +/g, ' ') : each))
    .filter((each, at, all) => each !== all[at - 1]); // some tools say on both streams why they end
  return {
    asked: `kafka-${line.tool} ${line.words}`.trimEnd().replaceAll(/x{99,}/g, 'x…'),
    code,
    lines: line.unordered === true ? lines.toSorted() : lines,
    ...(isHelp ? { help: true } : {}),
  };
}

/** Stack traces, what a tool makes of being ended by an exception, and groups that consumers make up for themselves. */
const NOISE = /^. (\s+at |\s*\.\.\. \d+ more|Caused by: |null$)|\bconsole-consumer-\d+/;

/** joptsimple's table stands behind the sentence, argparse4j's usage before it. */
function withoutHelp(marked: readonly string[]): string[] {
  const table = marked.findIndex((each) => /^. Option(s)? +Description/.test(each));
  if (table >= 0) return marked.slice(0, table);
  return marked.filter((each) => /^. \S+: error: /.test(each));
}

/** In an order; min.insync.replicas is Kafka's own doing, by how it was formatted. */
function configsOf(text: string): string {
  const all = text.split(/,(?=[a-z.]+=)/).filter((each) => each !== 'min.insync.replicas=1');
  return all.toSorted().join(',');
}

const EXCEPTIONS = /^(. )((java|org|joptsimple|net)\.[\w.$]+(Exception|Error): )+/;

function neutral(line: string, { bootstrap, files, logDirectory }: Asked): string {
  const [, port] = bootstrap.split(':');
  return line
    .replaceAll(files, '{files}')
    .replaceAll(logDirectory, '{data}')
    .replaceAll(bootstrap, '{broker}')
    .replaceAll(new RegExp(`\\b${port}\\b`, 'g'), '{port}')
    .replace(EXCEPTIONS, '$1')
    .replaceAll(/(?<![\w-])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])/g, '{uuid}')
    .replaceAll(/(?<=TopicId: |TopicId ')[\w-]{22}/g, '{id}')
    .replace(/(?<=\tConfigs: ).*/, configsOf)
    .replace(/Epoch: \d+$/, 'Epoch: {n}')
    .replaceAll(/\b1[5-9]\d{11}\b/g, '{ms}')
    .replaceAll(/\b20\d\d-\d\d-\d\d[T ][\d:.,]+Z?/g, '{date}')
    .replaceAll(/x{99,}/g, 'x…')
    .trimEnd();
}
