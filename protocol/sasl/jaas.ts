/** Reads what Kafka takes from JAAS, Java's way of configuring logins: a login module with options, or a file of sections of them. */

export interface LoginModule {
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
}

/** The text is none; the message says where and why. */
export class JaasError extends Error {
  override readonly name = 'JaasError';
}

const FLAGS = new Set(['required', 'requisite', 'sufficient', 'optional']);

/** The one login module of a property: `Module required key="value";`. @throws {JaasError} */
export function parseLoginModule(text: string): LoginModule {
  const tokens = new Tokens(text);
  const modules: LoginModule[] = [];
  while (!tokens.isAtEnd) modules.push(readModule(tokens));
  if (modules.length === 0) throw new JaasError('Login module not specified in JAAS config');
  if (modules.length === 1) return modules[0];
  throw new JaasError(`JAAS config property contains ${modules.length} login modules, should be 1 module`);
}

/** The sections of a file, `Name { Module required …; };`, by their names. @throws {JaasError} */
export function parseJaasFile(text: string): Map<string, readonly LoginModule[]> {
  const tokens = new Tokens(text);
  const sections = new Map<string, readonly LoginModule[]>();
  while (!tokens.isAtEnd) {
    const name = tokens.word('the name of a section');
    tokens.sign('{', `behind ${name}`);
    const modules: LoginModule[] = [];
    while (!tokens.isNext('}')) modules.push(readModule(tokens));
    tokens.sign('}', `at the end of ${name}`);
    tokens.sign(';', `at the end of ${name}`);
    sections.set(name, modules);
  }
  return sections;
}

function readModule(tokens: Tokens): LoginModule {
  const name = tokens.word('a login module');
  if (tokens.isAtEnd) throw new JaasError('Login module control flag not specified in JAAS config');
  const flag = tokens.word('a control flag');
  if (!FLAGS.has(flag.toLowerCase())) throw new JaasError(`Invalid login module control flag '${flag}' in JAAS config`);
  const options = new Map<string, string>();
  while (!tokens.isAtEnd && !tokens.isNext(';')) {
    const key = tokens.word('the name of an option');
    const value = tokens.isNext('=') ? tokens.value() : null;
    if (value === null) throw new JaasError(`Value not specified for key '${key}' in JAAS config`);
    options.set(key, value);
  }
  if (tokens.isAtEnd) throw new JaasError('JAAS config entry not terminated by semi-colon');
  tokens.sign(';', `behind ${name}`);
  return { name, options };
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'sign';
  readonly text: string;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };
const SKIPPED = /(?:\s+|\/\/[^\n\r]*|\/\*[^]*?(?:\*\/|$))/y;
const WORD = /[A-Za-z0-9_$.\-\u00A0-\uFFFF]+/y;
const QUOTED = /(["'])((?:\\[^]|(?!\1)[^\\\n\r])*)\1/y;

/** Java reads a number there, which is no text to it. */
const NUMBER = /^-?[\d.]/;

class Tokens {
  readonly #text: string;
  #at = 0;
  #next: Token | null;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read();
  }

  get isAtEnd(): boolean {
    return this.#next === null;
  }

  isNext(sign: string): boolean {
    return this.#next?.kind === 'sign' && this.#next.text === sign;
  }

  word(what: string): string {
    const token = this.#take();
    if (token !== null && token.kind !== 'sign') return token.text;
    throw new JaasError(`${what} is expected in JAAS config, not ${token === null ? 'its end' : `'${token.text}'`}`);
  }

  /** Behind the '=' that is next; null where there is none. */
  value(): string | null {
    this.#take();
    const token = this.#take();
    if (token === null || token.kind === 'sign' || (token.kind === 'word' && NUMBER.test(token.text))) return null;
    return token.text;
  }

  sign(sign: string, where: string): void {
    const token = this.#take();
    if (token?.kind === 'sign' && token.text === sign) return;
    throw new JaasError(`'${sign}' is missing ${where} in JAAS config`);
  }

  #take(): Token | null {
    const token = this.#next;
    this.#next = this.#read();
    return token;
  }

  #read(): Token | null {
    while (this.#match(SKIPPED) !== null);
    if (this.#at >= this.#text.length) return null;
    const quoted = this.#match(QUOTED);
    if (quoted !== null) return { kind: 'quoted', text: unescape(quoted[2]) };
    const word = this.#match(WORD);
    if (word !== null) return { kind: 'word', text: word[0] };
    return { kind: 'sign', text: this.#text[this.#at++] };
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }
}

function unescape(text: string): string {
  return text.replace(/\\([^])/g, (_all, one: string) => ESCAPES[one] ?? one);
}
