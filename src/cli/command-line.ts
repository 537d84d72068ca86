/** Commands as Commander parses them, with our own way of refusing: one sentence, no process.exit. */
import { Command, CommanderError } from 'commander';
import { painter, widest, type Terminal } from './terminal.ts';
import { UsageError } from './usage.ts';

/** A command whose help shows examples; `examples` are pairs of a line to type and what it does. */
export function command(
  name: string,
  description: string,
  examples: readonly (readonly [line: string, what: string])[] = [],
): Command {
  const made = new Command(name).description(description).showHelpAfterError(false);
  if (examples.length === 0) return made;
  const width = Math.min(52, widest(examples.map(([line]) => line)));
  const lines = examples.map(([line, what]) =>
    line.length > width ? `  ${line}\n  ${' '.repeat(width)}  # ${what}` : `  ${line.padEnd(width)}  # ${what}`,
  );
  return made.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Lets a command and all below it write to this terminal, and throw UsageError instead of ending the process. */
export function attach(root: Command, terminal: Terminal): Command {
  const paint = painter(terminal.stdout, terminal.environment);
  const isColoured = paint('bold', '') !== '';
  root
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: () => {}, // what is wrong comes back as an error
      getOutHelpWidth: () => Math.min(terminal.stdout.columns ?? 100, 120),
      getOutHasColors: () => isColoured,
    })
    .configureHelp({
      sortSubcommands: false,
      styleTitle: (text) => paint('bold', text),
      styleCommandText: (text) => paint('cyan', text),
      styleSubcommandText: (text) => paint('cyan', text),
      styleOptionText: (text) => paint('cyan', text),
    });
  for (const below of root.commands) attach(below, terminal);
  return root;
}

/** Parses and runs. Answers false where help was asked for and shown. Throws UsageError for what cannot be parsed. */
export async function parse(root: Command, args: readonly string[]): Promise<boolean> {
  try {
    await root.parseAsync(args, { from: 'user' });
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === 'commander.help') return false;
    throw new UsageError(sentenceOf(error.message, root, args));
  }
}

function sentenceOf(message: string, root: Command, args: readonly string[]): string {
  const text = message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (one of )?(.*?)\?\)$/s, '; did you mean $2?')
    .replaceAll('\n', ' ');
  const word = /^unknown command '(.*)'$/.exec(text)?.[1];
  const [parent] = path(root, args);
  if (word !== undefined && (parent === 'topics' || parent === 'groups')) {
    return `${text}; \`ottla ${parent} describe ${word}\` shows one, \`ottla ${parent} --help\` what else there is`;
  }
  const where = [root.name() === 'ottla' ? '' : root.name(), ...path(root, args)].filter((word) => word !== '');
  return `${text}${/[.?]$/.test(text) ? '' : ';'} \`ottla ${[...where, '--help'].join(' ')}\` shows what there is`;
}

/** The names of the commands that the arguments walk into. */
function path(root: Command, args: readonly string[]): string[] {
  const [first, ...rest] = args;
  const below = root.commands.find((each) => each.name() === first || each.aliases().includes(first));
  return below === undefined ? [] : [below.name(), ...path(below, rest)];
}
