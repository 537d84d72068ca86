/** `kafka-get-offsets`: first, last or timed offsets as topic:partition:offset. */
import { BEGINNING, END, listOffsets, nameOf } from '../client/offsets.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags } from './flags.ts';

const FLAGS = {
  topic: 'value',
  partitions: 'value',
  time: 'value',
  'topic-partitions': 'value',
  'exclude-internal-topics': 'switch',
} as const;

const TIMES: Readonly<Record<string, number>> = { latest: END, earliest: BEGINNING };

export async function getOffsets(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const time = flags.get('time') ?? 'latest';
  const timestamp = TIMES[time] ?? Number(time);
  if (!Number.isInteger(timestamp))
    throw new UsageError(`--time ${time}: write latest, earliest, -1, -2 or milliseconds`);
  const fits = new RegExp(`^(?:${(flags.get('topic') ?? '.*').replaceAll(',', '|')})$`);
  const wanted = flags.get('partitions')?.split(',').map(Number);
  return onCluster(terminal, flags, async (cluster) => {
    const { topics: all } = await cluster.metadata(null);
    const isShown = ({ name, isInternal }: (typeof all)[number]): boolean =>
      fits.test(name!) && !(isInternal && flags.has('exclude-internal-topics'));
    const topics = all.filter(isShown).toSorted((a, b) => (a.name! < b.name! ? -1 : 1));
    if (topics.length === 0) throw new CommandError(`there is no topic that fits ${flags.get('topic') ?? 'that'}`);
    const includes = (partition: number): boolean => wanted === undefined || wanted.includes(partition);
    const offsets = await listOffsets(cluster, topics, ({ partition }) =>
      includes(partition) ? timestamp : undefined,
    );
    for (const { name, partitions } of topics) {
      for (const { partitionIndex: partition } of partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex)) {
        const offset = offsets.get(nameOf({ topic: name!, partition }));
        if (offset !== undefined) await printLine(terminal, `${name}:${partition}:${offset < 0 ? '' : offset}`);
      }
    }
    return 0;
  });
}
