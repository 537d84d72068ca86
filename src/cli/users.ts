/** `ottla users`: who may sign in by SCRAM. */
import { Option, type Command } from 'commander';
import { FEWEST_ITERATIONS, SCRAM_MECHANISMS, type ScramMechanism } from '../../protocol/sasl/scram.ts';
import { listUsers, removeUser, setPassword, type ScramUser } from './client/users.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { wholeNumber } from './option-values.ts';
import { note, printJson, printTable, type Terminal } from './terminal.ts';
import { CommandError, UsageError } from './usage.ts';

interface SetOptions extends ConnectionOptions {
  mechanism?: ScramMechanism;
  iterations: number;
}

const MECHANISMS = Object.keys(SCRAM_MECHANISMS) as ScramMechanism[];
const MOST_PASSWORD_BYTES = 1 << 16;

export function usersCommand(terminal: Terminal): Command {
  const users = command('users', 'list, add and remove users, who sign in by SCRAM', [
    ['ottla users --user admin --password secret', 'list them'],
    ['ottla users add alice her-password', 'or give her another password'],
    ['ottla users add alice - < password.txt', 'which no process list shows'],
    ['ottla users remove alice', 'she cannot sign in again'],
  ]).alias('user');
  users.addCommand(listCommand(terminal));
  users.addCommand(addCommand(terminal));
  users.addCommand(removeCommand(terminal));
  return users;
}

function listCommand(terminal: Terminal): Command {
  const list = command('list', 'list users, and how each of them can sign in').alias('ls').option('--json', 'as JSON');
  return withConnection(list).action((options: ConnectionOptions & { json?: boolean }) =>
    withCluster(terminal, options, async (cluster) => {
      const users = (await listUsers(cluster)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
      if (options.json === true) return printJson(terminal, users);
      if (users.length === 0) return note(terminal, 'no users of SCRAM yet; `ottla users add NAME PASSWORD` makes one');
      const rows = users.flatMap(({ name, credentials }) =>
        credentials.map(({ mechanism, iterations }) => [name, mechanism, iterations]),
      );
      await printTable(
        terminal,
        [{ title: 'USER' }, { title: 'MECHANISM' }, { title: 'ITERATIONS', align: 'right' }],
        rows,
      );
    }),
  );
}

function addCommand(terminal: Terminal): Command {
  const add = command('add', 'add a user, or set the password of one', [
    ['ottla users add alice her-password --mechanism SCRAM-SHA-512', 'for one mechanism alone'],
  ])
    .alias('set')
    .argument('<name>', 'who')
    .argument('[new-password]', 'the password; `-`, or none: a line of standard input')
    .addOption(new Option('--mechanism <name>', 'for this one alone (default: both)').choices(MECHANISMS))
    .option(
      '--iterations <n>',
      'how often the password is hashed',
      wholeNumber('--iterations', FEWEST_ITERATIONS),
      FEWEST_ITERATIONS,
    );
  return withConnection(add).action(async (name: string, given: string | undefined, options: SetOptions) => {
    const password = given === undefined || given === '-' ? await readPassword(terminal) : given;
    if (password === '') throw new UsageError('a password has one character at least');
    const mechanisms = options.mechanism === undefined ? MECHANISMS : [options.mechanism];
    await withCluster(terminal, options, (cluster) =>
      setPassword(cluster, name, password, { mechanisms, iterations: options.iterations }),
    );
    note(terminal, `${name} can sign in by ${mechanisms.join(' and ')}`);
  });
}

function removeCommand(terminal: Terminal): Command {
  const remove = command('remove', 'take users away; connections that are open stay until they sign in again')
    .alias('rm')
    .argument('<name...>', 'whom');
  return withConnection(remove).action((names: string[], options: ConnectionOptions) =>
    withCluster(terminal, options, async (cluster) => {
      const found = await listUsers(cluster, names);
      const missing = names.filter((name) => !found.some((user: ScramUser) => user.name === name));
      if (missing.length > 0)
        throw new CommandError(`there is no user ${missing.join(', ')}; \`ottla users\` lists them`);
      for (const user of found) await removeUser(cluster, user);
      note(terminal, `${names.join(', ')} cannot sign in by SCRAM any more`);
    }),
  );
}

/** The first line. */
async function readPassword({ stdin, stderr }: Terminal): Promise<string> {
  if (stdin.isTTY === true) stderr.write('password: ');
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of stdin) {
    text += typeof piece === 'string' ? piece : decoder.decode(piece as Uint8Array, { stream: true });
    if (text.includes('\n') || text.length > MOST_PASSWORD_BYTES) break;
  }
  return text.replace(/\r?\n[^]*$/, '');
}
