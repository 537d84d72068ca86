/** `kafka-consumer-groups --delete-offsets`: forgets what a group has committed of topics that it does not read. */
import { OffsetDelete } from '../../../protocol/apis/47-offset-delete.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Cluster } from '../client/cluster.ts';
import { byTopic, nameOf } from '../client/offsets.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { columns } from './cluster.ts';
import type { Flags } from './flags.ts';
import { groupRefusal } from './group-selection.ts';
import { parseScope } from './topic-scope.ts';

export async function deleteGroupOffsets(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const [group, ...others] = flags.all('group');
  if (group === undefined || others.length > 0) throw new UsageError('write one --group NAME');
  if (!flags.has('topic')) throw new UsageError('write --topic NAME, or --topic NAME:0,1');
  const scopes = flags.all('topic').map(parseScope);
  const { topics } = await cluster.metadata(scopes.map(({ topic }) => topic));
  const known = scopes.flatMap(({ topic, partitions }) => {
    const found = topics.find(({ name, errorCode }) => name === topic && errorCode === 0);
    const all = found?.partitions.map(({ partitionIndex }) => partitionIndex).toSorted((a, b) => a - b) ?? [];
    return (partitions ?? all).map((partition) => ({ topic, partition }));
  });
  const unknown = scopes.filter(
    ({ topic, partitions }) =>
      partitions === null && topics.some(({ name, errorCode }) => name === topic && errorCode !== 0),
  );
  const answer = await cluster.sendToCoordinator(
    group,
    OffsetDelete,
    {
      groupId: group,
      topics: byTopic(known).map(([name, some]) => ({
        name,
        partitions: some.map(({ partition }) => ({ partitionIndex: partition })),
      })),
    },
    () => {},
  );
  const codes = new Map(
    answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, errorCode }) => [
        nameOf({ topic: name, partition: partitionIndex }),
        errorCode,
      ]),
    ),
  );
  const codeOf = (name: string): number => answer.errorCode || (codes.get(name) ?? 0);
  const rows = [
    ...known.map((at) => [at.topic, at.partition, statusOf(codeOf(nameOf(at)))]),
    ...unknown.map(({ topic }) => [topic, '-', statusOf(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)]),
  ];
  await printLine(terminal, headlineOf(group, answer.errorCode, [...codes.values()]));
  await printLine(terminal, `\n${columns([['TOPIC', 'PARTITION', 'STATUS'], ...rows], [15, 10])}`);
}

function headlineOf(group: string, errorCode: number, codes: readonly number[]): string {
  if (errorCode !== 0) return `\nError: ${groupRefusal(errorCode)}`;
  if (codes.some((code) => code !== 0)) {
    return '\nError: Encountered some partition-level error, see the follow-up details.';
  }
  return `Request succeeded for deleting offsets from group ${group}.`;
}

function statusOf(errorCode: number): string {
  return errorCode === 0 ? 'Successful' : `Error: ${groupRefusal(errorCode)}`;
}
