import type { Command } from 'commander';
import { program } from '../src/cli/program.ts';
import { processTerminal } from '../src/cli/terminal.ts';

const INTRODUCTION = `# The command line

\`ottla\` runs a broker, and does with any Kafka, from 0.11 to 4.x, what Kafka's own scripts do, without a JVM: each command
starts in about 60 ms. This page is what \`--help\` says, written by \`npm run docs\`.

- **Where**: \`-b host:port,…\`, else \`$OTTLA_BROKERS\`, else localhost:9092. TLS and SASL (PLAIN, SCRAM) by flags.
- **Output**: what was asked for goes to stdout, messages go to stderr. \`--json\` for scripts. Colours and progress
  appear on terminals only; \`NO_COLOR\` and \`FORCE_COLOR\` count.
- **Exit codes**: 0 it is done; 1 it failed, in one sentence on stderr; 2 the command line was not understood. Ctrl-C ends
  \`consume\` with 0, after committing and leaving its group; so does a reader that goes away, as with \`| head\`.
- **Completion**: \`eval "$(ottla completion bash)"\`; topics and groups are completed too.
- **Without Node**: \`npm run sea\` builds \`dist/ottla-<platform>-<arch>\`, one file that needs nothing else (about 150 MB, as
  Node itself is inside; 50 MB compressed).

| instead of | write |
| --- | --- |
| \`kafka-topics.sh --list\`, \`--describe\`, \`--create\`, \`--alter\`, \`--delete\` | \`ottla topics [list]\`, \`describe\`, \`create\`, \`alter\`, \`delete\` |
| \`kafka-delete-records.sh\` | \`ottla topics empty\` |
| \`kafka-console-producer.sh\`, \`kcat -P\` | \`ottla produce TOPIC\` |
| \`kafka-console-consumer.sh\`, \`kcat -C\`, \`kcat -G\` | \`ottla consume TOPIC\`, with \`-g GROUP\` as a member |
| \`kafka-consumer-groups.sh\` | \`ottla groups [list]\`, \`describe\`, \`reset-offsets\`, \`delete-offsets\`, \`delete\` |
| \`kafka-share-groups.sh --list\`, \`--describe\` | \`ottla queues\`, \`ottla queues GROUP\` |
| \`kafka-configs.sh\` | \`ottla configs get\`, \`set\`, \`delete\` |
| \`kafka-broker-api-versions.sh\` | \`ottla doctor\` |
`;

/** docs/cli.md: what every command says of itself. */
export function cliPage(): string {
  const { root } = program({ ...processTerminal(), environment: { NO_COLOR: '1' } }, { exitCode: 0 });
  return `${INTRODUCTION}\n${contents(root)}\n${sections(root, [])}`;
}

/** Links to all commands. */
function contents(root: Command): string {
  const shown = (command: Command): Command[] =>
    command.commands.filter((each) => !['help', 'complete'].includes(each.name()));
  const link = (names: readonly string[]): string => {
    const title = ['ottla', ...names].join(' ');
    return `[${names.join(' ')}](#${title.replaceAll(' ', '-')})`;
  };
  return shown(root)
    .map((command) => {
      const below = shown(command).map((each) => link([command.name(), each.name()]));
      return `- ${[link([command.name()]), ...below].join(' · ')}`;
    })
    .join('\n');
}

function sections(command: Command, path: readonly string[]): string {
  const names = [...path, command.name()];
  const below = command.commands.filter((each) => !['help', 'complete'].includes(each.name()));
  const heading = `\n${'#'.repeat(Math.min(names.length, 3) + 1)} ${names.join(' ')}\n`;
  return `${heading}\n\`\`\`text\n${helpOf(command).trimEnd()}\n\`\`\`\n${below.map((each) => sections(each, names)).join('')}`;
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (piece) => (text += piece),
    getOutHelpWidth: () => 110,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  const isFirst = command.name() === 'list' && command.parent?.name() === 'topics';
  return isFirst ? text : text.replace(/\nConnection:\n( .*\n)+/, '\nConnection: as of `ottla topics list`\n');
}
