/** `kafka-leader-election`: has leaders elected: the preferred ones, or any replica where there is none in sync. */
import { ElectLeaders } from '../../../protocol/apis/43-elect-leaders.ts';
import { errorName, ErrorCode } from '../../../protocol/errors.ts';
import { nodeFiles } from '../../platform/files.ts';
import { refuse } from '../client/failure.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type FlagTable, type Flags } from './flags.ts';

const PATHS = { 'path-to-json-file': 'value', topic: 'value', 'all-topic-partitions': 'switch' } as const;

export const FLAGS: FlagTable = {
  ...PATHS,
  'election-type': 'value',
  partition: 'value',
  'admin.config': { refused: 'Kafka has another name for it now: write --command-config' },
};

const TYPES: Readonly<Record<string, number>> = { preferred: 0, unclean: 1 };
const TIMEOUT_MS = 30_000;

interface Topic {
  readonly topic: string;
  readonly partitions: readonly number[];
}

interface Outcome {
  readonly partition: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export async function leaderElection(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const word = flags.need('election-type').toLowerCase();
  const electionType = TYPES[word];
  if (electionType === undefined) throw new UsageError(`--election-type ${word}: write preferred or unclean`);
  const topicPartitions = partitionsIn(flags);
  return onCluster(terminal, flags, async (cluster) => {
    const draft = {
      electionType,
      topicPartitions:
        topicPartitions?.map(({ topic, partitions }) => ({ topic, partitions: [...partitions] })) ?? null,
      timeoutMs: TIMEOUT_MS,
    };
    const check = ({ errorCode }: { readonly errorCode: number }): void => refuse('the election', errorCode);
    const { replicaElectionResults } = await cluster.sendToController(ElectLeaders, draft, check);
    const outcomes = replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map(({ partitionId, ...rest }) => ({ partition: `${topic}-${partitionId}`, ...rest })),
    );
    return tell(terminal, word.toUpperCase(), outcomes);
  });
}

/** Null: of all topics. */
function partitionsIn(flags: Flags): Topic[] | null {
  const which = flags.oneOf(['all-topic-partitions', 'topic', 'path-to-json-file']);
  if (which !== 'topic' && flags.has('partition')) throw new UsageError('--partition goes with --topic');
  if (which === 'all-topic-partitions') return null;
  if (which === 'path-to-json-file') return readPartitions(flags.need(which));
  const partition = flags.number('partition');
  if (partition === undefined) throw new UsageError('write --partition beside --topic');
  return [{ topic: flags.need('topic'), partitions: [partition] }];
}

/** `{"partitions": [{"topic": "orders", "partition": 0}]}` */
function readPartitions(path: string): Topic[] {
  const found = new Map<string, number[]>();
  try {
    const { partitions } = JSON.parse(nodeFiles.readAll(path).toString()) as {
      partitions: { topic: string; partition: number }[];
    };
    for (const { topic, partition } of partitions) found.set(topic, [...(found.get(topic) ?? []), partition]);
  } catch (error) {
    const form = '{"partitions": [{"topic": "orders", "partition": 0}]}';
    throw new UsageError(`--path-to-json-file ${path} cannot be read (${(error as Error).message}): write ${form}`);
  }
  return Array.from(found, ([topic, partitions]) => ({ topic, partitions }));
}

/** The exit code: 1 where an election has failed. */
async function tell(terminal: Terminal, word: string, outcomes: readonly Outcome[]): Promise<number> {
  const named = (some: readonly Outcome[]): string => some.map(({ partition }) => partition).join(', ');
  const elected = outcomes.filter(({ errorCode }) => errorCode === ErrorCode.NONE);
  const needless = outcomes.filter(({ errorCode }) => errorCode === ErrorCode.ELECTION_NOT_NEEDED);
  const failed = outcomes.filter((each) => !elected.includes(each) && !needless.includes(each));
  if (elected.length > 0)
    await printLine(terminal, `Successfully completed leader election (${word}) for partitions ${named(elected)}`);
  if (needless.length > 0) await printLine(terminal, `Valid replica already elected for partitions ${named(needless)}`);
  for (const { partition, errorCode, errorMessage } of failed) {
    const why = `${errorName(errorCode)}${errorMessage === null ? '' : `: ${errorMessage}`}`;
    await printLine(terminal, `Error completing leader election (${word}) for partition: ${partition}: ${why}`);
  }
  if (failed.length === 0) return 0;
  throw new Error(`${failed.length} replica(s) could not be elected`);
}
