/** All commands of `ottla` as one tree: for help, for completion, and to run those that need no broker of their own. */
import type { RootCommand } from '@bomb.sh/tab';
import type { Command } from 'commander';
import { aclsCommand } from './acls.ts';
import { certsCommand } from './certs.ts';
import { attach, command, parse } from './command-line.ts';
import { clusterCommand } from './cluster.ts';
import { configsCommand } from './configs.ts';
import { addCompletion, offerNames } from './completion.ts';
import { consumeCommand } from './consume.ts';
import { deadLettersCommand } from './dead-letters.ts';
import { doctorCommand } from './doctor.ts';
import { groupsCommand } from './groups.ts';
import { metadataCommand } from './metadata.ts';
import { produceCommand } from './produce.ts';
import { queuesCommand } from './queues.ts';
import { healthcheckCommand, startCommand } from './start-command.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { topicsCommand } from './topics.ts';
import { usersCommand } from './users.ts';

/** How a command says with which code the process shall end; 0 unless it does. */
export interface Outcome {
  exitCode: number;
}

/** The tree. Commands write to `terminal` and leave their exit code in `outcome`. */
export function program(terminal: Terminal, outcome: Outcome): { root: Command; completions: RootCommand } {
  const root = command('ottla', 'A Kafka broker, and the tools for any Kafka.', [
    ['ottla start --memory', 'a broker on localhost:9092 in a blink'],
    ['ottla produce orders "one espresso"', 'a record into the topic orders'],
    ['ottla consume orders', 'everything in it, and what comes next'],
    ['ottla topics -b kafka.example.org:9092', 'the topics of another cluster'],
    ['ottla doctor kafka.example.org:9092', 'why a client cannot connect'],
  ])
    .version(process.env.OTTLA_VERSION ?? 'from source', '--version', 'show the version')
    .usage('[command] [options]')
    .helpCommand('help [command]', 'show the help of a command');
  root.addCommand(startCommand());
  root.addCommand(topicsCommand(terminal));
  root.addCommand(produceCommand(terminal));
  root.addCommand(consumeCommand(terminal));
  root.addCommand(groupsCommand(terminal));
  root.addCommand(queuesCommand(terminal));
  root.addCommand(deadLettersCommand(terminal));
  root.addCommand(configsCommand(terminal));
  root.addCommand(certsCommand(terminal));
  root.addCommand(usersCommand(terminal));
  root.addCommand(aclsCommand(terminal));
  root.addCommand(clusterCommand(terminal));
  root.addCommand(metadataCommand(terminal));
  root.addCommand(doctorCommand(terminal, outcome));
  root.addCommand(healthcheckCommand());
  const completions = addCompletion(root);
  return { root: attach(root, terminal), completions };
}

/** Runs a command and answers its exit code. Throws UsageError, or what went wrong. */
export async function runTool(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  if (args[0] === 'healthcheck') {
    const { healthcheck } = await import('./healthcheck.ts'); // it reads the broker's configuration, which takes time
    return healthcheck(args.slice(1));
  }
  const outcome: Outcome = { exitCode: 0 };
  const { root, completions } = program(terminal, outcome);
  if (args[0] === 'complete') await offerNames(terminal, completions, args.slice(args.indexOf('--') + 1));
  await parse(root, withDefaults(args));
  return outcome.exitCode;
}

/** `ottla topics`, `groups`, `users` and `acls` alone list; -b may also stand before the command. */
function withDefaults(args: readonly string[]): readonly string[] {
  const [first, second] = args;
  if (['-b', '--brokers', '--bootstrap-server'].includes(first)) return withDefaults([...args.slice(2), first, second]);
  const lists = ['topics', 'topic', 'groups', 'group', 'users', 'user', 'acls', 'acl'].includes(first);
  const isBare = second === undefined || (second.startsWith('-') && !args.includes('--help') && !args.includes('-h'));
  return lists && isBare ? [first, 'list', ...args.slice(1)] : args;
}
