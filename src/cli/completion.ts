/** Completion in shells: `ottla completion bash` prints the script, which asks `ottla complete` while someone types. */
import type { RootCommand } from '@bomb.sh/tab';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { listGroups } from './client/groups.ts';
import { withCluster } from './connection-options.ts';
import type { Terminal } from './terminal.ts';

/** Nobody waits longer for a TAB. */
const PATIENCE_S = 0.7;

const HOW = `
Examples:
  bash   eval "$(ottla completion bash)"                                    # in ~/.bashrc
  zsh    eval "$(ottla completion zsh)"                                     # in ~/.zshrc, after compinit
  fish   ottla completion fish > ~/.config/fish/completions/ottla.fish

Commands, flags and their choices are completed, and the names of topics and groups in the cluster of $OTTLA_BROKERS.`;

/** Adds `completion` and the hidden `complete` to a tree that is otherwise whole. */
export function addCompletion(root: Command): RootCommand {
  const completions = tab(root, { completionCommandName: 'completion' });
  const shown = root.commands.find((each) => each.name() === 'completion');
  shown?.description('print the script that completes commands in a shell').addHelpText('after', HOW);
  return completions;
}

/** Before `complete` answers for these words: asks the cluster for names, where one is wanted. */
export async function offerNames(
  terminal: Terminal,
  completions: RootCommand,
  words: readonly string[],
): Promise<void> {
  const previous = words.at(-2) ?? '';
  const wantsGroup = ['-g', '--group'].includes(previous) || /^(groups?|queues?)$/.test(words[0] ?? '');
  const wantsTopic =
    previous === '--topic' || ['topic', 'topics', 'produce', 'consume', 'dead-letters'].includes(words[0] ?? '');
  if (!wantsGroup && !wantsTopic) return;
  const names = await namesOf(terminal, words, wantsGroup && previous !== '--topic');
  const answer = (complete: (value: string, description: string) => void): void => {
    for (const name of names) complete(name, '');
  };
  for (const { arguments: places, options } of completions.commands.values()) {
    for (const [name, place] of places) if (['topic', 'group'].includes(name)) place.handler = answer;
    for (const [name, option] of options) if (['topic', 'group'].includes(name)) option.handler = answer;
  }
}

async function namesOf(terminal: Terminal, words: readonly string[], ofGroups: boolean): Promise<string[]> {
  const at = words.findIndex((word) => ['-b', '--brokers', '--bootstrap-server'].includes(word));
  const brokers = at >= 0 ? words[at + 1] : undefined;
  try {
    return await withCluster(terminal, { timeout: PATIENCE_S, brokers }, async (cluster) => {
      if (ofGroups) return (await listGroups(cluster)).map(({ group }) => group);
      const { topics } = await cluster.metadata(null);
      return topics.filter(({ isInternal }) => !isInternal).map(({ name }) => name!);
    });
  } catch {
    return []; // no cluster, no names
  }
}
