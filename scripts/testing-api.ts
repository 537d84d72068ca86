/** docs/testing-api.md: what `ottla/testing` exports, with the signatures and sentences of its source. */
import { readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../src/testing/', import.meta.url);

const INTRODUCTION = `# API reference of ottla/testing

Written by \`npm run docs\` from the types in \`src/testing\`; do not edit. [testing.md](testing.md) shows how to use it.
`;

export function testingApiPage(): string {
  const index = readFileSync(new URL('index.ts', ROOT), 'utf8');
  const sections: [name: string, text: string][] = [];
  for (const [, names, file] of index.matchAll(/export (?:type )?\{([^}]*)\} from '(\.\.?\/[\w/-]+\.ts)';/g)) {
    const source = readFileSync(new URL(file, ROOT), 'utf8');
    for (const name of names.split(',').map((each) => each.replace(/^\s*type\s+/, '').trim())) {
      if (name !== '') sections.push([name, sectionOf(name, declares(name, source) ? source : elsewhere(name))]);
    }
  }
  // What a test begins with comes first.
  const first = ['startBroker', 'StartOptions', 'TestBroker'];
  const rank = (name: string): number => (first.includes(name) ? first.indexOf(name) : first.length);
  const sorted = sections.toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const list = sorted.map(([name]) => `[${name}](#${name.toLowerCase()})`).join(' · ');
  return `${INTRODUCTION}\n${list}\n${sorted.map(([, text]) => `\n${text}`).join('')}`;
}

const declarationOf = (name: string): RegExp =>
  new RegExp(`^export (?:abstract |async )?(?:interface|class|type|function|const) ${name}\\b`, 'm');

function declares(name: string, source: string): boolean {
  return declarationOf(name).test(source);
}

/** The source that declares what another file passes on. */
function elsewhere(name: string): string {
  const sources = readdirSync(ROOT).map((file) => readFileSync(new URL(file, ROOT), 'utf8'));
  const found = sources.find((source) => declares(name, source));
  if (found === undefined) throw new Error(`${name} is exported and declared nowhere in src/testing`);
  return found;
}

function sectionOf(name: string, source: string): string {
  const lines = source.split('\n');
  const start = lines.findIndex((line) => declarationOf(name).test(line));
  const sentence = commentAbove(lines, start);
  const code = declarationAt(lines, start);
  return `## ${name}\n\n${sentence === '' ? '' : `${sentence}\n\n`}\`\`\`ts\n${code.join('\n')}\n\`\`\`\n`;
}

/** The text of a comment that ends just above a line. */
function commentAbove(lines: readonly string[], at: number): string {
  let from = at - 1;
  if (from < 0 || !lines[from].trimEnd().endsWith('*/')) return '';
  while (!lines[from].includes('/**')) from--;
  const text = lines.slice(from, at).map((line) => line.replace(/^\s*\/?\*+\/?\s?/, '').replace(/\s*\*\/\s*$/, ''));
  return text.join(' ').replace(/\s+/g, ' ').trim();
}

function declarationAt(lines: readonly string[], start: number): string[] {
  const first = lines[start];
  if (/^export (?:abstract )?class /.test(first)) return classAt(lines, start);
  if (/^export (?:async )?function /.test(first)) return signatureAt(lines, start);
  let end = start;
  let depth = 0;
  for (; end < lines.length; end++) {
    depth += (lines[end].match(/[{([]/g) ?? []).length - (lines[end].match(/[})\]]/g) ?? []).length;
    if (depth <= 0 && (first.startsWith('export type ') ? /;\s*$/ : /[;}]\s*$/).test(lines[end])) break;
  }
  if (first.startsWith('export const ')) return [`${first.replace(/\s*=.*$/, '')};`];
  return lines.slice(start, end + 1);
}

/** Up to where a body begins. */
function signatureAt(lines: readonly string[], start: number): string[] {
  let end = start;
  while (!/\{\s*$/.test(lines[end]) || /[({,]\s*\{\s*$/.test(lines[end])) end++;
  const signature = lines.slice(start, end + 1);
  signature[signature.length - 1] = signature[signature.length - 1].replace(/\s*\{\s*$/, ';');
  return signature.map((line) => line.replace(/^(\s*)async /, '$1').replace(/^export async /, 'export '));
}

/** The public members of a class, each with its sentence. */
function classAt(lines: readonly string[], start: number): string[] {
  const out = [lines[start]];
  for (let at = start + 1; lines[at] !== '}'; at++) {
    const line = lines[at];
    const isMember = /^ {2}(?:(?:readonly|async|get|static|override) )*(?:\[Symbol|\*?[a-zA-Z])/.test(line);
    if (!isMember || /^ {2}(?:(?:readonly|static) )?(?:constructor\b|#)/.test(line)) continue;
    const sentence = commentAbove(lines, at);
    if (sentence.startsWith('Only for ')) continue;
    if (sentence !== '') out.push(`  /** ${sentence} */`);
    if (/^ {2}(?:readonly )?[\w]+[?!]?:.*;$|^ {2}(?:override )?\w+ = .*;$/.test(line)) out.push(line);
    else {
      const signature = signatureAt(lines, at);
      out.push(...signature);
      at += signature.length - 1;
    }
  }
  return [...out, '}'];
}
