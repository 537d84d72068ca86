/** How kafka-console-producer reads lines: Kafka's LineMessageReader and its properties. */
import type { RecordHeader as Header } from '../../../protocol/records/record.ts';
import type { OutgoingRecord } from '../record-input.ts';
import { CommandError, UsageError } from '../usage.ts';
import type { Properties } from './command-config.ts';

const DEFAULTS: Readonly<Record<string, string>> = {
  'parse.key': 'false',
  'parse.headers': 'false',
  'ignore.error': 'false',
  'key.separator': '\t',
  'headers.delimiter': '\t',
  'headers.separator': ',',
  'headers.key.separator': ':',
};

const SEPARATORS = ['headers.delimiter', 'headers.separator', 'headers.key.separator', 'key.separator'];

export class LineReader {
  readonly #properties: ReadonlyMap<string, string>;
  readonly #nullMarker: string | null;
  #lineNumber = 0;

  /** @throws {UsageError} for a property that is not there, and for separators that cannot be told apart */
  constructor(given: Properties) {
    for (const key of given.keys()) {
      if (!Object.hasOwn(DEFAULTS, key) && key !== 'null.marker' && key !== 'topic') {
        throw new UsageError(`there is no property ${key} here, but ${Object.keys(DEFAULTS).join(', ')}, null.marker`);
      }
    }
    this.#properties = new Map([...Object.entries(DEFAULTS), ...given]);
    this.#nullMarker = given.get('null.marker') ?? null;
    this.#check();
  }

  #check(): void {
    const pairs = [
      ['headers.delimiter', 'headers.separator'],
      ['headers.delimiter', 'headers.key.separator'],
      ['headers.separator', 'headers.key.separator'],
      ...SEPARATORS.map((name) => ['null.marker', name]),
    ];
    for (const [one, other] of pairs) {
      if (this.#properties.has(one) && this.#get(one) === this.#get(other)) {
        throw new UsageError(`${one} and ${other} may not be equal`);
      }
    }
    const empty = SEPARATORS.find((name) => this.#get(name) === '');
    if (empty !== undefined) throw new UsageError(`${empty} needs a text`);
  }

  #get(name: string): string {
    return this.#properties.get(name) ?? '';
  }

  #is(name: string): boolean {
    return this.#get(name).trim().toLowerCase() === 'true';
  }

  /** The record in a line. Throws CommandError where a separator is missing. */
  read(line: string): OutgoingRecord {
    this.#lineNumber++;
    let rest = line;
    const cut = (isWanted: boolean, name: string, what: string): string | null => {
      const at = isWanted ? rest.indexOf(this.#get(name)) : -1;
      if (at < 0) {
        if (!isWanted || this.#is('ignore.error')) return null;
        throw new CommandError(`No ${what} found on line number ${this.#lineNumber}: '${line}'`);
      }
      const part = rest.slice(0, at);
      rest = rest.slice(at + this.#get(name).length);
      return part;
    };
    const headers = cut(this.#is('parse.headers'), 'headers.delimiter', 'headers delimiter');
    const key = cut(this.#is('parse.key'), 'key.separator', 'key separator');
    return {
      key: key === null ? null : this.#bytes(key),
      value: this.#bytes(rest),
      headers: headers === null || headers === this.#nullMarker ? [] : this.#headers(headers),
      partition: null,
      timestamp: null,
    };
  }

  /** null for what equals the null marker. */
  #bytes(text: string): Buffer | null {
    return text === this.#nullMarker ? null : Buffer.from(text);
  }

  #headers(text: string): Header[] {
    const separator = this.#get('headers.key.separator');
    return text.split(this.#get('headers.separator')).map((pair) => {
      const at = pair.indexOf(separator);
      if (at < 0) {
        if (this.#is('ignore.error')) return { key: pair, value: null };
        const where = `in pair '${pair}' on line number ${this.#lineNumber}`;
        throw new CommandError(`No header key separator found ${where}`);
      }
      const key = pair.slice(0, at);
      if (key === this.#nullMarker) {
        throw new CommandError(`Header keys should not be equal to the null marker '${key}' as they can't be null`);
      }
      return { key, value: this.#bytes(pair.slice(at + separator.length)) };
    });
  }
}

/** Lines as Java's BufferedReader cuts them: at \n, \r and \r\n. */
export class JavaLines {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #rest = '';

  push(piece: Uint8Array): string[] {
    return this.#cut(this.#rest + this.#decoder.decode(piece, { stream: true }), false);
  }

  end(): string[] {
    return this.#cut(this.#rest + this.#decoder.decode(), true);
  }

  #cut(text: string, isEnd: boolean): string[] {
    // A \r at the end may be the first half of \r\n.
    const held = !isEnd && text.endsWith('\r') ? 1 : 0;
    const lines = text.slice(0, text.length - held).split(/\r\n|\n|\r/);
    this.#rest = lines.pop()! + text.slice(text.length - held);
    if (!isEnd || this.#rest === '') return lines;
    return [...lines, this.#rest];
  }
}
