/** `kafka-acls`: adds, lists and removes ACLs, in the words of Kafka's own tool. */
import { DescribeAcls } from '../../../protocol/apis/29-describe-acls.ts';
import { CreateAcls } from '../../../protocol/apis/30-create-acls.ts';
import { DeleteAcls } from '../../../protocol/apis/31-delete-acls.ts';
import { nameOf, Operation, Pattern, Permission, Resource } from '../../security/acls/codes.ts';
import type { Cluster } from '../client/cluster.ts';
import { refuse } from '../client/failure.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { FLAGS, groupsOf, patternsOf, USES, type Entry, type Group, type ResourcePattern } from './acl-flags.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type Flags } from './flags.ts';

export { FLAGS };

/** Of a filter: whatever it is. */
const ANY = 1;

export async function acls(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const action = flags.oneOf(['add', 'remove', 'list']);
  flags.only(action, USES[action]);
  await onCluster(terminal, flags, (cluster) => ACTIONS[action](cluster, flags, terminal));
  return 0;
}

const ACTIONS = { add, remove, list };

async function add(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  if (!flags.has('allow-principal') && !flags.has('deny-principal')) {
    throw new UsageError('You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.');
  }
  for (const { pattern, entries } of groupsOf(flags)) {
    await printLine(terminal, `Adding ACLs for resource \`${patternText(pattern)}\`: \n ${entryLines(entries)}\n`);
    const creations = entries.map((entry) => ({
      resourceType: pattern.resourceType,
      resourceName: pattern.name ?? '',
      resourcePatternType: pattern.patternType,
      ...entry,
    }));
    const { results } = await cluster.sendAny(CreateAcls, { creations });
    for (const { errorCode, errorMessage } of results) refuse('the ACLs', errorCode, errorMessage);
  }
}

async function remove(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const answers = flags.has('force') ? null : await openAnswers(terminal);
  try {
    for (const { pattern, entries } of groupsOf(flags)) {
      if (answers !== null) {
        await printLine(terminal, questionOf({ pattern, entries }));
        if (!(await answers.isYes())) continue;
      }
      const filters = (entries.length === 0 ? [null] : entries).map((entry) => filterOf(pattern, entry));
      const { filterResults } = await cluster.sendAny(DeleteAcls, { filters });
      for (const { errorCode, errorMessage } of filterResults) refuse('the ACLs', errorCode, errorMessage);
    }
  } finally {
    answers?.close();
  }
}

function questionOf({ pattern, entries }: Group): string {
  const filter = `resource filter \`${patternText(pattern)}\`? (y/n)`;
  if (entries.length === 0) return `Are you sure you want to delete all ACLs for ${filter}`;
  return `Are you sure you want to remove ACLs: \n ${entryLines(entries)} \n from ${filter}`;
}

/** What stands on stdin, a line for each question. Where it has ended the answer is no. */
async function openAnswers({ stdin }: Terminal) {
  const { createInterface } = await import('node:readline');
  const reader = createInterface({ input: stdin });
  const lines = reader[Symbol.asyncIterator]();
  return {
    async isYes(): Promise<boolean> {
      const next = await lines.next();
      return next.done !== true && next.value.trim().toLowerCase() === 'y';
    },
    close: () => reader.close(),
  };
}

async function list(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const patterns = patternsOf(flags, true);
  const found = await described(cluster, patterns.length === 0 ? [EVERYTHING] : patterns);
  const principals = flags.all('principal');
  if (principals.length === 0) return show(found, terminal);
  for (const principal of principals) {
    await printLine(terminal, `ACLs for principal \`${principal}\``);
    const own = found.map(({ pattern, entries }) => ({
      pattern,
      entries: entries.filter((entry) => entry.principal === principal),
    }));
    await show(
      own.filter(({ entries }) => entries.length > 0),
      terminal,
    );
  }
}

const EVERYTHING: ResourcePattern = { resourceType: ANY, name: null, patternType: ANY };

/** Each pattern of resources once, however many filters it fits. */
async function described(cluster: Cluster, patterns: readonly ResourcePattern[]): Promise<Group[]> {
  const groups = new Map<string, Group>();
  for (const pattern of patterns) {
    const answer = await cluster.sendAny(DescribeAcls, filterOf(pattern, null));
    refuse('the ACLs', answer.errorCode, answer.errorMessage);
    for (const { resourceType, resourceName: name, patternType, acls: entries } of answer.resources) {
      const one = { resourceType, name, patternType };
      groups.set(patternText(one), { pattern: one, entries });
    }
  }
  return [...groups.values()];
}

async function show(groups: readonly Group[], terminal: Terminal): Promise<void> {
  for (const { pattern, entries } of groups) {
    await printLine(terminal, `Current ACLs for resource \`${patternText(pattern)}\`:\n${entryLines(entries)}\n`);
  }
}

function filterOf({ resourceType, name, patternType }: ResourcePattern, entry: Entry | null) {
  return {
    resourceTypeFilter: resourceType,
    resourceNameFilter: name,
    patternTypeFilter: patternType,
    principalFilter: entry?.principal ?? null,
    hostFilter: entry?.host ?? null,
    operation: entry?.operation ?? ANY,
    permissionType: entry?.permissionType ?? ANY,
  };
}

function patternText({ resourceType, name, patternType }: ResourcePattern): string {
  return `ResourcePattern(resourceType=${nameOf(Resource, resourceType)}, name=${name}, patternType=${nameOf(Pattern, patternType)})`;
}

function entryLines(entries: readonly Entry[]): string {
  return entries
    .map(({ principal, host, operation, permissionType }) => {
      const said = [`principal=${principal}`, `host=${host}`, `operation=${nameOf(Operation, operation)}`];
      return `\t(${said.join(', ')}, permissionType=${nameOf(Permission, permissionType)})`;
    })
    .join('\n');
}
