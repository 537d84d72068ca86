/** Brokers without one of their bounds: the suite must notice each by the input named. */

export interface Mutant {
  /** What it does not do. */
  readonly name: string;
  /** The name of the input that must find it. */
  readonly foundBy: string;
  readonly file: string;
  /** The text that is replaced in it; it has to be there. */
  readonly find: string;
  readonly replace: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'does the long work of coordinators in one go',
    foundBy: 'dear-patterns',
    file: 'src/coordination/sliced-tasks.ts',
    find: 'const SLICE_MS = 10;',
    replace: 'const SLICE_MS = 1e9;',
  },
  {
    name: 'validates every batch at once',
    foundBy: 'value-bombs',
    file: 'src/log/validate.ts',
    find: 'const AT_ONCE_BYTES = 2 * 1024 * 1024;',
    replace: 'const AT_ONCE_BYTES = 1e9;',
  },
];
