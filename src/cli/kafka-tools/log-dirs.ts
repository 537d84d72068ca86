/** `kafka-log-dirs`: what lies in the log directories of brokers, as one line of JSON. */
import { DescribeLogDirs } from '../../../protocol/apis/35-describe-log-dirs.ts';
import { errorName } from '../../../protocol/errors.ts';
import type { Cluster } from '../client/cluster.ts';
import { refuse } from '../client/failure.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type FlagTable } from './flags.ts';

export const FLAGS: FlagTable = { describe: 'switch', 'topic-list': 'value', 'broker-list': 'value' };

export async function logDirs(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  if (!flags.has('describe')) throw new UsageError('write --describe');
  flags.need('bootstrap-server'); // --broker-list means something else here
  const topics = flags
    .get('topic-list')
    ?.split(',')
    .map((name) => name.trim());
  const wanted = brokerIds(flags.get('broker-list'));
  await onCluster(terminal, flags, async (cluster) => {
    const { brokers } = await cluster.metadata([]);
    const there = brokers.map(({ nodeId }) => nodeId).toSorted((a, b) => a - b);
    const ids = wanted ?? there;
    const missing = ids.filter((id) => !there.includes(id));
    if (missing.length > 0) {
      const existing = `Current existent brokers: ${there.join(',')}`;
      throw new CommandError(
        `ERROR: The given brokers do not exist from --broker-list: ${missing.join(',')}. ${existing}`,
      );
    }
    await printLine(terminal, 'Querying brokers for log directories information');
    const described = [];
    for (const id of ids) described.push({ broker: id, logDirs: await dirsOf(cluster, id, topics) });
    await printLine(terminal, `Received log directory information from brokers ${ids.join(',')}`);
    await printLine(terminal, JSON.stringify({ brokers: described, version: 1 }));
  });
  return 0;
}

function brokerIds(text: string | undefined): number[] | null {
  if (text === undefined || text.trim() === '') return null;
  return text.split(',').map((each) => {
    if (/^\d{1,9}$/.test(each.trim())) return Number(each);
    throw new UsageError(`--broker-list ${text}: write ids of brokers with commas`);
  });
}

async function dirsOf(cluster: Cluster, id: number, topics: readonly string[] | undefined) {
  const answer = await cluster.sendTo(id, DescribeLogDirs, { topics: null });
  refuse(`the log directories of broker ${id}`, answer.errorCode);
  return answer.results.map(({ errorCode, logDir, topics: found }) => ({
    partitions: found
      .filter(({ name }) => topics === undefined || topics.includes(name))
      .flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => ({
          partition: `${name}-${partitionIndex}`,
          size: partitionSize,
          offsetLag,
          isFuture: isFutureKey,
        })),
      ),
    error: errorCode === 0 ? null : errorName(errorCode),
    logDir,
  }));
}
