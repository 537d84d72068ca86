/** Classes of characters by the names RE2 has for them. */

/** 1 at the code of each ASCII character that is in it, and at BEYOND where others are. */
export type CharacterSet = Readonly<Uint8Array>;

/** Stands for every character beyond ASCII: no topic has one, and few transactional ids do. */
export const BEYOND = 128;
export const SIZE = BEYOND + 1;
/** Which classes that one is in: those of a letter. */
const A_LETTER = 'é';
export const ANY: CharacterSet = new Uint8Array(SIZE).fill(1);

export function oneOf(char: string): Uint8Array {
  const set = new Uint8Array(SIZE);
  set[indexOf(char)] = 1;
  return set;
}

/** Where a set says whether the character is in it. */
export function indexOf(char: string): number {
  return Math.min(char.codePointAt(0) as number, BEYOND);
}

function where(test: RegExp): CharacterSet {
  return Uint8Array.from({ length: SIZE }, (_, code) =>
    Number(test.test(code === BEYOND ? A_LETTER : String.fromCharCode(code))),
  );
}

const WORD = where(/\w/);
const PERL: Readonly<Record<string, CharacterSet>> = { d: where(/[0-9]/), s: where(/[\t\n\f\r ]/), w: WORD };
const POSIX: Readonly<Record<string, CharacterSet>> = {
  alnum: where(/[0-9A-Za-z]/),
  alpha: where(/[A-Za-z]/),
  ascii: ANY.map((_, code) => Number(code < BEYOND)),
  blank: where(/[\t ]/),
  // oxlint-disable-next-line no-control-regex -- that is what the class is
  cntrl: where(/[\x00-\x1f\x7f]/),
  digit: where(/[0-9]/),
  graph: where(/[!-~]/),
  lower: where(/[a-z]/),
  print: where(/[ -~]/),
  punct: where(/[!-/:-@[-`{-~]/),
  space: where(/[\t\n\v\f\r ]/),
  upper: where(/[A-Z]/),
  word: WORD,
  xdigit: where(/[0-9A-Fa-f]/),
};

export function isWord(code: number): boolean {
  return WORD[code] === 1;
}

/** What may be escaped to mean itself. */
export function isPunctuation(char: string): boolean {
  return char.charCodeAt(0) < BEYOND && !/[0-9A-Za-z]/.test(char);
}

/** `[:alpha:]` or `[:^alpha:]`; null for a name that is none. */
export function posixClass(text: string): CharacterSet | null {
  const [, not, name] = /^\[:(\^?)(\w+):\]$/.exec(text) as RegExpExecArray;
  return Object.hasOwn(POSIX, name) ? (not === '' ? POSIX[name] : inverse(POSIX[name])) : null;
}

/** `d`, `D`, `pL`, `p{Greek}`, `P{^Lu}` and so on, without the backslash; null for a name that is none. */
export function escapeClass(text: string): CharacterSet | null {
  const kind = text[0].toLowerCase();
  const inverted = text[0] !== kind;
  if (kind !== 'p') return inverted ? inverse(PERL[kind]) : PERL[kind];
  const [, not, name] = /^.\{?(\^?)(\w+)\}?$/.exec(text) as RegExpExecArray;
  const set = unicodeClass(name);
  return set === null || inverted === (not === '^') ? set : inverse(set);
}

/** RE2 knows general categories by their letters, and scripts by their names. */
function unicodeClass(name: string): CharacterSet | null {
  if (name === 'Any') return ANY;
  try {
    return where(new RegExp(name.length <= 2 ? `\\p{${name}}` : `\\p{Script=${name}}`, 'u'));
  } catch {
    return null; // no such class
  }
}

function inverse(set: CharacterSet): CharacterSet {
  return set.map((member) => 1 - member);
}
