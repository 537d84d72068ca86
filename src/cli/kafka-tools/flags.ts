/** Reads flags as Kafka's own tools take them: `--name value`, `--name=value`, unknown ones refused with a sentence. */
import { nearest } from '../did-you-mean.ts';
import { UsageError } from '../usage.ts';

/** switch: there or not. value: the last one counts. list: may be repeated. ignored: has a value, and changes nothing. */
export type FlagKind = 'switch' | 'value' | 'list' | 'ignored' | 'ignored switch';

export type FlagTable = Readonly<Record<string, FlagKind>>;

export class Flags {
  readonly #values = new Map<string, string[]>();

  constructor(values: ReadonlyMap<string, string[]>) {
    this.#values = new Map(values);
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
    throw new UsageError(`it wants --${name}`);
  }

  /** A whole number. @throws {UsageError} for anything else */
  number(name: string): number | undefined {
    const text = this.get(name);
    if (text === undefined) return undefined;
    if (/^-?\d+$/.test(text)) return Number(text);
    throw new UsageError(`--${name} ${text}: write a whole number`);
  }

  /** key=value of each that was given, also several in one with commas between. */
  pairs(name: string): Map<string, string> {
    const pairs = new Map<string, string>();
    for (const text of this.all(name)) {
      const equals = text.indexOf('=');
      if (equals < 1) throw new UsageError(`--${name} ${text}: write key=value`);
      pairs.set(text.slice(0, equals).trim(), text.slice(equals + 1));
    }
    return pairs;
  }
}

/** Those that every tool takes. */
const SHARED: FlagTable = {
  'bootstrap-server': 'value',
  'broker-list': 'value',
  'command-config': 'ignored',
  timeout: 'ignored',
  zookeeper: 'value',
  version: 'switch',
  help: 'switch',
};

/** @throws {UsageError} for a flag that the tool does not know, or one without its value */
export function readFlags(args: readonly string[], own: FlagTable): Flags {
  const table: FlagTable = { ...SHARED, ...own };
  const values = new Map<string, string[]>();
  for (let at = 0; at < args.length; at++) {
    const [, name, inline] = /^--([\w.-]+)(?:=(.*))?$/s.exec(args[at]) ?? [];
    const kind = name === undefined ? undefined : table[name];
    if (kind === undefined) throw new UsageError(unknown(args[at], table));
    if (kind === 'switch' || kind === 'ignored switch') {
      values.set(name, []);
      continue;
    }
    const value = inline ?? args[++at];
    if (value === undefined) throw new UsageError(`--${name} wants a value`);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  if (values.has('help')) throw new UsageError(`it takes ${namesIn(table).join(' ')}; docs/container.md has more`);
  if (values.has('zookeeper')) {
    throw new UsageError(`--zookeeper: there is none; write --bootstrap-server host:port instead`);
  }
  return new Flags(values);
}

function unknown(arg: string, table: FlagTable): string {
  const names = namesIn(table);
  const near = nearest(arg.replace(/=.*/s, ''), names);
  return `there is no ${arg}${near === null ? '' : `; did you mean ${near}?`} here, but ${names.join(' ')}`;
}

/** Those that do something here. */
function namesIn(table: FlagTable): string[] {
  const names = Object.keys(table).filter((name) => !table[name].startsWith('ignored') && name !== 'zookeeper');
  return names.map((name) => `--${name}`);
}
