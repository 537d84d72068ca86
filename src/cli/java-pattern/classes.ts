/** What Java's names and letters for sets of characters are in JavaScript, written as the inside of a class with the flag v. */

/** Of ASCII, as Java has them without UNICODE_CHARACTER_CLASS. */
const LETTERS: Readonly<Record<string, string>> = {
  d: '0-9',
  w: 'a-zA-Z_0-9',
  s: ' \\t\\n\\x0b\\f\\r',
  h: ' \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000',
  v: '\\n\\x0b\\f\\r\\x85\\u2028\\u2029',
};

const POSIX: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\x00-\\x7f',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: '!-\\/:-@\\[-`\\{-~',
  Graph: '!-~',
  Print: ' -~',
  Blank: ' \\t',
  Cntrl: '\\x00-\\x1f\\x7f',
  XDigit: '0-9a-fA-F',
  Space: LETTERS.s,
  javaLowerCase: '\\p{Lowercase}',
  javaUpperCase: '\\p{Uppercase}',
  javaAlphabetic: '\\p{Alphabetic}',
  javaLetter: '\\p{L}',
  javaDigit: '\\p{Nd}',
  javaLetterOrDigit: '\\p{L}\\p{Nd}',
  javaWhitespace: ' \\t\\n\\x0b\\f\\r\\x1c-\\x1f\\u1680\\u2000-\\u2006\\u2008-\\u200a\\u2028\\u2029\\u205f\\u3000',
};

/** A class for \d, \W and the like; null for a letter that names none. */
export function classOfLetter(letter: string): string | null {
  const inside = LETTERS[letter.toLowerCase()];
  if (inside === undefined) return null;
  return letter === letter.toLowerCase() ? `[${inside}]` : `[^${inside}]`;
}

/** A class for \p{name} and \P{name}; null for a name that this JavaScript does not have either. */
export function classOfName(name: string, isNegated: boolean): string | null {
  const head = isNegated ? '[^' : '[';
  if (Object.hasOwn(POSIX, name)) return `${head}${POSIX[name]}]`;
  for (const property of unicodeNames(name)) {
    try {
      // oxlint-disable-next-line no-new -- asks whether the property is known
      new RegExp(`\\p{${property}}`, 'v');
      return `${head}\\p{${property}}]`;
    } catch {
      // another spelling, or none
    }
  }
  return null;
}

/** Java writes IsAlphabetic, IsLatin, IsL, sc=Latin and gc=Lu for what JavaScript has without Is, or with the whole word. */
function unicodeNames(name: string): string[] {
  const value = /^(?:script|sc)=(.+)$/.exec(name)?.[1];
  if (value !== undefined) return [`Script=${value}`];
  const category = /^(?:general_category|gc)=(.+)$/.exec(name)?.[1];
  if (category !== undefined) return [`General_Category=${category}`];
  const rest = /^Is(.+)$/.exec(name)?.[1];
  return rest === undefined ? [name] : [rest, `Script=${rest}`];
}
