/**
 * Finds a field of a JSON text without building anything of the rest and without parsing a number: a search looks at hundreds of
 * thousands of texts a second. What is no JSON has no fields, as far as it is read. Pure.
 */

export interface JsonField {
  readonly start: number;
  readonly end: number;
}

/** Null where there is none. Names of properties, and indexes of lists. */
export function jsonField(text: string, path: readonly (string | number)[]): JsonField | null {
  const walker = new Walker(text);
  for (const step of path) if (!walker.enter(step)) return null;
  return walker.value();
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const [OPEN_LIST, CLOSE_LIST] = [91, 93];
const [OPEN_OBJECT, CLOSE_OBJECT] = [123, 125];
const SPACE = 32;

class Walker {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Stands before the value of the property, or the element of the list, afterwards; false where there is none. */
  enter(step: string | number): boolean {
    const open = this.#next();
    if (open === OPEN_OBJECT) return this.#enterProperty(String(step));
    return open === OPEN_LIST && typeof step === 'number' && this.#enterElement(step);
  }

  value(): JsonField | null {
    this.#next();
    const start = this.#at;
    return this.#pass() ? { start, end: this.#at } : null;
  }

  #enterProperty(name: string): boolean {
    do {
      this.#at++; // the brace, or a comma
      if (this.#next() !== QUOTE) return false;
      const start = this.#at;
      if (!this.#passString()) return false;
      const isIt = this.#isName(start, name);
      if (this.#next() !== COLON) return false;
      this.#at++;
      if (isIt) return true;
      if (!this.#pass()) return false;
    } while (this.#next() === COMMA);
    return false;
  }

  #enterElement(index: number): boolean {
    this.#at++; // the bracket
    if (this.#next() === CLOSE_LIST) return false;
    for (let i = 0; i < index; i++) {
      if (!this.#pass() || this.#next() !== COMMA) return false;
      this.#at++;
    }
    return true;
  }

  /** Whether the string that begins at `start`, and has just been passed, is this name. */
  #isName(start: number, name: string): boolean {
    const length = this.#at - start - 2;
    if (length === name.length && this.#text.startsWith(name, start + 1)) return true;
    if (length <= name.length) return false; // an escape is longer than what it stands for
    const raw = this.#text.slice(start, this.#at);
    return raw.includes('\\') && unescaped(raw) === name;
  }

  /** The code of the next character that is no space; NaN at the end. */
  #next(): number {
    const text = this.#text;
    let code = text.charCodeAt(this.#at);
    while (code <= SPACE) code = text.charCodeAt(++this.#at);
    return code;
  }

  /** Stands behind the value afterwards; false where there is none. */
  #pass(): boolean {
    const code = this.#next();
    if (code === QUOTE) return this.#passString();
    if (code === OPEN_OBJECT || code === OPEN_LIST) return this.#passNested();
    const start = this.#at;
    for (let next = code; !isEnd(next); next = this.#text.charCodeAt(++this.#at));
    return this.#at > start;
  }

  #passString(): boolean {
    const text = this.#text;
    for (let from = this.#at + 1; ;) {
      const quote = text.indexOf('"', from);
      if (quote < 0) return false;
      let escapes = 0;
      while (text.charCodeAt(quote - 1 - escapes) === BACKSLASH) escapes++;
      from = quote + 1;
      if (escapes % 2 === 1) continue;
      this.#at = from;
      return true;
    }
  }

  #passNested(): boolean {
    let depth = 0;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code)) return false;
      if (code === QUOTE) {
        if (!this.#passString()) return false;
        continue;
      }
      this.#at++;
      if (code === OPEN_OBJECT || code === OPEN_LIST) depth++;
      else if ((code === CLOSE_OBJECT || code === CLOSE_LIST) && --depth === 0) return true;
    }
  }
}

function isEnd(code: number): boolean {
  return Number.isNaN(code) || code <= SPACE || code === COMMA || code === CLOSE_LIST || code === CLOSE_OBJECT;
}

/** As it is where it is no string of JSON. */
export function unescaped(raw: string): string {
  try {
    return String(JSON.parse(raw));
  } catch {
    return raw;
  }
}
