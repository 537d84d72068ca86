/** `kafka-consumer-groups`: lists, shows, resets and deletes groups, and forgets offsets. */
import { DeleteGroups } from '../../../protocol/apis/42-delete-groups.ts';
import { NamePattern, PatternError } from '../../patterns/name-pattern.ts';
import type { Cluster } from '../client/cluster.ts';
import { printLine, widest, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import { columns, commandConfig, withClient } from './cluster.ts';
import { deleteGroupOffsets } from './consumer-groups-delete-offsets.ts';
import { describeGroups } from './consumer-groups-describe.ts';
import { resetOffsets, SCENARIOS } from './consumer-groups-reset.ts';
import { consumersGroups, groupRefusal, groupsOf } from './group-selection.ts';
import { readFlags, type Flags, type FlagTable } from './flags.ts';

export const FLAGS: FlagTable = {
  list: 'switch',
  describe: 'switch',
  delete: 'switch',
  'delete-offsets': 'switch',
  'reset-offsets': 'switch',
  'validate-regex': 'value',
  group: 'list',
  'all-groups': 'switch',
  topic: 'list',
  'all-topics': 'switch',
  members: 'switch',
  offsets: 'switch',
  state: 'optional value',
  type: 'optional value',
  verbose: 'switch',
  timeout: 'value',
  'to-earliest': 'switch',
  'to-latest': 'switch',
  'to-current': 'switch',
  'to-offset': 'value',
  'to-datetime': 'value',
  'by-duration': 'value',
  'shift-by': 'value',
  'from-file': 'value',
  execute: 'switch',
  'dry-run': 'switch',
  export: 'switch',
};

type Action = (cluster: Cluster, flags: Flags, terminal: Terminal) => Promise<void>;

/** What each action does, and the flags that it heeds. */
const ACTIONS: Readonly<Record<string, { readonly run: Action; readonly used: readonly string[] }>> = {
  list: { run: list, used: ['state', 'type', 'timeout'] },
  describe: {
    run: describeGroups,
    used: ['group', 'all-groups', 'members', 'state', 'offsets', 'verbose', 'timeout'],
  },
  delete: { run: remove, used: ['group', 'all-groups', 'timeout'] },
  'delete-offsets': { run: deleteGroupOffsets, used: ['group', 'topic', 'timeout'] },
  'reset-offsets': {
    run: (cluster, flags, terminal) => resetOffsets(cluster, flags, terminal),
    used: ['group', 'all-groups', 'topic', 'all-topics', ...SCENARIOS, 'execute', 'dry-run', 'export', 'timeout'],
  },
};

export async function consumerGroups(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const action = flags.oneOf([...Object.keys(ACTIONS), 'validate-regex']);
  if (action === 'validate-regex') return validateRegex(flags, terminal);
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
    await printLine(terminal, `\nError: Executing consumer group command failed due to ${error.message}`);
  }
  return 0;
}

async function validateRegex(flags: Flags, terminal: Terminal): Promise<number> {
  flags.only('validate-regex', []);
  const expression = flags.need('validate-regex');
  let verdict = 'valid.';
  try {
    new NamePattern(expression).matches('');
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    verdict = `invalid: ${error.message}.`;
  }
  await printLine(terminal, `The regular expression \`${expression}\` is ${verdict}`);
  return 0;
}

const STATES = [
  'Dead',
  'Reconciling',
  'Assigning',
  'Stable',
  'PreparingRebalance',
  'CompletingRebalance',
  'Empty',
] as const;
const TYPES = ['Consumer', 'Classic'] as const;

async function list(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const states = chosen('state', flags, STATES);
  const types = chosen('type', flags, TYPES);
  const includes = (wanted: readonly string[], word: string): boolean =>
    wanted.length === 0 || wanted.includes(word.toLowerCase());
  const groups = (await consumersGroups(cluster)).filter(
    ({ state, type }) => includes(states, state) && includes(types, type),
  );
  if (!flags.has('state') && !flags.has('type')) {
    for (const { group } of groups) await printLine(terminal, group);
    return;
  }
  const heading = ['GROUP', ...(flags.has('type') ? ['TYPE'] : []), ...(flags.has('state') ? ['STATE'] : [])];
  const rows = groups.map(({ group, state, type }) => [
    group,
    ...(flags.has('type') ? [TYPES.find((each) => each.toLowerCase() === type.toLowerCase()) ?? type] : []),
    ...(flags.has('state') ? [state] : []),
  ]);
  const names = groups.map(({ group }) => group);
  const width = widest(names, 15) + 10;
  await printLine(terminal, columns([heading, ...rows], [width, 20, 20]));
}

/** The words of a flag such as --state stable,empty, in lower case; none where it stands alone. */
function chosen(name: string, flags: Flags, allowed: readonly string[]): string[] {
  const text = flags.get(name);
  const words = text === undefined ? [] : text.split(',').map((word) => word.trim().toLowerCase());
  if (words.every((word) => allowed.some((each) => each.toLowerCase() === word))) return words;
  throw new UsageError(`Invalid ${name} list '${text}'. Valid ${name}s are: ${allowed.join(', ')}`);
}

async function remove(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const names = await groupsOf(cluster, flags);
  const failed = new Map<string, string>();
  for (const name of names) {
    const { results } = await cluster.sendToCoordinator(name, DeleteGroups, { groupsNames: [name] }, () => {});
    if (results[0].errorCode !== 0) failed.set(name, groupRefusal(results[0].errorCode));
  }
  const quoted = names
    .filter((name) => !failed.has(name))
    .map((name) => `'${name}'`)
    .join(', ');
  if (failed.size === 0) {
    return printLine(terminal, `Deletion of requested consumer groups (${quoted}) was successful.`);
  }
  await printLine(terminal, '\nError: Deletion of some consumer groups failed:');
  for (const [name, why] of failed) {
    await printLine(terminal, `* Group '${name}' could not be deleted due to: ${why}`);
  }
  if (quoted !== '') await printLine(terminal, `\nThese consumer groups were deleted successfully: ${quoted}`);
}
