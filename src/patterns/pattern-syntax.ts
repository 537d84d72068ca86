/**
 * Reads a regular expression in RE2's syntax, as far as names can tell: they are short, and all that is asked is whether the
 * whole name matches. So captures and greed have no meaning, and sets of characters are of ASCII and of what is not.
 */
import { escapeClass, isPunctuation, oneOf, posixClass, ANY, BEYOND, SIZE } from './pattern-classes.ts';
import type { CharacterSet } from './pattern-classes.ts';

export type Node =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  /** Between two characters, without taking one. */
  | { readonly kind: 'begin' | 'end' | 'boundary' | 'noBoundary' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number };

/** What is wrong with an expression, and where. */
export class PatternError extends Error {}

/** As RE2. */
const MOST_REPEATS = 1000;
const MOST_NESTING = 200;

/** @throws {PatternError} */
export function parsePattern(text: string): Node {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #names = new Set<string>();
  #at = 0;
  #ignoreCase = false;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#text.length) this.#fail('unexpected )');
    return node;
  }

  #choice(): Node {
    if (++this.#depth > MOST_NESTING) this.#fail('nested too deeply');
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? parts[0] : { kind: 'choice', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#text.length && !this.#sees('|') && !this.#sees(')')) {
      if (this.#take('\\Q')) {
        this.#quoted(parts);
        continue;
      }
      const start = this.#at;
      const atom = this.#atom();
      // (?i) is no part: a repetition behind it has nothing to repeat.
      if (atom === null) continue;
      parts.push(this.#repeated(atom, start));
    }
    return parts.length === 1 ? parts[0] : { kind: 'sequence', parts };
  }

  /** Up to \E, or to the end; a repetition behind it is of the last character. */
  #quoted(parts: Node[]): void {
    const found = this.#text.indexOf('\\E', this.#at);
    const end = found === -1 ? this.#text.length : found;
    const literals = Array.from(this.#text.slice(this.#at, end), (char) => this.#literal(char));
    this.#at = Math.min(end + 2, this.#text.length);
    const last = literals.pop();
    for (const literal of literals) parts.push(literal);
    if (last !== undefined) parts.push(this.#repeated(last, end));
  }

  #repeated(atom: Node, start: number): Node {
    const bounds = this.#bounds();
    if (bounds === null) return atom;
    this.#take('?'); // fewest first: the same to whoever asks yes or no
    if (this.#bounds() !== null) this.#fail('a repetition of a repetition', start);
    const [min, max] = bounds;
    return { kind: 'repeat', part: atom, min, max };
  }

  /** Null, and nothing taken, where no repetition stands here. */
  #bounds(): [number, number] | null {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    const found = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#text.slice(this.#at, this.#at + 24));
    if (found === null) return null; // a brace like any other character
    const [all, first, comma, last] = found;
    const min = Number(first);
    const max = comma === undefined ? min : last === '' ? Infinity : Number(last);
    if (min > MOST_REPEATS || (max > MOST_REPEATS && max !== Infinity) || max < min) {
      this.#fail('a repetition out of bounds');
    }
    this.#at += all.length;
    return [min, max];
  }

  #atom(): Node | null {
    const char = this.#next();
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'set', set: this.#class() };
      case '.':
        return { kind: 'set', set: ANY };
      case '^':
        return { kind: 'begin' };
      case '$':
        return { kind: 'end' };
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        return this.#fail('nothing to repeat', this.#at - 1);
      default:
        return this.#literal(char);
    }
  }

  #group(): Node | null {
    if (!this.#take('?')) return this.#closed(this.#ignoreCase);
    const named = /^P?<([^>]*)>/.exec(this.#text.slice(this.#at));
    if (named !== null) {
      if (!/^\w+$/.test(named[1]) || this.#names.has(named[1])) this.#fail(`a group's name '${named[1]}'`);
      this.#names.add(named[1]);
      this.#at += named[0].length;
      return this.#closed(this.#ignoreCase);
    }
    const flags = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#text.slice(this.#at));
    if (flags === null) return this.#fail('a group RE2 does not have');
    const [all, on, off = '', end] = flags;
    this.#at += all.length;
    const outside = this.#ignoreCase;
    if (on.includes('i')) this.#ignoreCase = true;
    if (off.includes('i')) this.#ignoreCase = false;
    return end === ')' ? null : this.#closed(outside);
  }

  /** The rest of a group; flags set in it end with it. */
  #closed(ignoreCase: boolean): Node {
    const node = this.#choice();
    if (!this.#take(')')) this.#fail('missing )');
    this.#ignoreCase = ignoreCase;
    return node;
  }

  #escape(): Node {
    if (this.#take('A')) return { kind: 'begin' };
    if (this.#take('z')) return { kind: 'end' };
    if (this.#take('b')) return { kind: 'boundary' };
    if (this.#take('B')) return { kind: 'noBoundary' };
    const set = this.#escapedClass();
    return set === null ? this.#literal(this.#escaped()) : { kind: 'set', set };
  }

  /** \d, \pL and their kin; null where none stands here. */
  #escapedClass(): CharacterSet | null {
    const found = /^(?:[dDsSwW]|[pP](?:\{\^?\w+\}|[A-Z]))/.exec(this.#text.slice(this.#at));
    if (found === null) return null;
    const set = escapeClass(found[0]);
    if (set === null) this.#fail(`\\${found[0]} is no class of characters`);
    this.#at += found[0].length;
    return set;
  }

  /** The character that is meant by what stands behind a backslash. */
  #escaped(): string {
    const rest = this.#text.slice(this.#at);
    const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
    const hex = /^x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(rest);
    if (octal !== null || hex !== null) {
      this.#at += (octal ?? hex)![0].length;
      const code = octal === null ? Number.parseInt(hex![1] ?? hex![2], 16) : Number.parseInt(octal[0], 8);
      if (code > 0x10ffff) this.#fail('a character beyond Unicode');
      return String.fromCodePoint(code);
    }
    if (rest === '') return this.#fail('a \\ at the end');
    const char = this.#next();
    const control = 'afnrtv'.indexOf(char);
    if (control >= 0) return '\x07\f\n\r\t\v'[control];
    return isPunctuation(char) ? char : this.#fail(`\\${char}, which RE2 does not have`, this.#at - 2);
  }

  #class(): CharacterSet {
    const start = this.#at - 1;
    const negated = this.#take('^');
    const set = new Uint8Array(SIZE);
    for (let first = true; first || !this.#sees(']'); first = false) {
      if (this.#at >= this.#text.length) this.#fail('missing ]', start);
      const posix = /^\[:\^?\w+:\]/.exec(this.#text.slice(this.#at));
      const whole = posix === null ? this.#classEscape() : posixClass(posix[0]);
      if (posix !== null) this.#at += posix[0].length;
      if (posix !== null && whole === null) this.#fail(`${posix[0]} is no class of characters`);
      if (whole === null) this.#range(set);
      else for (let code = 0; code < SIZE; code++) set[code] |= whole[code];
    }
    this.#at++;
    if (this.#ignoreCase) foldCase(set);
    return negated ? set.map((member) => 1 - member) : set;
  }

  #classEscape(): CharacterSet | null {
    if (!this.#sees('\\')) return null;
    this.#at++;
    const set = this.#escapedClass();
    if (set === null) this.#at--;
    return set;
  }

  #range(set: Uint8Array): void {
    const start = this.#at;
    const first = this.#classCharacter();
    let last = first;
    if (this.#sees('-') && this.#text[this.#at + 1] !== ']' && this.#at + 1 < this.#text.length) {
      this.#at++;
      last = this.#classCharacter();
    }
    if (last < first) this.#fail('a range from more to less', start);
    for (let code = Math.min(first, BEYOND); code <= Math.min(last, BEYOND); code++) set[code] = 1;
  }

  #classCharacter(): number {
    const char = this.#next();
    return (char === '\\' ? this.#escaped() : char).codePointAt(0) as number;
  }

  #literal(char: string): Node {
    const set = oneOf(char);
    if (this.#ignoreCase) foldCase(set);
    return { kind: 'set', set };
  }

  #next(): string {
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) as number);
    this.#at += char.length;
    return char;
  }

  #sees(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  #fail(what: string, at = this.#at): never {
    throw new PatternError(`${what} at character ${at + 1}`);
  }
}

function foldCase(set: Uint8Array): void {
  for (let upper = 65; upper <= 90; upper++) set[upper] = set[upper + 32] = set[upper] | set[upper + 32];
}
