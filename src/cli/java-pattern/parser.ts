/** Reads an expression of java.util.regex and writes what means the same in JavaScript, with the flag v. */
import { classOfLetter, classOfName } from './classes.ts';

/** What is wrong with an expression. */
export class JavaPatternError extends Error {}

/** How an expression, or a part of it, is read; (?i) and its like change it up to the end of their group. */
interface Modes {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
  readonly comments: boolean;
  readonly unixLines: boolean;
}

const PLAIN: Modes = { ignoreCase: false, dotAll: false, multiline: false, comments: false, unixLines: false };
const MODE_OF: Readonly<Record<string, keyof Modes | null>> = {
  i: 'ignoreCase',
  s: 'dotAll',
  m: 'multiline',
  x: 'comments',
  d: 'unixLines',
  u: null, // Unicode's folding and classes: names of topics are ASCII
  U: null,
};

const MOST_NESTING = 200;
const LINE_ENDS = '\\n\\r\\x85\\u2028\\u2029';

export class JavaParser {
  readonly #text: string;
  #at = 0;
  #modes = PLAIN;
  #depth = 0;
  /** Groups written so far: JavaScript counts those that make quantifiers possessive too. */
  #written = 0;
  /** The number in JavaScript of each group that Java counts. */
  readonly #groups: number[] = [];
  readonly #names = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws {JavaPatternError} */
  translate(): string {
    const written = this.#choice();
    if (this.#at < this.#text.length) throw new JavaPatternError(`Unmatched closing ')' near index ${this.#at - 1}`);
    return written;
  }

  #choice(): string {
    if (++this.#depth > MOST_NESTING) throw new JavaPatternError('nested too deeply');
    const modes = this.#modes;
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#modes = modes;
    this.#depth--;
    return parts.join('|');
  }

  #sequence(): string {
    let written = '';
    for (;;) {
      this.#skipComments();
      const char = this.#text[this.#at];
      if (char === undefined || char === '|' || char === ')') return written;
      if (this.#take('\\Q')) written += this.#quoted();
      else written += this.#quantified();
    }
  }

  /** Up to \E, or to the end; a quantifier behind it is about its last character. */
  #quoted(): string {
    const end = this.#text.indexOf('\\E', this.#at);
    const chars = Array.from(this.#text.slice(this.#at, end < 0 ? undefined : end));
    this.#at = end < 0 ? this.#text.length : end + 2;
    const last = chars.pop();
    if (last === undefined) return '';
    return chars.map((char) => this.#literal(char)).join('') + this.#quantify(this.#literal(last), this.#written);
  }

  #quantified(): string {
    const before = this.#written;
    const atom = this.#atom();
    // A mode such as (?i), which stands for nothing.
    return atom === '' ? '' : this.#quantify(atom, before);
  }

  /** `before`: groups written before the atom; an atomic group around it comes first among those in it. */
  #quantify(atom: string, before: number): string {
    this.#skipComments();
    const quantifier = this.#quantifier();
    if (quantifier === '') return atom;
    if (this.#take('?')) return `${atom}${quantifier}?`;
    if (!this.#take('+')) return `${atom}${quantifier}`;
    return this.#atomic(`${atom}${quantifier}`, before);
  }

  #quantifier(): string {
    const char = this.#text[this.#at];
    if (char === '*' || char === '+' || char === '?') {
      this.#at++;
      return char;
    }
    if (char !== '{') return '';
    const [whole, least, comma, most] = /^\{(\d{1,9})(,?)(\d{1,9})?\}/.exec(this.#text.slice(this.#at)) ?? [];
    if (whole === undefined) throw new JavaPatternError(`Illegal repetition near index ${this.#at}`);
    if (most !== undefined && Number(most) < Number(least)) {
      throw new JavaPatternError(`Illegal repetition range near index ${this.#at}`);
    }
    this.#at += whole.length;
    return `{${least}${comma}${most ?? ''}}`;
  }

  /** What has matched is not given back: a lookahead does not backtrack, and the group repeats what it saw. */
  #atomic(written: string, before: number): string {
    const shifted = this.#shift(written, before);
    return `(?:(?=(${shifted}))(?:\\${before + 1}))`;
  }

  /** Makes room for a group in front of those after `before`: back references written so far move with them. */
  #shift(written: string, before: number): string {
    this.#written++;
    for (const [index, group] of this.#groups.entries()) if (group > before) this.#groups[index] = group + 1;
    for (const [name, group] of this.#names) if (group > before) this.#names.set(name, group + 1);
    return written.replaceAll(/\(\?:\\(\d+)\)/g, (whole, number: string) =>
      Number(number) > before ? `(?:\\${Number(number) + 1})` : whole,
    );
  }

  #atom(): string {
    const char = this.#next();
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '.':
        return this.#dot();
      case '^':
        return this.#modes.multiline ? `(?:(?<=^|[${LINE_ENDS}])(?!$))` : '(?:(?<![^]))';
      case '$':
        return this.#modes.multiline ? `(?:(?=$|[${LINE_ENDS}]))` : `(?:(?=[${LINE_ENDS}]?(?![^])))`;
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new JavaPatternError(`Dangling meta character '${char}' near index ${this.#at - 1}`);
      case '{':
        // Of nothing, as in (?i){2}: it stays without effect.
        this.#at--;
        return '(?:)';
      default:
        return this.#literal(char);
    }
  }

  #dot(): string {
    if (this.#modes.dotAll) return '[^]';
    return this.#modes.unixLines ? '[^\\n]' : `[^${LINE_ENDS}]`;
  }

  #group(): string {
    const before = this.#written;
    const head = this.#head();
    if (head === null) return '';
    const modes = this.#modes;
    const inside = this.#choice();
    this.#modes = head.after ?? modes;
    if (!this.#take(')')) throw new JavaPatternError(`Unclosed group near index ${this.#text.length}`);
    if (head.isAtomic) return this.#atomic(inside, before);
    // JavaScript lets no quantifier follow what looks around; Java does.
    return /[=!]$/.test(head.opening) ? `(?:${head.opening}${inside}))` : `${head.opening}${inside})`;
  }

  /** How a group begins; null for modes alone, which change how all that follows in the group around is read. */
  #head(): { opening: string; isAtomic?: boolean; after?: Modes } | null {
    if (!this.#take('?')) {
      this.#groups.push(++this.#written);
      return { opening: '(' };
    }
    for (const opening of [':', '=', '!', '<=', '<!']) if (this.#take(opening)) return { opening: `(?${opening}` };
    if (this.#take('>')) return { opening: '', isAtomic: true };
    const [named, name] = /^<([A-Za-z][A-Za-z0-9]*)>/.exec(this.#text.slice(this.#at)) ?? [];
    if (named !== undefined) {
      if (this.#names.has(name)) throw new JavaPatternError(`Named capturing group <${name}> is already defined`);
      this.#at += named.length;
      this.#groups.push(++this.#written);
      this.#names.set(name, this.#written);
      return { opening: '(' };
    }
    const [flags, on, off = '', end] = /^([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/.exec(this.#text.slice(this.#at)) ?? [];
    if (flags === undefined) throw new JavaPatternError(`Unknown group type near index ${this.#at}`);
    this.#at += flags.length;
    const after = this.#modes;
    this.#modes = withModes(withModes(after, on, true), off, false);
    return end === ')' ? null : { opening: '(?:', after };
  }

  #escape(): string {
    const char = this.#next();
    const set = classOfLetter(char);
    if (set !== null) return set;
    switch (char) {
      case 'b':
      case 'B':
        return `(?:\\${char})`;
      case 'A':
        return '(?:(?<![^]))';
      case 'z':
        return '(?:(?![^]))';
      case 'Z':
        return `(?:(?=[${LINE_ENDS}]?(?![^])))`;
      case 'R':
        return `(?:\\r\\n|[\\n\\x0b\\f\\r\\x85\\u2028\\u2029])`;
      case 'p':
      case 'P':
        return this.#property(char === 'P');
      case 'k':
        return this.#namedReference();
      default:
        if (/[1-9]/.test(char)) return this.#reference(char);
        return this.#literal(this.#character(char));
    }
  }

  #property(isNegated: boolean): string {
    const [whole, braced, short] = /^(?:\{([^}]*)\}|([A-Za-z]))/.exec(this.#text.slice(this.#at)) ?? [''];
    this.#at += whole.length;
    const name = braced ?? short ?? '';
    const set = this.#modes.ignoreCase && /^(Lower|Upper)$/.test(name) ? 'Alpha' : name;
    const written = classOfName(set, isNegated);
    if (written === null) throw new JavaPatternError(`Unknown character property name {${name}}`);
    return written;
  }

  #namedReference(): string {
    const [whole, name] = /^<([A-Za-z0-9]+)>/.exec(this.#text.slice(this.#at)) ?? [''];
    const group = this.#names.get(name ?? '');
    if (group === undefined) throw new JavaPatternError(`named capturing group <${name ?? ''}> does not exist`);
    this.#at += whole.length;
    return `(?:\\${group})`;
  }

  /** As many digits as there are groups for, as in Java; a group that is not there matches nothing. */
  #reference(first: string): string {
    let number = Number(first);
    while (/\d/.test(this.#text[this.#at] ?? '') && number * 10 + Number(this.#text[this.#at]) <= this.#groups.length) {
      number = number * 10 + Number(this.#text[this.#at++]);
    }
    const group = this.#groups[number - 1];
    return group === undefined ? '(?:(?!))' : `(?:\\${group})`;
  }

  /** The character that an escape stands for. */
  #character(char: string): string {
    const simple: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', a: '\u0007', e: '\u001b' };
    if (Object.hasOwn(simple, char)) return simple[char];
    const rest = this.#text.slice(this.#at);
    const numeric =
      char === '0'
        ? /^([0-3]?[0-7]{1,2})/.exec(rest)
        : char === 'x'
          ? (/^([0-9a-fA-F]{2})/.exec(rest) ?? /^\{([0-9a-fA-F]{1,6})\}/.exec(rest))
          : char === 'u'
            ? /^([0-9a-fA-F]{4})/.exec(rest)
            : null;
    if (numeric !== null) {
      this.#at += numeric[0].length;
      return String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(numeric[1], char === '0' ? 8 : 16)));
    }
    if (char === 'c' && rest !== '') return String.fromCharCode(this.#next().charCodeAt(0) ^ 64);
    if (/[A-Za-z0-9]/.test(char)) {
      throw new JavaPatternError(`Illegal/unsupported escape sequence near index ${this.#at - 1}`);
    }
    return char;
  }

  /** Behind `[`: characters, ranges, classes in classes, and intersections. */
  #class(): string {
    if (++this.#depth > MOST_NESTING) throw new JavaPatternError('nested too deeply');
    const head = this.#take('^') ? '[^' : '[';
    const operands: string[] = [];
    let operand = '';
    for (let isFirst = true; ; isFirst = false) {
      this.#skipComments();
      if (this.#at >= this.#text.length) throw new JavaPatternError(`Unclosed character class near index ${this.#at}`);
      if (this.#text[this.#at] === ']' && !isFirst) break;
      if (this.#take('&&')) {
        operands.push(operand);
        operand = '';
      } else if (this.#take('[')) operand += this.#class();
      else if (this.#take('\\Q')) operand += this.#quotedInClass();
      else operand += this.#range();
    }
    this.#at++;
    this.#depth--;
    const sides = [...operands, operand].filter((side) => side !== '');
    if (sides.length <= 1) return `${head}${sides[0] ?? ''}]`;
    return `${head}${sides.map((side) => `[${side}]`).join('&&')}]`;
  }

  #quotedInClass(): string {
    const end = this.#text.indexOf('\\E', this.#at);
    const chars = Array.from(this.#text.slice(this.#at, end < 0 ? undefined : end));
    this.#at = end < 0 ? this.#text.length : end + 2;
    return chars.map((char) => this.#inClass(char, char)).join('');
  }

  /** One character, a range of them, or a set such as \d. */
  #range(): string {
    const first = this.#member();
    if (first.length > 1 && first.startsWith('[')) return first;
    const isRange = this.#text[this.#at] === '-' && !/^-(?:\]|\[|$)/.test(this.#text.slice(this.#at));
    if (!isRange) return this.#inClass(first, first);
    this.#at++;
    const last = this.#member();
    if (last < first || (last.length > 1 && last.startsWith('[')))
      throw new JavaPatternError(`Illegal character range near index ${this.#at - 1}`);
    return this.#inClass(first, last);
  }

  /** A character, or a class as it is written in JavaScript. */
  #member(): string {
    const char = this.#next();
    if (char !== '\\') return char;
    const escaped = this.#next();
    if (escaped === 'p' || escaped === 'P') return this.#property(escaped === 'P');
    return classOfLetter(escaped) ?? this.#character(escaped);
  }

  #inClass(first: string, last: string): string {
    const range = (from: string, to: string): string =>
      from === to ? escaped(from) : `${escaped(from)}-${escaped(to)}`;
    if (!this.#modes.ignoreCase) return range(first, last);
    // What of the range are letters of ASCII is there in both cases.
    let both = '';
    for (let code = 65; code <= 90; code++) {
      const [upper, lower] = [String.fromCharCode(code), String.fromCharCode(code + 32)];
      if ((upper >= first && upper <= last) || (lower >= first && lower <= last)) both += upper + lower;
    }
    return range(first, last) + both;
  }

  #literal(char: string): string {
    if (this.#modes.ignoreCase && /[A-Za-z]/.test(char)) return `[${char.toUpperCase()}${char.toLowerCase()}]`;
    return escaped(char);
  }

  #skipComments(): void {
    if (!this.#modes.comments) return;
    const [blank] = /^(?:[ \t\n\f\r\v]|#[^\n]*)*/.exec(this.#text.slice(this.#at)) as RegExpExecArray;
    this.#at += blank.length;
  }

  /** The next character, whole also beyond the basic plane. */
  #next(): string {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw new JavaPatternError(`Unexpected end near index ${this.#at}`);
    const char = String.fromCodePoint(code);
    this.#at += char.length;
    return char;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
}

function withModes(modes: Modes, letters: string, value: boolean): Modes {
  let changed = modes;
  for (const letter of letters) {
    if (!Object.hasOwn(MODE_OF, letter)) throw new JavaPatternError(`Unknown inline modifier ${letter}`);
    const mode = MODE_OF[letter];
    if (mode !== null) changed = { ...changed, [mode]: value };
  }
  return changed;
}

/** A character that means itself, in a class and outside. */
function escaped(char: string): string {
  if (/^[A-Za-z0-9_]$/.test(char)) return char;
  return `\\u{${char.codePointAt(0)!.toString(16)}}`;
}
