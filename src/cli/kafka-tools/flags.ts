/** Reads flags as Kafka's own tools take them: `--name value`, `--name=value`, also shortened while one flag alone begins so. */
import { nearest } from '../../config/did-you-mean.ts';
import { UsageError } from '../usage.ts';

/**
 * What a flag is: a `switch`, there or not; a `value`, once; a `list`, which may be repeated; a value that may be left out.
 * One that has no effect here is refused with a sentence that says why.
 */
export type FlagKind = 'switch' | 'value' | 'list' | 'optional value' | { readonly refused: string };

export type FlagTable = Readonly<Record<string, FlagKind>>;

export class Flags {
  /** What stands there without --, such as a subcommand. */
  readonly words: readonly string[];
  readonly #values: ReadonlyMap<string, string[]>;

  constructor(values: ReadonlyMap<string, string[]>, words: readonly string[] = []) {
    this.#values = values;
    this.words = words;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** @throws {UsageError} where it was not given */
  need(name: string): string {
    const value = this.get(name);
    if (value !== undefined) return value;
    throw new UsageError(`write --${name} and its value`);
  }

  /** A whole number. @throws {UsageError} for anything else */
  number(name: string): number | undefined {
    const text = this.get(name);
    if (text === undefined) return undefined;
    if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
    throw new UsageError(`--${name} ${text}: write a whole number`);
  }

  /** key=value of each that was given. @throws {UsageError} for what has no = */
  pairs(name: string): Map<string, string> {
    const pairs = new Map<string, string>();
    for (const text of this.all(name)) {
      const equals = text.indexOf('=');
      if (equals < 1) throw new UsageError(`--${name} ${text}: write key=value`);
      pairs.set(text.slice(0, equals).trim(), text.slice(equals + 1));
    }
    return pairs;
  }

  /** Refuses flags that change nothing in what the tool was told to do. @throws {UsageError} */
  only(action: string, used: readonly string[]): void {
    for (const name of this.#values.keys()) {
      if (name !== action && !used.includes(name) && !Object.hasOwn(SHARED, name)) {
        throw new UsageError(`--${name} cannot be used with --${action}`);
      }
    }
  }

  /** The one of these that was given. @throws {UsageError} where it is none, or several */
  oneOf<Name extends string>(names: readonly Name[]): Name {
    const given = names.filter((name) => this.has(name));
    if (given.length === 1) return given[0];
    throw new UsageError(`write one of ${names.map((name) => `--${name}`).join(', ')}`);
  }
}

/** Those that every tool takes. */
export const SHARED: FlagTable = {
  'bootstrap-server': 'value',
  'broker-list': 'value',
  'command-config': 'value',
  zookeeper: { refused: 'Kafka has no ZooKeeper since 4.0: write --bootstrap-server host:port instead' },
  version: 'switch',
  help: 'switch',
};

/**
 * `mostWords`: how many words without -- the tool takes.
 * @throws {UsageError} for a flag that the tool does not know, that it refuses, or one without its value
 */
export function readFlags(args: readonly string[], own: FlagTable, mostWords = 0): Flags {
  const table: FlagTable = { ...SHARED, ...own };
  const values = new Map<string, string[]>();
  const words: string[] = [];
  for (let at = 0; at < args.length; at++) {
    if (!args[at].startsWith('-') && words.length < mostWords) {
      words.push(args[at]);
      continue;
    }
    const [, written, inline] = /^--([\w.-]+)(?:=(.*))?$/s.exec(args[at]) ?? [];
    const name = wholeName(args[at], written, table);
    const kind = table[name];
    if (typeof kind === 'object') throw new UsageError(`--${name}: ${kind.refused}`);
    if (kind === 'switch') {
      if (inline !== undefined) throw new UsageError(`--${name} takes no value`);
      values.set(name, []);
      continue;
    }
    const before = values.get(name) ?? [];
    if (kind !== 'list' && values.has(name)) throw new UsageError(`--${name} was given twice: write it once`);
    const isBare = inline === undefined && (args[at + 1] === undefined || args[at + 1].startsWith('--'));
    if (isBare && kind === 'optional value') {
      values.set(name, []);
      continue;
    }
    const value = inline ?? args[++at];
    if (value === undefined) throw new UsageError(`write --${name} and its value`);
    values.set(name, [...before, value]);
  }
  if (values.has('help')) throw new UsageError(`it takes ${namesIn(table).join(' ')}; docs/container.md has more`);
  return new Flags(values, words);
}

/** The flag that was written whole, or the only one that begins so, as joptsimple takes them. */
function wholeName(arg: string, written: string | undefined, table: FlagTable): string {
  if (written === undefined) throw new UsageError(`${arg} is not understood: flags begin with --`);
  if (Object.hasOwn(table, written)) return written;
  const all = Object.keys(table).filter((name) => name.startsWith(written));
  const taken = all.filter((name) => typeof table[name] !== 'object');
  const begun = taken.length > 0 ? taken : all;
  if (begun.length === 1) return begun[0];
  if (begun.length > 1) {
    throw new UsageError(`--${written} may be ${begun.map((name) => `--${name}`).join(' or ')}: write it out`);
  }
  const names = namesIn(table);
  const near = nearest(arg.replace(/=.*/s, ''), names);
  throw new UsageError(
    `there is no --${written}${near === null ? '' : `; did you mean ${near}?`} here, but ${names.join(' ')}`,
  );
}

/** Those that do something here. */
function namesIn(table: FlagTable): string[] {
  return Object.keys(table).flatMap((name) => (typeof table[name] === 'object' ? [] : [`--${name}`]));
}
