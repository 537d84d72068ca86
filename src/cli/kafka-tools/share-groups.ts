/** `kafka-share-groups`: lists, shows, resets and deletes share groups, and has them forget topics. */
import { DeleteGroups } from '../../../protocol/apis/42-delete-groups.ts';
import { ErrorCode, errorMessage } from '../../../protocol/errors.ts';
import { formatAddress } from '../client/address.ts';
import type { Cluster } from '../client/cluster.ts';
import { Refused } from '../client/failure.ts';
import { listGroups } from '../client/groups.ts';
import { byTopic } from '../client/offsets.ts';
import { alterShareOffsets, deleteShareOffsets, describeShareGroup, shareOffsets } from '../client/share-groups.ts';
import type { ShareGroup } from '../client/share-groups.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import { columns, commandConfig, withClient } from './cluster.ts';
import { resetOffsets, type ResetGroups } from './consumer-groups-reset.ts';
import { readFlags, type Flags, type FlagTable } from './flags.ts';

const SCENARIOS = ['to-earliest', 'to-latest', 'to-current', 'to-offset', 'to-datetime', 'from-file'] as const;

export const FLAGS: FlagTable = {
  list: 'switch',
  describe: 'switch',
  delete: 'switch',
  'delete-offsets': 'switch',
  'reset-offsets': 'switch',
  group: 'list',
  'all-groups': 'switch',
  topic: 'list',
  'all-topics': 'switch',
  members: 'switch',
  offsets: 'switch',
  state: 'optional value',
  verbose: 'switch',
  timeout: 'value',
  'to-earliest': 'switch',
  'to-latest': 'switch',
  'to-current': 'switch',
  'to-offset': 'value',
  'to-datetime': 'value',
  'from-file': 'value',
  execute: 'switch',
  'dry-run': 'switch',
  export: 'switch',
};

type Action = (cluster: Cluster, flags: Flags, terminal: Terminal) => Promise<void>;

/** What each action does, and the flags that it heeds. */
const ACTIONS: Readonly<Record<string, { readonly run: Action; readonly used: readonly string[] }>> = {
  list: { run: list, used: ['state', 'timeout'] },
  describe: { run: describe, used: ['group', 'all-groups', 'members', 'state', 'offsets', 'verbose', 'timeout'] },
  delete: { run: remove, used: ['group', 'all-groups', 'timeout'] },
  'delete-offsets': { run: forget, used: ['group', 'topic', 'timeout'] },
  'reset-offsets': {
    run: reset,
    used: ['group', 'topic', 'all-topics', ...SCENARIOS, 'execute', 'dry-run', 'export', 'timeout'],
  },
};

export async function shareGroups(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const action = flags.oneOf(Object.keys(ACTIONS));
  const { run, used } = ACTIONS[action];
  flags.only(action, used);
  if (flags.has('group') && flags.has('all-groups')) throw new UsageError('--group cannot be used with --all-groups');
  const timeoutMs = flags.number('timeout');
  if (timeoutMs !== undefined && timeoutMs < 1) throw new UsageError(`--timeout ${timeoutMs}: write milliseconds`);
  try {
    await withClient(terminal, flags, commandConfig(flags), (cluster) => run(cluster, flags, terminal), timeoutMs);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // Kafka's tool ends with 0 all the same, and scripts rely on it.
    await printLine(terminal, `\nError: Executing share group command failed due to ${error.message}`);
  }
  return 0;
}

async function shareGroupsOf(cluster: Cluster): Promise<{ group: string; state: string }[]> {
  return (await listGroups(cluster)).filter(({ type }) => type.toLowerCase() === 'share');
}

/** The groups that an action is about. @throws {UsageError} where no flag names any */
async function groupsOf(cluster: Cluster, flags: Flags): Promise<string[]> {
  if (flags.has('all-groups')) return (await shareGroupsOf(cluster)).map(({ group }) => group);
  if (flags.has('group')) return [...flags.all('group')];
  throw new UsageError('write --group NAME, or --all-groups');
}

const STATES = ['Dead', 'Empty', 'Stable'] as const;

async function list(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const text = flags.get('state');
  const wanted = text === undefined ? [] : text.split(',').map((word) => word.trim().toLowerCase());
  if (!wanted.every((word) => STATES.some((state) => state.toLowerCase() === word))) {
    throw new UsageError(`Invalid state list '${text}'. Valid states are: ${STATES.join(', ')}`);
  }
  const groups = (await shareGroupsOf(cluster)).filter(
    ({ state }) => wanted.length === 0 || wanted.includes(state.toLowerCase()),
  );
  if (flags.has('state')) {
    const rows = groups.map(({ group, state }) => [group, state]);
    return printLine(terminal, columns([['GROUP', 'STATE'], ...rows], [15]));
  }
  for (const { group } of groups) await printLine(terminal, group);
}

async function describe(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const shown = ['members', 'offsets', 'state'].filter((name) => flags.has(name));
  if (shown.length > 1) throw new UsageError(`write one of ${shown.map((name) => `--${name}`).join(', ')}`);
  if (flags.get('state') !== undefined) {
    throw new UsageError(`--state ${flags.get('state')}: with --describe it takes no states`);
  }
  for (const name of (await groupsOf(cluster, flags)).toSorted()) {
    const group = await describeShareGroup(cluster, name);
    if (group === null) throw new CommandError(`Group ${name} not found.`);
    const isVerbose = flags.has('verbose');
    if (shown[0] === 'state') await printState(cluster, group, isVerbose, terminal);
    else if (shown[0] === 'members') await printMembers(group, isVerbose, terminal);
    else await printOffsets(cluster, group, isVerbose, terminal);
  }
}

function tellEmpty({ group, members }: ShareGroup, terminal: Terminal): void {
  if (members.length === 0) terminal.stderr.write(`\nShare group '${group}' has no active members.\n`);
}

async function printState(cluster: Cluster, group: ShareGroup, isVerbose: boolean, terminal: Terminal): Promise<void> {
  tellEmpty(group, terminal);
  const coordinator = await cluster.coordinator(group.group);
  const address = `${formatAddress(cluster.nodes.get(coordinator)!)}  (${coordinator})`;
  const heading = ['GROUP', 'COORDINATOR (ID)', 'STATE', ...(isVerbose ? ['GROUP-EPOCH', 'ASSIGNMENT-EPOCH'] : [])];
  const epochs = isVerbose ? [group.epoch, group.assignmentEpoch] : [];
  const table = [
    [...heading, '#MEMBERS'],
    [group.group, address, group.state, ...epochs, group.members.length],
  ];
  await printLine(terminal, `\n${columns(table, [15, 25, 15, ...(isVerbose ? [12, 17] : [])])}`);
}

async function printMembers(group: ShareGroup, isVerbose: boolean, terminal: Terminal): Promise<void> {
  tellEmpty(group, terminal);
  if (group.members.length === 0) return;
  const heading = ['GROUP', 'CONSUMER-ID', 'HOST', 'CLIENT-ID', '#PARTITIONS'];
  if (isVerbose) heading.push('MEMBER-EPOCH');
  const rows = group.members.map(({ memberId, host, clientId, partitions, epoch }) => {
    const assignment = byTopic(partitions).map(
      ([topic, some]) => `${topic}:${some.map(({ partition }) => partition).join(',')}`,
    );
    const text = assignment.length === 0 ? '-' : assignment.toSorted().join(';');
    return [group.group, memberId, host, clientId, partitions.length, ...(isVerbose ? [epoch] : []), text];
  });
  const least = [15, 15, 15, 15, 12, ...(isVerbose ? [13] : [])];
  await printLine(terminal, `\n${columns([[...heading, 'ASSIGNMENT'], ...rows], least)}`);
}

async function printOffsets(
  cluster: Cluster,
  { group }: ShareGroup,
  isVerbose: boolean,
  terminal: Terminal,
): Promise<void> {
  const offsets = await shareOffsets(cluster, group);
  if (offsets.length === 0) {
    terminal.stderr.write(`\nShare group '${group}' has no offset information.\n`);
    return;
  }
  const heading = ['GROUP', 'TOPIC', 'PARTITION', ...(isVerbose ? ['LEADER-EPOCH'] : []), 'START-OFFSET', 'LAG'];
  const rows = offsets.map(({ topic, partition, leaderEpoch, offset, lag }) => {
    return [group, topic, partition, ...(isVerbose ? [leaderEpoch] : []), offset ?? '-', lag ?? '-'];
  });
  const least = [15, 15, 10, ...(isVerbose ? [13] : []), 13];
  await printLine(terminal, `\n${columns([heading, ...rows], least)}`);
}

async function remove(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const names = await groupsOf(cluster, flags);
  const failed = new Map<string, string>();
  for (const name of names) {
    const isShare = (await describeShareGroup(cluster, name)) !== null;
    const { results } = isShare
      ? await cluster.sendToCoordinator(name, DeleteGroups, { groupsNames: [name] }, () => {})
      : { results: [{ errorCode: ErrorCode.GROUP_ID_NOT_FOUND }] };
    const [{ errorCode }] = results;
    if (errorCode === ErrorCode.GROUP_ID_NOT_FOUND) failed.set(name, `Group '${name}' is not a share group.`);
    else if (errorCode !== 0) failed.set(name, errorMessage(errorCode));
  }
  const deleted = names.filter((name) => !failed.has(name)).map((name) => `'${name}'`);
  if (failed.size === 0) {
    return printLine(terminal, `Deletion of requested share groups (${deleted.join(', ')}) was successful.`);
  }
  await printLine(terminal, '\nError: Deletion of some share groups failed:');
  for (const [name, why] of failed) {
    await printLine(terminal, `* Group '${name}' could not be deleted due to: ${why}`);
  }
  if (deleted.length > 0) {
    await printLine(terminal, `\nThese share groups were deleted successfully: ${deleted.join(', ')}`);
  }
}

/** The one group of an action that takes one. @throws {UsageError} */
function theGroup(flags: Flags): string {
  const [group, ...others] = flags.all('group');
  if (group === undefined || others.length > 0) throw new UsageError('write one --group NAME');
  return group;
}

async function forget(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const group = theGroup(flags);
  if (!flags.has('topic')) throw new UsageError('write --topic NAME');
  const results = await deleteShareOffsets(cluster, group, flags.all('topic')).catch(async (error: unknown) => {
    if (!(error instanceof Refused)) throw error;
    await printLine(terminal, `\nError: ${error.said}`);
    return new Map(flags.all('topic').map((topic) => [topic, error.said]));
  });
  const rows = Array.from(results, ([topic, why]) => [topic, why === null ? 'Successful' : `Error: ${why}`]);
  await printLine(terminal, `\n${columns([['TOPIC', 'STATUS'], ...rows], [15])}`);
}

const SHARE_GROUPS: ResetGroups = {
  scenarios: SCENARIOS,
  async offsets(cluster, group) {
    const known = await shareOffsets(cluster, group);
    return known.flatMap(({ topic, partition, offset }) => (offset === null ? [] : [{ topic, partition, offset }]));
  },
  async whyNot(cluster, group) {
    const members = (await describeShareGroup(cluster, group))?.members ?? [];
    return members.length === 0 ? null : `Share group '${group}' is not empty.`;
  },
  move: alterShareOffsets,
};

async function reset(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  theGroup(flags);
  if (!flags.has('execute') && !flags.has('dry-run')) {
    throw new UsageError('Option [reset-offsets] requires one of the options: [dry-run], [execute]');
  }
  await resetOffsets(cluster, flags, terminal, SHARE_GROUPS);
}
