/** `kafka-console-share-consumer`: the records of a topic to stdout, as a member of a share group acquires them (KIP-932). */
import { AckType } from '../../../protocol/acknowledge-type.ts';
import { ShareMember, type SharedRecord } from '../client/share-member.ts';
import { print, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { commandConfig, withClient } from './cluster.ts';
import { isAboutConnecting, readPropertiesFile, type Properties } from './command-config.ts';
import { formatterProperties } from './console-consumer.ts';
import { readFlags, type Flags, type FlagTable } from './flags.ts';
import { IdleLimit } from './idle-limit.ts';
import { formatterOf } from './record-formatter.ts';

export const FLAGS: FlagTable = {
  topic: 'value',
  group: 'value',
  'max-messages': 'value',
  'timeout-ms': 'value',
  reject: 'switch',
  release: 'switch',
  'reject-message-on-error': 'switch',
  property: 'list',
  'formatter-property': 'list',
  'formatter-config': 'value',
  formatter: 'value',
  'key-deserializer': 'value',
  'value-deserializer': 'value',
  'consumer-property': 'list',
  'command-property': 'list',
  'consumer-config': 'value',
  'enable-systest-events': 'switch',
};

const DEFAULT_GROUP = 'console-share-consumer';

export async function consoleShareConsumer(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  if (!flags.has('topic')) throw new UsageError('--topic is a required argument');
  const topic = flags.need('topic');
  const own = shareConsumerProperties(flags);
  const group = groupOf(flags, own);
  const most = flags.number('max-messages') ?? -1;
  const idle = new IdleLimit(terminal, flags.number('timeout-ms'));
  const enough = new AbortController();
  const signal = AbortSignal.any([idle.terminal.stopping(), enough.signal]);
  let count = 0;
  const write = writerOf(flags, terminal);
  const take = async (record: SharedRecord): Promise<AckType> => {
    idle.touch();
    const type = await write(record);
    if (++count === most) enough.abort();
    return type;
  };
  try {
    await withClient(terminal, flags, own, async (cluster) => {
      await cluster.metadata([topic], true); // a topic that is not there is made, as by Kafka's consumer
      const { randomUuid, systemRandom } = await import('../../platform/random.ts'); // node:crypto is slow to load
      const member = new ShareMember(cluster, group, randomUuid(systemRandom), [topic]);
      if (most !== 0) await member.run({ signal, take });
    });
  } finally {
    idle.end();
    terminal.stderr.write(`Processed a total of ${count} messages\n`);
  }
  if (flags.has('enable-systest-events')) terminal.stdout.write('shutdown_complete\n');
  return 0;
}

/** Writes a record, and says how it is acknowledged. */
function writerOf(flags: Flags, { stdout, stderr }: Terminal): (record: SharedRecord) => Promise<AckType> {
  const format = formatterOf(flags.get('formatter'), formatterProperties(flags));
  const type = acknowledgementOf(flags);
  return async (record) => {
    try {
      const { out, log } = format(record);
      if (log !== undefined) stderr.write(`${log}\n`);
      await print(stdout, out);
      return type;
    } catch (error) {
      if (!flags.has('reject-message-on-error')) throw error;
      stderr.write(`Error processing message, rejecting this message: ${(error as Error).message}\n`);
      return AckType.reject;
    }
  };
}

function acknowledgementOf(flags: Flags): AckType {
  if (flags.has('reject') && flags.has('release')) {
    throw new UsageError('At most one of --reject and --release may be specified.');
  }
  if (flags.has('reject')) return AckType.reject;
  return flags.has('release') ? AckType.release : AckType.accept;
}

/** What the client is told: files first, then what was given one by one. */
function shareConsumerProperties(flags: Flags): Properties {
  for (const [one, other] of [
    ['consumer-property', 'command-property'],
    ['consumer-config', 'command-config'],
  ]) {
    if (flags.has(one) && flags.has(other)) {
      throw new UsageError(`Options --${one} and --${other} cannot be specified together.`);
    }
  }
  const former = flags.get('consumer-config');
  return new Map([
    ...(former === undefined ? [] : readPropertiesFile('consumer-config', former)),
    ...commandConfig(flags),
    ...flags.pairs('consumer-property'),
    ...flags.pairs('command-property'),
  ]);
}

function groupOf(flags: Flags, own: Properties): string {
  const unused = [...own.keys()].filter((key) => key !== 'group.id' && !isAboutConnecting(key));
  if (unused.length > 0) throw new UsageError(`this tool does not take the properties ${unused.join(', ')}`);
  const given = new Set([flags.get('group'), own.get('group.id')].filter((group) => group !== undefined));
  if (given.size > 1) {
    const groups = [...given].map((group) => `'${group}'`).join(', ');
    throw new UsageError(
      "The group ids provided in different places (directly using '--group', via '--consumer-property', or via " +
        `'--consumer-config') do not match. Detected group ids: ${groups}`,
    );
  }
  return [...given][0] ?? DEFAULT_GROUP;
}
