/** `ottla acls`: who may do what, as lines that people write: `alice read topic orders`. */
import type { Command } from 'commander';
import { AclIndex } from '../security/acls/acl-index.ts';
import { explain } from '../security/acls/decision.ts';
import { Operation, Pattern, Permission, Resource } from '../security/acls/codes.ts';
import { aclOfText, principalOf, reachable, reasonWords, textOf, wordOf, type Acl } from '../security/acls/lines.ts';
import { subjectOf } from '../security/acls/subject.ts';
import { addAcl, listAcls, removeAcl } from './client/acls.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { note, painter, printJson, printLine, type Terminal } from './terminal.ts';
import { CommandError, UsageError } from './usage.ts';

const WORDS =
  'user, operation, kind and name: alice read topic orders; * stands for everybody, and orders-* for a prefix';

export function aclsCommand(terminal: Terminal): Command {
  const acls = command('acls', 'list, add, remove and explain who may do what', [
    ['ottla acls', 'list them'],
    [
      'ottla acls add alice read topic orders',
      'and `alice deny write topic "audit*"`, `alice read group billing from 10.0.0.7`',
    ],
    ['ottla acls remove alice read topic orders', 'exactly that one'],
    ['ottla acls explain alice write topic orders', 'whether she may, and by which line'],
  ]).alias('acl');
  acls.addCommand(listCommand(terminal));
  acls.addCommand(addCommand(terminal));
  acls.addCommand(removeCommand(terminal));
  acls.addCommand(explainCommand(terminal));
  return acls;
}

function listCommand(terminal: Terminal): Command {
  const list = command('list', 'list ACLs, a line each')
    .alias('ls')
    .argument('[user]', 'of one user alone')
    .option('--json', 'as JSON');
  return withConnection(list).action((user: string | undefined, options: ConnectionOptions & { json?: boolean }) =>
    withCluster(terminal, options, async (cluster) => {
      const found = await listAcls(cluster, user === undefined ? null : principalOf(user));
      const shown = found.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
      if (options.json === true) return printJson(terminal, shown.map(inWords));
      if (shown.length === 0) return note(terminal, 'no ACLs; `ottla acls add alice read topic orders` makes one');
      await printLine(terminal, shown.map(textOf).join('\n'));
    }),
  );
}

function inWords(acl: Acl) {
  const { resourceName: name, patternType, principal, host, operation, permissionType, resourceType } = acl;
  return {
    line: textOf(acl),
    principal,
    host,
    permission: permissionType === Permission.DENY ? 'deny' : 'allow',
    operation: wordOf(Operation, operation),
    resource: wordOf(Resource, resourceType),
    name,
    isPrefix: patternType === Pattern.PREFIXED,
  };
}

function addCommand(terminal: Terminal): Command {
  const add = command('add', 'add an ACL').argument('<words...>', WORDS);
  return withConnection(add).action((words: string[], options: ConnectionOptions) =>
    withCluster(terminal, options, async (cluster) => {
      const acl = aclOf(words, reachable);
      await addAcl(cluster, acl);
      note(terminal, `added: ${textOf(acl)}`);
    }),
  );
}

function removeCommand(terminal: Terminal): Command {
  const remove = command('remove', 'take an ACL away').alias('rm').argument('<words...>', WORDS);
  return withConnection(remove).action((words: string[], options: ConnectionOptions) =>
    withCluster(terminal, options, async (cluster) => {
      const acl = aclOf(words);
      const count = await removeAcl(cluster, acl);
      if (count === 0) throw new CommandError(`there is no ACL '${textOf(acl)}'; \`ottla acls\` lists them`);
      note(terminal, `removed: ${textOf(acl)}`);
    }),
  );
}

function explainCommand(terminal: Terminal): Command {
  const explained = command('explain', 'say whether a user may do something, and which ACL decides')
    .argument('<words...>', 'user, operation, kind and name: alice write topic orders, from 10.0.0.7 at the end')
    .option('--json', 'as JSON');
  return withConnection(explained).action((words: string[], options: ConnectionOptions & { json?: boolean }) =>
    withCluster(terminal, options, async (cluster) => {
      const { principal, host, operation, resourceType, resourceName, patternType } = aclOf(words);
      if (patternType === Pattern.PREFIXED) throw new UsageError(`'${resourceName}*' is many names: write one of them`);
      const listed = await listAcls(cluster, null);
      const entries = new Map(listed.map((acl, at) => [String(at), { id: String(at), ...acl }]));
      const rules = { index: new AclIndex(entries, true), superUsers: new Set<string>(), allowsUncovered: false };
      const subject = subjectOf(principal, host === '*' ? ANY_HOST : host);
      const { isAllowed, reason } = explain(rules, subject, operation, resourceType, resourceName);
      const why = reason.rule === 'DefaultDeny' ? 'no ACL allows it, unless it is a super user' : reasonWords(reason);
      if (options.json === true) return printJson(terminal, { allowed: isAllowed, reason: why });
      const paint = painter(terminal.stdout, terminal.environment);
      const word = isAllowed ? paint('green', 'allowed') : paint('red', 'denied');
      await printLine(terminal, `${word}: ${why}`);
      if (reason.rule === 'DefaultDeny') note(terminal, `to allow it: ottla acls add ${words.map(quoted).join(' ')}`);
    }),
  );
}

/** An address that no ACL names. */
const ANY_HOST = '0.0.0.0';

/** `check` throws a TypeError for what is no ACL to it. */
function aclOf(words: readonly string[], check = (acl: Acl): Acl => acl): Acl {
  const [first = '', ...rest] = words;
  const isOneText = rest.length === 0;
  try {
    return check(aclOfText(isOneText ? first : `"${first}" ${rest.join(' ')}`));
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/^acls: /, ''));
  }
}

function quoted(word: string): string {
  return /^[\w.:@/-]+$/.test(word) ? word : `'${word}'`;
}
