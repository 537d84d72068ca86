/** What the group tools are asked, in order, and their answers with all that differs between two runs taken out. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JavaDriver, ToolRun as Run } from './driver.ts';

/** A tool's lines, of both streams. */
type ToolRun = Pick<Run, 'exitCode' | 'output'>;

const TOPICS = 'org.apache.kafka.tools.TopicCommand';
const CONSUMER_GROUPS = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
const GROUPS = 'org.apache.kafka.tools.GroupsCommand';
const CONFIGS = 'org.apache.kafka.tools.ConfigCommand';
const CONSOLE_CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
const FORMATTERS = 'org.apache.kafka.tools.consumer';
const PARTITIONS = 3;
const RECORDS = 20;

export class ToolScript {
  readonly #java: JavaDriver;
  readonly #run: string;
  readonly #said: string[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), 'tools-'));

  constructor(java: JavaDriver, run: string) {
    this.#java = java;
    this.#run = run;
  }

  /** The transcript: what was asked, and what came back. */
  async play(): Promise<string> {
    try {
      await this.#topic(this.#run);
      await this.#topic(`${this.#run}-more`);
      await this.#members();
      await this.#living();
      await this.#java.ask('leave', 'classic-member');
      await this.#java.ask('leave', 'consumer-member');
      await this.#resets();
      await this.#configs();
      await this.#records();
      await this.#endings();
    } finally {
      rmSync(this.#directory, { recursive: true });
    }
    return `${this.#said.join('\n')}\n`;
  }

  async #topic(name: string): Promise<void> {
    const where = ['--bootstrap-server', 'BOOTSTRAP', '--topic', name];
    await this.#java.tool(TOPICS, ...where, '--create', '--partitions', `${PARTITIONS}`);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await this.#java.ask('produce', name, `${partition}`, `${RECORDS}`);
    }
  }

  async #members(): Promise<void> {
    for (const protocol of ['classic', 'consumer']) {
      const settings = [`group.id=${this.#run}-${protocol}`, `group.protocol=${protocol}`];
      await this.#java.ask('join', `${protocol}-member`, this.#run, ...settings);
    }
    for (let committed = 0; committed < 2;) {
      const states = await this.#plain(CONSUMER_GROUPS, '--describe', '--all-groups', '--offsets');
      const caughtUp = states.output.filter(
        (line) => line.includes(`${this.#run}-c`) && line.includes(` ${RECORDS} ${RECORDS} 0 `),
      );
      committed = caughtUp.length === 2 * PARTITIONS ? 2 : 0;
    }
  }

  /** Groups with members: lists, descriptions, and what is refused. */
  async #living(): Promise<void> {
    const [classic, consumer, none] = ['classic', 'consumer', 'none'].map((each) => `${this.#run}-${each}`);
    for (const filter of [
      [],
      ['--state'],
      ['--type'],
      ['--state', '--type'],
      ['--state', 'Stable'],
      ['--state', 'sTABLE,empty'],
      ['--state', 'Empty'],
      ['--state', 'Odd'],
      ['--type', 'classic'],
      ['--type', 'CONSUMER'],
      ['--type', 'Odd'],
      ['--state', 'Stable', '--type', 'Consumer'],
    ]) {
      await this.#groups('--list', ...filter);
    }
    for (const group of [classic, consumer, none]) {
      for (const what of [
        [],
        ['--offsets', '--verbose'],
        ['--members'],
        ['--members', '--verbose'],
        ['--state'],
        ['--state', '--verbose'],
      ]) {
        await this.#groups('--describe', '--group', group, ...what);
      }
    }
    await this.#groups('--describe', '--all-groups', '--state');
    await this.#groups('--describe', '--all-groups', '--members');
    await this.#groups('--validate-regex', 'a.*b');
    await this.#groups('--validate-regex', '(a');
    for (const group of [classic, consumer]) {
      await this.#groups('--reset-offsets', '--group', group, '--topic', this.#run, '--to-earliest', '--execute');
      await this.#groups('--delete-offsets', '--group', group, '--topic', this.#run);
      await this.#groups('--delete', '--group', group);
    }
    for (const filter of [
      [],
      ['--group-type', 'classic'],
      ['--group-type', 'consumer'],
      ['--group-type', 'share'],
      ['--protocol', 'consumer'],
      ['--consumer'],
      ['--share'],
      ['--streams'],
    ]) {
      await this.#tool(GROUPS, '--list', ...filter);
    }
  }

  /** Every way to set the offsets of groups without members. */
  async #resets(): Promise<void> {
    const file = join(this.#directory, 'offsets.csv');
    writeFileSync(file, `${this.#run}-reset,${this.#run},0,3\n${this.#run}-reset,${this.#run},1,99\n`);
    const ways = [
      ['--to-earliest'],
      ['--to-latest'],
      ['--to-offset', '7'],
      ['--to-offset', '99'],
      ['--shift-by', '-2'],
      ['--shift-by', '500'],
      ['--to-datetime', '2020-01-01T00:00:00.000'],
      ['--to-datetime', '2200-01-01T00:00:00.000'],
      ['--by-duration', 'PT1H'],
      ['--by-duration', 'PT0S'],
      ['--to-current'],
      ['--from-file', file],
    ];
    for (const name of ['reset', 'classic', 'consumer']) {
      const group = ['--reset-offsets', '--group', `${this.#run}-${name}`];
      for (const way of ways) {
        if (way[0] === '--from-file' && name !== 'reset') continue;
        await this.#groups(...group, '--topic', this.#run, ...way, '--dry-run');
        await this.#groups(...group, '--topic', this.#run, ...way, '--execute');
      }
    }
    const group = ['--group', `${this.#run}-reset`];
    await this.#groups(
      '--reset-offsets',
      ...group,
      '--topic',
      `${this.#run}-more:1,2`,
      '--to-offset',
      '4',
      '--execute',
    );
    await this.#groups('--reset-offsets', ...group, '--all-topics', '--to-earliest', '--dry-run', '--export');
    await this.#groups('--reset-offsets', ...group, '--topic', `${this.#run}-none`, '--to-earliest', '--execute');
    await this.#groups('--reset-offsets', '--all-groups', '--all-topics', '--to-latest', '--dry-run');
    await this.#groups('--describe', ...group);
    await this.#groups('--describe', ...group, '--state');
    await this.#groups('--describe', ...group, '--members');
  }

  /** Configurations of single groups. */
  async #configs(): Promise<void> {
    const entity = ['--entity-type', 'groups', '--entity-name', `${this.#run}-consumer`];
    const alter = (...change: string[]) => this.#tool(CONFIGS, ...entity, '--alter', ...change);
    await alter('--add-config', 'consumer.session.timeout.ms=50000,consumer.heartbeat.interval.ms=6000');
    await this.#tool(CONFIGS, ...entity, '--describe');
    await this.#tool(CONFIGS, ...entity, '--describe', '--all');
    await alter('--add-config', 'consumer.session.timeout.ms=1');
    await alter('--add-config', 'consumer.assignment.interval.ms=-1');
    await alter('--add-config', 'consumer.unknown=1');
    await alter('--delete-config', 'consumer.session.timeout.ms');
    await this.#tool(CONFIGS, ...entity, '--describe');
    await alter('--delete-config', 'consumer.heartbeat.interval.ms');
  }

  /** The records that the groups are made of, as Kafka's formatters read them. */
  async #records(): Promise<void> {
    const from = ['--topic', '__consumer_offsets', '--from-beginning', '--timeout-ms', '7000'];
    for (const formatter of ['OffsetsMessageFormatter', 'GroupMetadataMessageFormatter']) {
      const { output } = await this.#plain(CONSOLE_CONSUMER, ...from, '--formatter', `${FORMATTERS}.${formatter}`);
      const values = output.flatMap((line) => line.split(/(?<=\})(?=\{"key"|Processed)/));
      const own = values.filter((line) => line.includes(`${this.#run}-`) && line.startsWith('{'));
      // How often consumers commit by themselves is a matter of time.
      const steady = own.filter((line) => formatter.startsWith('Group') || line.includes('-reset"'));
      this.#say(formatter, { exitCode: 0, output: [...new Set(steady)] });
    }
  }

  async #endings(): Promise<void> {
    const [reset, classic, consumer] = ['reset', 'classic', 'consumer'].map((each) => `${this.#run}-${each}`);
    await this.#groups('--delete-offsets', '--group', reset, '--topic', `${this.#run}-more`);
    await this.#groups(
      '--delete-offsets',
      '--group',
      reset,
      '--topic',
      `${this.#run}:1`,
      '--topic',
      `${this.#run}-none`,
    );
    await this.#groups('--delete-offsets', '--group', `${this.#run}-none`, '--topic', this.#run);
    await this.#groups('--describe', '--group', reset);
    await this.#groups('--delete', '--group', reset, '--group', `${this.#run}-none`);
    await this.#groups('--delete', '--group', classic, '--group', consumer);
    await this.#groups('--list');
  }

  #groups(...words: string[]): Promise<void> {
    return this.#tool(CONSUMER_GROUPS, ...words);
  }

  async #tool(name: string, ...words: string[]): Promise<void> {
    const run = await this.#plain(name, ...words);
    this.#say(`${name.slice(name.lastIndexOf('.') + 1)} ${words.join(' ')}`, run);
  }

  #plain(name: string, ...words: string[]): Promise<ToolRun> {
    return this.#java.tool(name, '--bootstrap-server', 'BOOTSTRAP', ...words).then(({ exitCode, output }) => ({
      exitCode,
      output: output.map((line) => line.trim().replaceAll(/\s+/g, ' ')),
    }));
  }

  #say(asked: string, { exitCode, output }: ToolRun): void {
    // Other groups may live on the broker; tables come in any order.
    const isList = /--list|--all-groups/.test(asked);
    const own = output.filter((line) => !isList || !/^\S*[a-z0-9]{3}/.test(line) || line.includes(this.#run));
    const lines = exitCode === 0 ? own.flatMap(withoutTrace) : [];
    this.#said.push(
      this.#neutral(`> ${asked}`),
      ...new Set(lines.map((line) => this.#neutral(`  ${line}`)).toSorted()),
    );
    if (exitCode !== 0) this.#said.push(`  exit ${exitCode}`);
  }

  #neutral(line: string): string {
    const runInHex = Buffer.from(this.#run).toString('hex');
    return line
      .replaceAll(
        /"(subscription|assignment)":"([^"]*)"/g,
        (_all, name: string, base64: string) =>
          `"${name}":"${Buffer.from(base64, 'base64').toString('hex').replaceAll(runInHex, '<topic>')}"`,
      )
      .replaceAll(this.#run, 'tools')
      .replaceAll(this.#directory, '<dir>')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
      .replaceAll(/consumer-member-?\d* [A-Za-z0-9_-]{22}/g, 'consumer-member <uuid>')
      .replaceAll(/\b[A-Za-z0-9_-]{22}(?= )/g, '<uuid>')
      .replaceAll(/(Timestamp"?:)\d{13}/gi, '$1<time>')
      .replaceAll(/"topicId":"[^"]*"/g, '"topicId":"<uuid>"')
      .replaceAll(/127\.0\.0\.1:\d+ \(\d+\)/g, '<broker>')
      .replaceAll(/\[20\d\d-\d\d-\d\d [^\]]*\]/g, '<time>')
      .replaceAll(/localhost:\d+|127\.0\.0\.1:\d+/g, '<broker>');
  }
}

/** Tables as they are, of an error its kind; whole sentences are the tools' own, and do not depend on the broker. */
function withoutTrace(line: string): string[] {
  if (/^(at |\.\.\. \d+ more)/.test(line)) return [];
  const kinds = line.match(/\b[A-Za-z]+(Exception|Error)\b/g);
  if (kinds !== null) return [kinds.at(-1) as string];
  const sentence = /^(Warn|Error): |^[A-Z][a-z].* .* .*[.:]$/.exec(line);
  return sentence === null ? [line] : [`${sentence[1] ?? ''}…`];
}
