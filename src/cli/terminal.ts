/** Where a command reads and writes: the process's streams, or a test's. Colours are for terminals only. */
import type { Readable, Writable } from 'node:stream';
import { systemClock, type Clock } from '../platform/clock.ts';

export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Aborted by Ctrl-C, and when nobody reads stdout any more; a command that asks for it ends in its own way. */
  stopping(): AbortSignal;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Colours text where the stream is a terminal, unless NO_COLOR or TERM=dumb says otherwise; FORCE_COLOR insists. */
export function painter(
  stream: { readonly isTTY?: boolean },
  environment: Terminal['environment'],
): (style: Style, text: string) => string {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: term } = environment;
  const isForced = force !== undefined && force !== '' && force !== '0';
  const isPlain = no !== undefined && no !== '' ? true : !isForced && (stream.isTTY !== true || term === 'dumb');
  if (isPlain) return (_style, text) => text;
  return (style, text) => `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m`;
}

/** Resolves when there is room for more. */
export function print(stream: Writable, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.write(text)) resolve();
    else {
      const done = (): void => {
        stream.off('drain', done).off('close', done).off('error', done);
        resolve();
      };
      stream.on('drain', done).on('close', done).on('error', done);
    }
  });
}

export function printLine(terminal: Terminal, text: string): Promise<void> {
  return print(terminal.stdout, `${text}\n`);
}

/** A word to people that scripts do not read. */
export function note(terminal: Terminal, text: string): void {
  terminal.stderr.write(`${text}\n`);
}

export function printJson(terminal: Terminal, value: unknown): Promise<void> {
  return printLine(terminal, JSON.stringify(value, null, 2));
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** The length of the longest of them, and `least` at least: of a list that may be long. */
export function widest(texts: readonly string[], least = 0): number {
  return texts.reduce((most, { length }) => Math.max(most, length), least);
}

/** Aligned columns under a heading. Cells may hold colours. */
export async function printTable(
  terminal: Terminal,
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): Promise<void> {
  const paint = painter(terminal.stdout, terminal.environment);
  const cells = rows.map((row) => row.map(String));
  const widths = columns.map(({ title }, index) =>
    cells.reduce((width, row) => Math.max(width, widthOf(row[index])), title.length),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => {
        const space = ' '.repeat(widths[index] - widthOf(cell));
        return columns[index].align === 'right' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  const heading = columns.map(({ title }) => paint('bold', title));
  await printLine(terminal, [heading, ...cells].map(line).join('\n'));
}

// oxlint-disable-next-line no-control-regex -- the escape sequences that painter writes
const ESCAPES = /\u001b\[\d+m/g;

function widthOf(cell: string): number {
  return cell.replace(ESCAPES, '').length;
}

let own: Terminal | null = null;

/** The terminal this process runs in. */
export function processTerminal(): Terminal {
  own ??= openTerminal();
  return own;
}

function openTerminal(): Terminal {
  const ending = new AbortController();
  let isHandled = false;
  // Nobody reads any more, as with `| head`: that is no failure.
  process.stdout.on('error', () => {
    if (!isHandled) process.exit(0);
    ending.abort();
  });
  process.stderr.on('error', () => {});
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    clock: systemClock,
    stopping() {
      if (isHandled) return ending.signal;
      isHandled = true;
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.once(signal, () => {
          process.once(signal, () => process.exit(130));
          ending.abort();
        });
      }
      return ending.signal;
    },
  };
}
