/** Reads the text of a Java .properties file: what `server.properties` is written in. */

/** The last of several equal keys wins. Values keep their order of appearance. */
export function parseProperties(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const end = keyEnd(line);
    const separator = /^[ \t\f]*(?:[=:][ \t\f]*)?/.exec(line.slice(end))![0];
    values.set(unescape(line.slice(0, end)), unescape(line.slice(end + separator.length)));
  }
  return values;
}

/** Lines without comments and blanks; a line that ends in an odd number of backslashes goes on in the next. */
function* logicalLines(text: string): Generator<string> {
  let begun: string | undefined;
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line = raw.replace(/^[ \t\f]+/, '');
    if (begun === undefined && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const whole = (begun ?? '') + line;
    const backslashes = /\\*$/.exec(line)![0].length;
    begun = backslashes % 2 === 1 ? whole.slice(0, -1) : undefined;
    if (begun === undefined) yield whole;
  }
  if (begun !== undefined && begun !== '') yield begun;
}

/** Where the key ends: at the first `=`, `:` or blank that no backslash precedes. */
function keyEnd(line: string): number {
  let at = 0;
  while (at < line.length && !'=: \t\f'.includes(line[at])) at += line[at] === '\\' ? 2 : 1;
  return Math.min(at, line.length);
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_all, hex: string | undefined, one: string) =>
    hex === undefined ? (ESCAPES[one] ?? one) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
