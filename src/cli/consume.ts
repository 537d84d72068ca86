import type { Command } from 'commander';
import { command } from './command-line.ts';
import type { Terminal } from './terminal.ts';

/** Not yet there. */
export function consumeCommand(_terminal: Terminal, _x?: unknown): Command {
  return command('consume', 'todo');
}
