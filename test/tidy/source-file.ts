import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parseSync } from 'vite';

/** A node of the syntax tree, ESTree with TypeScript's additions; `start` counts characters. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [property: string]: unknown;
}

export interface Import {
  readonly specifier: string;
  /** The names as the other module spells them; ['*'] for all of it. */
  readonly names: readonly string[];
  /** Gone once types are stripped. */
  readonly typeOnly: boolean;
}

/** A file of the repository as the rules see it: its path from the root, with '/', and what it says. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', 'data']);

/** Every file of the checkout that a person wrote, sorted by path. */
export function filesBelow(root: string, folder = ''): SourceFile[] {
  const files: SourceFile[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue;
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) files.push(...filesBelow(root, path));
    else if (entry.isFile()) files.push({ path, text: readFileSync(join(root, path), 'utf8') });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function isCode(file: SourceFile): boolean {
  return ['.ts', '.mjs', '.cjs'].includes(extname(file.path));
}

const trees = new WeakMap<SourceFile, SyntaxNode[]>();

/** All nodes of the file's syntax tree, parents before children. */
export function nodesOf(file: SourceFile): readonly SyntaxNode[] {
  let nodes = trees.get(file);
  if (nodes === undefined) {
    const { program, errors } = parseSync(file.path, file.text);
    if (errors.length > 0) throw new Error(`${file.path} does not parse: ${errors[0].message}`);
    nodes = [];
    collect(program, nodes);
    trees.set(file, nodes);
  }
  return nodes;
}

function collect(value: unknown, into: SyntaxNode[]): void {
  if (Array.isArray(value)) {
    for (const element of value) collect(element, into);
  } else if (isNode(value)) {
    into.push(value);
    for (const child of Object.values(value)) collect(child, into);
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** What the file imports or re-exports, dynamic and type imports included. */
export function importsOf(file: SourceFile): Import[] {
  return nodesOf(file).flatMap((node) => {
    const source = node.source;
    if (!isNode(source) || typeof source.value !== 'string') return [];
    const specifiers = (node.specifiers ?? []) as SyntaxNode[];
    const kind = node.importKind ?? node.exportKind;
    const inline = specifiers.length > 0 && specifiers.every((each) => (each.importKind ?? each.exportKind) === 'type');
    return [
      {
        specifier: source.value,
        names: specifiers.length === 0 ? ['*'] : specifiers.map(importedName),
        typeOnly: kind === 'type' || inline || node.type === 'TSImportType',
      },
    ];
  });
}

function importedName(specifier: SyntaxNode): string {
  const name = specifier.imported ?? specifier.local;
  const wildcard = specifier.type === 'ImportNamespaceSpecifier' || specifier.type === 'ImportDefaultSpecifier';
  return wildcard || !isNode(name) ? '*' : String(name.name);
}

/** The path from the root that a relative import means; null for packages and node: modules. */
export function target(file: SourceFile, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  return join(file.path, '..', specifier).replaceAll('\\', '/');
}

export function lineOf(file: SourceFile, at: number): number {
  return file.text.slice(0, at).split('\n').length;
}
