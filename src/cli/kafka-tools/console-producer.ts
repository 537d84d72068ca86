/** `kafka-console-producer`: the lines of stdin into a topic. */
import { canCompressZstd, codecs, type Codec } from '../../../protocol/records/compression.ts';
import type { Cluster } from '../client/cluster.ts';
import { Producer, type ProducerOptions } from '../client/producer.ts';
import { findOrCreate } from '../produce.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { commandConfig, withClient } from './cluster.ts';
import { isAboutConnecting, readPropertiesFile, type Properties } from './command-config.ts';
import { readFlags, type Flags, type FlagTable } from './flags.ts';
import { JavaLines, LineReader } from './line-reader.ts';

export const FLAGS: FlagTable = {
  topic: 'value',
  property: 'list',
  'reader-property': 'list',
  'reader-config': 'value',
  'line-reader': 'value',
  'producer-property': 'list',
  'command-property': 'list',
  'producer.config': 'value',
  sync: 'switch',
  'compression-codec': 'optional value',
  'request-required-acks': 'value',
  'batch-size': 'value',
  'max-partition-memory-bytes': 'value',
  'max-memory-bytes': 'value',
  'max-block-ms': 'value',
  'message-send-max-retries': 'value',
  'retry-backoff-ms': 'value',
  'request-timeout-ms': 'value',
  'metadata-expiry-ms': 'value',
  timeout: 'value',
  'socket-buffer-size': { refused: 'the size of buffers is the operating system’s here; leave it out' },
};

/** The property of a producer that a flag sets. */
const PROPERTY_OF: Readonly<Record<string, string>> = {
  'request-required-acks': 'acks',
  'batch-size': 'batch.size',
  'max-partition-memory-bytes': 'batch.size',
  'max-memory-bytes': 'buffer.memory',
  'max-block-ms': 'max.block.ms',
  'message-send-max-retries': 'retries',
  'retry-backoff-ms': 'retry.backoff.ms',
  'request-timeout-ms': 'request.timeout.ms',
  'metadata-expiry-ms': 'metadata.max.age.ms',
  timeout: 'linger.ms',
};

const HEEDED = new Set([...Object.values(PROPERTY_OF), 'compression.type', 'enable.idempotence']);
const LINE_READER = /^(org\.apache\.kafka\.tools\.|kafka\.tools\.ConsoleProducer\$)?LineMessageReader$/;

export async function consoleProducer(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const topic = flags.need('topic');
  const reader = readerOf(flags);
  const own = producerProperties(flags);
  tellUnused(own, terminal);
  const options = await producerOptions(own);
  const limitMs = wholeNumber(own, 'max.block.ms', 0);
  await withClient(terminal, flags, own, (cluster) =>
    send(terminal, cluster, topic, reader, options, flags.has('sync'), limitMs),
  );
  return 0;
}

function readerOf(flags: Flags): LineReader {
  const name = flags.get('line-reader');
  if (name !== undefined && !LINE_READER.test(name)) {
    throw new UsageError(`there is no reader ${name} here, but org.apache.kafka.tools.LineMessageReader`);
  }
  const path = flags.get('reader-config');
  return new LineReader(
    new Map([
      ...(path === undefined ? [] : readPropertiesFile('reader-config', path)),
      ...flags.pairs('property'),
      ...flags.pairs('reader-property'),
    ]),
  );
}

/** Files first, then what was given one by one, then flags. */
function producerProperties(flags: Flags): Properties {
  const former = flags.get('producer.config');
  const properties = new Map([
    ...(former === undefined ? [] : readPropertiesFile('producer.config', former)),
    ...commandConfig(flags),
    ...flags.pairs('producer-property'),
    ...flags.pairs('command-property'),
  ]);
  for (const [flag, key] of Object.entries(PROPERTY_OF)) {
    const value = flags.get(flag);
    if (value !== undefined) properties.set(key, value);
  }
  if (flags.has('compression-codec')) properties.set('compression.type', flags.get('compression-codec') ?? 'gzip');
  return properties;
}

function tellUnused(properties: Properties, terminal: Terminal): void {
  const unused = [...properties.keys()].filter((key) => !HEEDED.has(key) && !isAboutConnecting(key));
  if (unused.length > 0) terminal.stderr.write(`These properties change nothing here: ${unused.join(', ')}\n`);
}

async function producerOptions(properties: Properties): Promise<ProducerOptions> {
  const { systemRandom } = await import('../../platform/random.ts'); // with it comes node:crypto, which is slow to load
  const idempotent = properties.get('enable.idempotence')?.trim().toLowerCase() === 'true';
  const acks = acksOf(properties.get('acks') ?? 'all');
  if (idempotent && acks !== -1) throw new UsageError('enable.idempotence=true needs acks=all');
  const numbers = {
    batchBytes: wholeNumber(properties, 'batch.size', 1),
    lingerMs: wholeNumber(properties, 'linger.ms', 0),
    retries: wholeNumber(properties, 'retries', 0),
    memoryBytes: wholeNumber(properties, 'buffer.memory', 1),
    metadataMaxAgeMs: wholeNumber(properties, 'metadata.max.age.ms', 0),
  };
  const given = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined));
  const compression = codecOf(properties.get('compression.type') ?? 'none');
  return { compression, acks, idempotent, random: systemRandom, delivered: () => {}, ...given };
}

function acksOf(text: string): -1 | 0 | 1 {
  const acks = text.trim() === 'all' ? -1 : Number(text);
  if (acks === -1 || acks === 0 || acks === 1) return acks;
  throw new UsageError(`acks=${text}: write all, -1, 0 or 1`);
}

function codecOf(text: string): Codec {
  const codec = codecs.find((each) => each === text.trim());
  if (codec === undefined) throw new UsageError(`compression ${text}: write one of ${codecs.join(', ')}`);
  if (codec === 'zstd' && !canCompressZstd()) throw new UsageError('zstd needs Node 22.15 or later here: take lz4');
  return codec;
}

function wholeNumber(properties: Properties, key: string, least: number): number | undefined {
  const text = properties.get(key)?.trim();
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
  throw new UsageError(`${key}=${text}: write a whole number from ${least} on`);
}

async function send(
  terminal: Terminal,
  cluster: Cluster,
  name: string,
  reader: LineReader,
  options: ProducerOptions,
  isSync: boolean,
  limitMs: number | undefined,
): Promise<void> {
  const producer = new Producer(cluster, await findOrCreate(terminal, cluster, name, limitMs), options);
  await producer.open();
  const isPrompted = terminal.stdin.isTTY === true;
  const take = async (lines: readonly string[]): Promise<void> => {
    for (const line of lines) {
      await producer.add(reader.read(line));
      if (isSync) await producer.flush();
    }
    if (isPrompted) terminal.stdout.write('>');
  };
  const all = (async () => {
    const lines = new JavaLines();
    if (isPrompted) terminal.stdout.write('>');
    for await (const piece of terminal.stdin) await take(lines.push(Buffer.from(piece as Buffer)));
    await take(lines.end());
    await producer.flush();
  })();
  await Promise.race([all, producer.failed]);
}
