/** `kafka-get-offsets`: first, last or timed offsets as topic:partition:offset. */
import { listOffsets, nameOf } from '../client/offsets.ts';
import { javaPattern, topicFilter } from '../java-pattern/java-pattern.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type Flags, type FlagTable } from './flags.ts';

export const FLAGS: FlagTable = {
  topic: 'value',
  partitions: 'value',
  time: 'value',
  'topic-partitions': 'value',
  'exclude-internal-topics': 'switch',
};

const TIMES: Readonly<Record<string, number>> = {
  latest: -1,
  earliest: -2,
  'max-timestamp': -3,
  'earliest-local': -4,
  'latest-tiered': -5,
  'earliest-pending-upload': -6,
};

export async function getOffsets(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const timestamp = timeOf(flags.get('time') ?? 'latest');
  const includes = filterOf(flags);
  return onCluster(terminal, flags, async (cluster) => {
    const { topics: all } = await cluster.metadata(null);
    const topics = all
      .filter(({ isInternal }) => !(isInternal && flags.has('exclude-internal-topics')))
      .map((topic) => ({
        ...topic,
        partitions: topic.partitions.filter(({ partitionIndex }) => includes(topic.name!, partitionIndex)),
      }))
      .filter(({ partitions }) => partitions.length > 0)
      .toSorted((a, b) => (a.name! < b.name! ? -1 : 1));
    if (topics.length === 0) throw new CommandError('Could not match any topic-partitions with the specified filters');
    const offsets = await listOffsets(cluster, topics, () => timestamp);
    for (const { name, partitions } of topics) {
      for (const { partitionIndex: partition } of partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex)) {
        const offset = offsets.get(nameOf({ topic: name!, partition })) ?? -1;
        // Nothing where there is no such record.
        if (offset >= 0) await printLine(terminal, `${name}:${partition}:${offset}`);
      }
    }
    return 0;
  });
}

function timeOf(text: string): number {
  const time = Object.hasOwn(TIMES, text) ? TIMES[text] : /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (time >= -6) return time;
  const words = Object.entries(TIMES).map(([word, number]) => `${number} or ${word}`);
  throw new UsageError(`Malformed time argument ${text}. Please use ${words.join(' / ')}, or milliseconds since 1970`);
}

type Filter = (topic: string, partition: number) => boolean;

function filterOf(flags: Flags): Filter {
  const rules = flags.get('topic-partitions');
  if (rules !== undefined) {
    if (flags.has('topic') || flags.has('partitions')) {
      throw new UsageError('--topic-partitions cannot be used with --topic or --partitions');
    }
    const filters = rules.split(',').map(ruleOf);
    return (topic, partition) => filters.some((filter) => filter(topic, partition));
  }
  const pattern = topicFilter(flags.get('topic') ?? '.*');
  const text = flags.get('partitions');
  const wanted = text?.split(',').map((each) => {
    if (/^\d{1,9}$/.test(each.trim())) return Number(each);
    throw new UsageError(`--partitions expects a comma separated list of numeric partition ids, but received: ${text}`);
  });
  return (topic, partition) => pattern.matches(topic) && (wanted === undefined || wanted.includes(partition));
}

/** A name's pattern, and behind a colon one partition, or a range whose end does not belong to it: a:1, a:0-3, a:5-, a:-3. */
function ruleOf(rule: string): Filter {
  const match = /^([^:,]*)(?::(?:(\d*)|(?:(\d*)-(\d*))))?$/.exec(rule);
  if (match === null) throw new UsageError(`Invalid rule specification: ${rule}`);
  const [, name, one, from, to] = match;
  const pattern = javaPattern(name === '' ? '.*' : name);
  const includes = (partition: number): boolean => {
    if (one !== undefined && one !== '') return partition === Number(one);
    return partition >= Number(from || 0) && (to === undefined || to === '' || partition < Number(to));
  };
  return (topic, partition) => pattern.matches(topic) && includes(partition);
}
