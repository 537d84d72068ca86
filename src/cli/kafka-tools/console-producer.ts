/** `kafka-console-producer`: the lines of stdin into a topic. */
import { attach, parse } from '../command-line.ts';
import { produceCommand } from '../produce.ts';
import { unescape } from '../escapes.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { addressOf } from './cluster.ts';
import { readFlags } from './flags.ts';

const FLAGS = {
  topic: 'value',
  property: 'list',
  'reader-property': 'list',
  'producer-property': 'list',
  'command-property': 'list',
  'producer.config': 'ignored',
  'reader-config': 'ignored',
  'compression-codec': 'value',
  'request-required-acks': 'value',
  'batch-size': 'ignored',
  'line-reader': 'ignored',
  'max-block-ms': 'ignored',
  'max-memory-bytes': 'ignored',
  'max-partition-memory-bytes': 'ignored',
  'message-send-max-retries': 'ignored',
  'metadata-expiry-ms': 'ignored',
  'request-timeout-ms': 'ignored',
  'retry-backoff-ms': 'ignored',
  'socket-buffer-size': 'ignored',
  sync: 'ignored switch',
} as const;

const READER = new Set(['parse.key', 'key.separator', 'ignore.error', 'null.marker', 'parse.headers']);

export async function consoleProducer(args: readonly string[], terminal: Terminal): Promise<number> {
  // Several flags in Kafka may be followed by nothing: --compression-codec alone is gzip.
  const given = args.flatMap((arg, at) => {
    const isBare = arg === '--compression-codec' && (args[at + 1] ?? '--').startsWith('--');
    return isBare ? [arg, 'gzip'] : [arg];
  });
  const flags = readFlags(given, FLAGS);
  const reader = new Map([...flags.pairs('property'), ...flags.pairs('reader-property')]);
  for (const key of reader.keys()) {
    if (!READER.has(key) || key === 'parse.headers' || key === 'null.marker') {
      throw new UsageError(
        `--reader-property ${key} is not there; \`ottla produce\` has headers (-H) and null values (-Z)`,
      );
    }
  }
  const own = new Map([...flags.pairs('producer-property'), ...flags.pairs('command-property')]);
  const codec = flags.get('compression-codec') ?? own.get('compression.type');
  const acks = flags.get('request-required-acks') ?? own.get('acks');
  const line = [flags.need('topic'), '-b', addressOf(flags)];
  if (reader.get('parse.key') === 'true')
    line.push(`--key-delimiter=${unescape(reader.get('key.separator') ?? '\\t')}`);
  if (codec !== undefined) line.push('-z', codec);
  if (acks !== undefined) line.push('--acks', acks);
  await parse(attach(produceCommand(terminal), terminal), line);
  return 0;
}
