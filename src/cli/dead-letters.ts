/** `ottla dead-letters`: what a dead-letter queue holds, and from where; `--redrive` produces it again to its source (KIP-1191). */
import type { Command } from 'commander';
import type { Record } from '../../protocol/records/decode.ts';
import type { Cluster } from './client/cluster.ts';
import { readDeadLetters, readOriginals, type DeadLetter } from './client/dead-letters.ts';
import { byTopic, nameOf } from './client/offsets.ts';
import { Producer } from './client/producer.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import type { OutgoingRecord } from './record-input.ts';
import { note, printJson, printLine, printTable, type Terminal } from './terminal.ts';
import { findTopics } from './topic-names.ts';

interface Options extends ConnectionOptions {
  group?: string;
  redrive?: boolean;
  json?: boolean;
}

/** A dead letter with the record that it is about: from its source, or as it was copied into the letter. */
interface Told {
  readonly letter: DeadLetter;
  readonly original: Pick<Record, 'key' | 'value' | 'headers'> | null;
}

export function deadLettersCommand(terminal: Terminal): Command {
  const letters = command('dead-letters', 'show what share groups could not deliver, or deliver it again', [
    ['ottla dead-letters dlq.mails', 'causes, counts, sources, and the records themselves'],
    ['ottla dead-letters dlq.mails -g mailer --redrive', 'produce those of one group again to where they came from'],
    ['ottla dead-letters dlq.mails --json | jq .causes', 'for scripts'],
  ])
    .argument('<topic>', 'the dead-letter queue')
    .option('-g, --group <id>', 'only those of this share group')
    .option('--redrive', 'produce the records again to their sources; a second time produces them once more')
    .option('--json', 'as JSON');
  return withConnection(letters).action((name: string, options: Options) =>
    withCluster(terminal, options, async (cluster) => {
      const [topic] = await findTopics(cluster, [name]);
      const all = await readDeadLetters(cluster, topic);
      const meant = all.filter(({ group }) => group === (options.group ?? group));
      const originals = await readOriginals(cluster, meant);
      const told = meant.map((letter): Told => ({ letter, original: originals.get(letter) ?? copyIn(letter) }));
      const redriven = options.redrive === true ? await redrive(cluster, told) : null;
      if (options.json === true)
        return printJson(terminal, {
          causes: causesOf(meant),
          letters: told.map(jsonOf),
          redriven: redriven?.count ?? null,
        });
      if (redriven !== null) return printLine(terminal, redrivenWords(redriven, told));
      if (told.length === 0) return note(terminal, `no dead letters in ${name}`);
      await print(terminal, told);
    }),
  );
}

/** With errors.deadletterqueue.copy.record.enable the letter has key and value, not the record's headers. */
function copyIn({ key, value }: DeadLetter): Told['original'] {
  return key === null && value === null ? null : { key, value, headers: [] };
}

interface Cause {
  readonly cause: string;
  readonly group: string;
  readonly source: string;
  count: number;
}

function causesOf(letters: readonly DeadLetter[]): Cause[] {
  const causes = new Map<string, Cause>();
  for (const { cause, group, source } of letters) {
    const key = JSON.stringify([cause, group, source.topic]);
    const known = causes.get(key);
    if (known === undefined) causes.set(key, { cause, group, source: source.topic, count: 1 });
    else known.count++;
  }
  return [...causes.values()];
}

async function print(terminal: Terminal, told: readonly Told[]): Promise<void> {
  await printTable(
    terminal,
    [{ title: 'COUNT', align: 'right' }, { title: 'GROUP' }, { title: 'SOURCE' }, { title: 'CAUSE' }],
    causesOf(told.map(({ letter }) => letter)).map(({ count, group, source, cause }) => [count, group, source, cause]),
  );
  await printLine(terminal, '');
  await printTable(
    terminal,
    [
      { title: 'LETTER' },
      { title: 'SOURCE' },
      { title: 'DELIVERIES', align: 'right' },
      { title: 'KEY' },
      { title: 'VALUE' },
    ],
    told.map(({ letter, original }) => [
      `${nameOf(letter)}@${letter.offset}`,
      `${nameOf(letter.source)}@${letter.source.offset}`,
      letter.deliveries,
      ...(original === null ? ['gone', 'gone'] : [textOf(original.key), textOf(original.value)]),
    ]),
  );
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : Buffer.from(bytes).toString();
}

function jsonOf({ letter, original }: Told) {
  const { key: _key, value: _value, ...facts } = letter;
  const shown =
    original === null
      ? null
      : {
          key: original.key === null ? null : textOf(original.key),
          value: original.value === null ? null : textOf(original.value),
          headers: original.headers.map(({ key, value }) => ({ key, value: value === null ? null : textOf(value) })),
        };
  return { ...facts, original: shown };
}

interface Redriven {
  /** How many were produced. */
  count: number;
  /** How many could not be, as the topic or the partition that they came from was deleted. */
  homeless: number;
}

/** All whose record is still there, or was copied. */
async function redrive(cluster: Cluster, told: readonly Told[]): Promise<Redriven> {
  const sources = told.flatMap(({ letter, original }) => (original === null ? [] : [{ ...letter.source, original }]));
  const { topics } = await cluster.metadata([...new Set(sources.map(({ topic }) => topic))]);
  const { systemRandom: random } = await import('../platform/random.ts'); // with it comes node:crypto, which is slow to load
  const redriven = { count: 0, homeless: 0 };
  for (const [name, records] of byTopic(sources)) {
    const topic = topics.find((each) => each.name === name && each.errorCode === 0);
    const housed = records.filter(({ partition }) => partition < (topic?.partitions.length ?? 0));
    redriven.homeless += records.length - housed.length;
    if (topic === undefined || housed.length === 0) continue;
    const delivered = (_partition: number, _offset: number, more: number): void => void (redriven.count += more);
    const options = { compression: 'none', acks: -1, idempotent: true, random, delivered } as const;
    const producer = new Producer(cluster, topic, options);
    await producer.open();
    const all = (async () => {
      for (const { partition, original } of housed) await producer.add(outgoing(partition, original));
      await producer.flush();
    })();
    await Promise.race([all, producer.failed]);
  }
  return redriven;
}

function outgoing(partition: number, { key, value, headers }: NonNullable<Told['original']>): OutgoingRecord {
  return {
    partition,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: [...headers],
    timestamp: null,
  };
}

function redrivenWords({ count, homeless }: Redriven, told: readonly Told[]): string {
  const gone = told.filter(({ original }) => original === null).length;
  return [
    `${count} produced again`,
    ...(gone === 0 ? [] : [`${gone} are gone from their source, and no copy was kept`]),
    ...(homeless === 0 ? [] : [`${homeless} have nowhere to go: their topic or partition was deleted`]),
  ].join('; ');
}
