/** Turns \n, \t, \0, \e, \\ and \x1f, as typed in a shell's quotes, into the characters they stand for. */
export function unescape(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|.)/gs, (whole, code: string) => {
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return SIMPLE[code] ?? whole;
  });
}

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '0': '\0',
  e: '\u001b',
  '\\': '\\',
};
