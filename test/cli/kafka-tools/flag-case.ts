/** What shows that a flag of a tool has its effect. */
import type { TestBroker } from '../../../src/testing/index.ts';
import type { Ran } from '../session.ts';

export type Run = (line: string, stdin?: string) => Promise<Ran>;

/** Expects what the flag does; for one that the tool refuses the rest of a command line with it. */
export type Case = string | ((run: Run, kafka: TestBroker, tool: string) => Promise<void>);

/** By the flag's name. */
export type Cases = Readonly<Record<string, Case>>;

let count = 0;

/** The name of a topic or a group that no other case uses. */
export function fresh(what = 'topic'): string {
  return `${what}-${++count}`;
}
