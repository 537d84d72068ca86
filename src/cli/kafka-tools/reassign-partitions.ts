/** `kafka-reassign-partitions`: has partitions move to other brokers (KIP-455): a plan, its beginning, its progress, its end. */
import { AlterPartitionReassignments } from '../../../protocol/apis/45-alter-partition-reassignments.ts';
import { ListPartitionReassignments } from '../../../protocol/apis/46-list-partition-reassignments.ts';
import { errorName, ErrorCode } from '../../../protocol/errors.ts';
import type { ResponseOf } from '../../../protocol/schema.ts';
import { nodeFiles } from '../../platform/files.ts';
import { systemRandom } from '../../platform/random.ts';
import type { Cluster } from '../client/cluster.ts';
import { refuse } from '../client/failure.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type FlagTable, type Flags } from './flags.ts';
import { byName, parsePlan, parseTopics, planText, propose, type PlannedPartition } from './reassignment-plan.ts';
import { clearThrottles, throttle, type MovingPartition } from './reassignment-throttles.ts';

export const FLAGS: FlagTable = {
  generate: 'switch',
  execute: 'switch',
  verify: 'switch',
  cancel: 'switch',
  list: 'switch',
  'reassignment-json-file': 'value',
  'topics-to-move-json-file': 'value',
  'broker-list': 'value',
  'disable-rack-aware': 'switch',
  throttle: 'value',
  additional: 'switch',
  'preserve-throttles': 'switch',
  'disallow-replication-factor-change': 'switch',
  timeout: { refused: 'it is for moves between log directories: this tool moves replicas between brokers' },
  'replica-alter-log-dirs-throttle': { refused: 'this tool moves replicas between brokers, not between directories' },
  'bootstrap-controller': { refused: 'a broker passes it on to the controller: write --bootstrap-server' },
};

const TIMEOUT = { timeoutMs: 30_000 };
const FILE = 'reassignment-json-file';

/** What each action may be given besides. */
const USES: Readonly<Record<string, readonly string[]>> = {
  generate: ['topics-to-move-json-file', 'broker-list', 'disable-rack-aware'],
  execute: [FILE, 'throttle', 'additional', 'disallow-replication-factor-change'],
  verify: [FILE, 'preserve-throttles'],
  cancel: [FILE, 'preserve-throttles'],
  list: [],
};

type Action = 'generate' | 'execute' | 'verify' | 'cancel' | 'list';
type Moving = ResponseOf<typeof ListPartitionReassignments>['topics'][number]['partitions'][number];

export async function reassignPartitions(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const action = flags.oneOf(['generate', 'execute', 'verify', 'cancel', 'list']);
  flags.only(action, USES[action]);
  flags.need('bootstrap-server'); // --broker-list means something else here
  const lines = await onCluster(terminal, flags, (cluster) => ACTIONS[action](cluster, flags));
  for (const line of lines) await printLine(terminal, line);
  return 0;
}

const ACTIONS: Readonly<Record<Action, (cluster: Cluster, flags: Flags) => Promise<string[]>>> = {
  generate,
  execute,
  verify,
  cancel,
  list,
};

async function generate(cluster: Cluster, flags: Flags): Promise<string[]> {
  const topics = parseTopics(contentOf(flags, 'topics-to-move-json-file'));
  const ids = flags
    .need('broker-list')
    .split(',')
    .map((text) => brokerId(text.trim()));
  const { brokers } = await cluster.metadata([]);
  const known = ids.map((id) => {
    const broker = brokers.find(({ nodeId }) => nodeId === id);
    if (broker === undefined) throw new UsageError(`--broker-list: there is no broker ${id}`);
    return { id, rack: broker.rack };
  });
  const current = await assigned(cluster, topics);
  const proposed = propose(current, known, !flags.has('disable-rack-aware'), () => systemRandom.float());
  return [
    'Current partition replica assignment',
    planText(current),
    '',
    'Proposed partition reassignment configuration',
    planText(proposed),
  ];
}

async function execute(cluster: Cluster, flags: Flags): Promise<string[]> {
  const plan = parsePlan(contentOf(flags, FILE));
  await refuseStrangers(cluster, plan);
  const rate = flags.number('throttle');
  if (rate !== undefined && rate < 1) throw new UsageError(`--throttle ${rate}: write bytes a second, 1 or more`);
  if (!flags.has('additional') && (await underWay(cluster)).size > 0) {
    throw new UsageError(
      'Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new ' +
        'partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle ' +
        'by resubmitting the current reassignment.',
    );
  }
  const current = await assigned(cluster, [...new Set(plan.map(({ topic }) => topic))]);
  const moving = plan.map((one): MovingPartition => {
    const found = current.find(({ topic, partition }) => topic === one.topic && partition === one.partition);
    if (found === undefined) throw new UsageError(`there is no partition ${one.topic}-${one.partition}`);
    return { ...one, before: found.replicas };
  });
  const before = current.filter((one) => moving.some((each) => byName(each, one) === 0));
  const told = ['Current partition replica assignment', '', planText(before), ''];
  told.push('Save this to use as the --reassignment-json-file option during rollback');
  if (rate !== undefined) {
    await throttle(cluster, moving, rate);
    told.push(
      'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.',
    );
    told.push(`The inter-broker throttle limit was set to ${rate} B/s`);
  }
  await alter(cluster, plan, !flags.has('disallow-replication-factor-change'));
  return [...told, `Successfully started partition reassignment${plural(plan)} for ${namesOf(plan)}`];
}

async function verify(cluster: Cluster, flags: Flags): Promise<string[]> {
  const plan = parsePlan(contentOf(flags, FILE));
  const moving = await underWay(cluster);
  const current = await assigned(cluster, [...new Set(plan.map(({ topic }) => topic))]);
  const lines = plan.toSorted(byName).map((one) => {
    const name = nameOf(one);
    const wanted = one.replicas.join(',');
    const found = current.find((each) => byName(each, one) === 0);
    const active = moving.get(name);
    if (active !== undefined && targetOf(active).join(',') === wanted)
      return `Reassignment of partition ${name} is still in progress.`;
    if (found?.replicas.join(',') === wanted) return `Reassignment of partition ${name} is completed.`;
    const what = active === undefined ? 'There is no active reassignment' : 'There is another active reassignment';
    return `${what} of partition ${name}, but replica set is ${found?.replicas.join(',') ?? 'unknown'} rather than ${wanted}.`;
  });
  const told = ['Status of partition reassignment:', ...lines];
  // As long as any move goes on, its throttle stays.
  return moving.size > 0 || flags.has('preserve-throttles') ? told : [...told, '', ...(await cleared(cluster, plan))];
}

async function cancel(cluster: Cluster, flags: Flags): Promise<string[]> {
  const plan = parsePlan(contentOf(flags, FILE));
  const moving = await underWay(cluster);
  const active = plan.filter((one) => moving.has(nameOf(one)));
  if (active.length > 0) {
    const cancelled = active.map((one) => ({ ...one, replicas: null }));
    await alter(cluster, cancelled, true);
  }
  const told = [
    active.length === 0
      ? 'None of the specified partition reassignments are active.'
      : `Successfully cancelled partition reassignment${plural(active)} for: ${namesOf(active)}`,
    'None of the specified partition moves are active.',
  ];
  return flags.has('preserve-throttles') ? told : [...told, ...(await cleared(cluster, plan))];
}

async function list(cluster: Cluster): Promise<string[]> {
  const moving = await underWay(cluster);
  if (moving.size === 0) return ['No partition reassignments found.'];
  const lines = Array.from(moving, ([name, { replicas, addingReplicas, removingReplicas }]) => {
    const adding = addingReplicas.length === 0 ? '' : ` adding: ${addingReplicas.join(',')}.`;
    const removing = removingReplicas.length === 0 ? '' : ` removing: ${removingReplicas.join(',')}.`;
    return `${name}: replicas: ${replicas.join(',')}.${adding}${removing}`;
  });
  return ['Current partition reassignments:', ...lines.toSorted()];
}

async function cleared(cluster: Cluster, plan: readonly PlannedPartition[]): Promise<string[]> {
  const { brokers } = await cluster.metadata([]);
  const ids = brokers.map(({ nodeId }) => nodeId).toSorted((a, b) => a - b);
  const topics = new Set(plan.map(({ topic }) => topic));
  await clearThrottles(cluster, topics, ids);
  return [
    `Clearing broker-level throttles on broker${ids.length === 1 ? '' : 's'} ${ids.join(',')}`,
    `Clearing topic-level throttles on topic${topics.size === 1 ? '' : 's'} ${[...topics].join(',')}`,
  ];
}

/** What moves now, by name. */
async function underWay(cluster: Cluster): Promise<Map<string, Moving>> {
  const check = ({ errorCode, errorMessage }: { errorCode: number; errorMessage: string | null }): void =>
    refuse('the moves under way', errorCode, errorMessage);
  const draft = { topics: null, ...TIMEOUT };
  const { topics } = await cluster.sendToController(ListPartitionReassignments, draft, check);
  return new Map(
    topics.flatMap(({ name, partitions }) => partitions.map((one) => [`${name}-${one.partitionIndex}`, one] as const)),
  );
}

/** Where a move leads to. */
function targetOf({ replicas, removingReplicas }: Moving): number[] {
  return replicas.filter((broker) => !removingReplicas.includes(broker));
}

async function alter(
  cluster: Cluster,
  plan: readonly (Omit<PlannedPartition, 'replicas'> & { readonly replicas: readonly number[] | null })[],
  allowReplicationFactorChange: boolean,
): Promise<void> {
  const names = [...new Set(plan.map(({ topic }) => topic))];
  const topics = names.map((name) => ({
    name,
    partitions: plan
      .filter(({ topic }) => topic === name)
      .map(({ partition: partitionIndex, replicas }) => ({
        partitionIndex,
        replicas: replicas === null ? null : [...replicas],
      })),
  }));
  const draft = { topics, allowReplicationFactorChange, ...TIMEOUT };
  const check = ({ errorCode, errorMessage }: { errorCode: number; errorMessage: string | null }): void =>
    refuse('the moves', errorCode, errorMessage);
  const { responses } = await cluster.sendToController(AlterPartitionReassignments, draft, check);
  const failed = responses.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partitionIndex, errorCode, errorMessage }) =>
      errorCode === ErrorCode.NONE ? [] : [`${name}-${partitionIndex}: ${errorMessage ?? errorName(errorCode)}`],
    ),
  );
  if (failed.length > 0) throw new Error(`Error reassigning partition(s):\n${failed.join('\n')}`);
}

/** @throws {Error} for a topic that is not there */
async function assigned(cluster: Cluster, names: readonly string[]): Promise<PlannedPartition[]> {
  const { topics } = await cluster.metadata(names);
  return topics.flatMap(({ errorCode, name, partitions }) => {
    refuse(`topic '${name}'`, errorCode);
    return partitions.map(({ partitionIndex, replicaNodes }) => ({
      topic: name ?? '',
      partition: partitionIndex,
      replicas: replicaNodes,
    }));
  });
}

async function refuseStrangers(cluster: Cluster, plan: readonly PlannedPartition[]): Promise<void> {
  const { brokers } = await cluster.metadata([]);
  const strange = plan.flatMap(({ replicas }) => replicas).find((id) => !brokers.some(({ nodeId }) => nodeId === id));
  if (strange !== undefined) throw new UsageError(`Unknown broker id ${strange}`);
}

/** Of the file that a flag names. @throws {UsageError} */
function contentOf(flags: Flags, name: string): string {
  const path = flags.need(name);
  if (!nodeFiles.exists(path)) throw new UsageError(`--${name} ${path}: there is no such file`);
  return nodeFiles.readAll(path).toString();
}

function brokerId(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--broker-list ${text}: write ids of brokers with commas`);
}

function nameOf({ topic, partition }: Pick<PlannedPartition, 'topic' | 'partition'>): string {
  return `${topic}-${partition}`;
}

function namesOf(plan: readonly PlannedPartition[]): string {
  return plan.toSorted(byName).map(nameOf).join(',');
}

function plural({ length }: readonly unknown[]): string {
  return length === 1 ? '' : 's';
}
