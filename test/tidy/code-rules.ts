import { underSeam } from './import-rules.ts';
import { importsOf, isCode, isNode, lineOf, nodesOf, target } from './source-file.ts';
import type { SourceFile, SyntaxNode } from './source-file.ts';

/** Files that decide and never wait: no async, no clock, no disk. A trailing '*' stands for the rest of the path. */
export const PURE: readonly string[] = [
  'protocol/*',
  'src/config/*',
  'src/cluster/create-*',
  'src/cluster/delete-*',
  'src/cluster/features*',
  'src/cluster/image*',
  'src/cluster/internal-topics*',
  'src/cluster/placement*',
  'src/cluster/registration*',
  'src/cluster/topic-name*',
  'src/groups/assignors/*',
  'src/groups/classic/*',
  'src/groups/consumer/*',
  'src/groups/offsets/*',
  'src/groups/subscription*',
  'src/patterns/*',
  'src/groups/share/*',
  'src/log/cleaner/filter*',
  'src/log/cleaner/key-hash*',
  'src/log/cleaner/offset-map*',
  'src/log/cleaner/plan*',
  'src/log/cleaner/records*',
  'src/log/cleaner/transactions*',
  'src/log/producer-state*',
  'src/log/retention*',
  'src/log/roll-age*',
  'src/log/validate*',
  'src/transactions/transaction*',
];

/** The shell of each kind of group stands beside the decisions it runs. */
const IMPURE: readonly RegExp[] = [/^protocol\/(sasl\/)?client\.ts$/, /^src\/groups\/[a-z]+\/runner\.ts$/];

export function isPure(path: string): boolean {
  const fits = (pattern: string) => (pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern);
  return PURE.some(fits) && !IMPURE.some((pattern) => pattern.test(path));
}

/** Is as pure as who uses it. */
const NO_DOOR = 'src/platform/pieces.ts';

export function pureOffences(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isCode(file) && isPure(file.path))
    .flatMap((file) => {
      const waits = nodesOf(file).filter(
        (node) =>
          node.async === true || node.type === 'AwaitExpression' || node.await === true || isName(node, 'Promise'),
      );
      const doors = importsOf(file).filter(
        ({ specifier, typeOnly }) => !typeOnly && isDoor(target(file, specifier) ?? ''),
      );
      return [
        ...waits.map((node) => `${file.path}:${lineOf(file, node.start)} waits (async or Promise): this file is pure`),
        ...doors.map(
          ({ specifier }) => `${file.path} imports ${specifier}: this file is pure, it may import its types only`,
        ),
      ];
    });
}

function isDoor(path: string): boolean {
  return path.startsWith('src/platform/') && path !== NO_DOOR;
}

function isName(node: SyntaxNode, name: string): boolean {
  return node.type === 'Identifier' && node.name === name;
}

const CLOCKS_AND_DICE = new Set(['setTimeout', 'setInterval', 'performance']);

const METHODS: Readonly<Record<string, readonly string[]>> = {
  Date: ['now'],
  Math: ['random'],
  crypto: ['randomUUID', 'getRandomValues'],
  process: ['hrtime'],
};

/** The time and chance that a file takes for itself instead of being given. */
export function seamOffences(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isCode(file) && underSeam(file.path))
    .flatMap((file) => {
      const named = namesAsProperties(file);
      return nodesOf(file).flatMap((node) => {
        const taken = takenBy(node, named);
        return taken === null
          ? []
          : [`${file.path}:${lineOf(file, node.start)} uses ${taken}: take a Clock or a Random`];
      });
    });
}

function takenBy(node: SyntaxNode, named: ReadonlySet<unknown>): string | null {
  if (node.type === 'Identifier' && !named.has(node) && CLOCKS_AND_DICE.has(String(node.name)))
    return String(node.name);
  if (node.type === 'MemberExpression' && isNode(node.object) && isNode(node.property)) {
    const [object, property] = [String(node.object.name), String(node.property.name)];
    if (METHODS[object]?.includes(property)) return `${object}.${property}`;
  }
  const bareDate = node.type === 'NewExpression' && isNode(node.callee) && node.callee.name === 'Date';
  return bareDate && (node.arguments as unknown[]).length === 0 ? 'new Date()' : null;
}

/** Identifiers that only name a property, as in `clock.performance`. */
function namesAsProperties(file: SourceFile): Set<unknown> {
  return new Set(nodesOf(file).flatMap((node) => (node.computed === true ? [] : [node.property, node.key])));
}

/** These may take a partition's log in their hands, and the last never has one; all others ask the partition. */
const NOT_ASKING: readonly string[] = ['src/partitions/', 'src/log/', 'src/cli/'];

export function reachOffences(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('src/') && !NOT_ASKING.some((place) => path.startsWith(place)))
    .filter(isCode)
    .flatMap((file) =>
      nodesOf(file)
        .filter(reachesLog)
        .map(
          (node) => `${file.path}:${lineOf(file, node.start)} reaches for the log of a partition: ask the partition`,
        ),
    );
}

function reachesLog(node: SyntaxNode): boolean {
  if (node.type === 'ObjectPattern') {
    return (node.properties as SyntaxNode[]).some(({ key }) => isNode(key) && isName(key, 'log'));
  }
  if (node.type !== 'MemberExpression' || node.computed === true) return false;
  if (!isNode(node.object) || !isNode(node.property) || !isName(node.property, 'log')) return false;
  return !['Math', 'console'].some((name) => isName(node.object as SyntaxNode, name));
}

/** Lines a file may have. The exceptions are tables, which are read by looking up and not from top to bottom. */
export const LONGEST = 400;
export const LONGER: Readonly<Record<string, number>> = {};

export function lengthOffences(files: readonly SourceFile[], longer = LONGER): string[] {
  return files.filter(isCode).flatMap((file) => {
    const lines = lineOf(file, file.text.trimEnd().length);
    const most = longer[file.path] ?? LONGEST;
    return lines > most ? [`${file.path} has ${lines} lines, ${most} at most: split it by ideas`] : [];
  });
}

/** A file that exports says what it is for: a doc sentence at its top or right above one of its exports. */
export function docOffences(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isCode(file) && /^(src|protocol|bench)\//.test(file.path))
    .flatMap((file) => {
      const exports = nodesOf(file).filter((node) => /^Export(Named|All|Default)Declaration$/.test(node.type));
      if (exports.length === 0) return [];
      const texts = [file.text, ...exports.map((node) => docBefore(file.text.slice(0, node.start)))];
      const said = texts.some((text) =>
        /\w+[^\w]+\w+[\s\S]*[.:;!?)]/.test(/^\s*\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? ''),
      );
      return said ? [] : [`${file.path} exports without a doc sentence: say above its main export what it is for`];
    });
}

function docBefore(text: string): string {
  const end = text.trimEnd();
  return end.endsWith('*/') ? end.slice(end.lastIndexOf('/**')) : '';
}

/** Calls whose arguments lie on the stack, where some ten thousands of them are too many. */
const SPREAD_CALLS = new Set(['push', 'unshift', 'splice', 'max', 'min', 'fromCharCode', 'fromCodePoint']);

/** A list that a client can make long ends the call it is spread into: RangeError, Maximum call stack size exceeded. */
export function spreadOffences(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isCode(file) && /^(src|protocol)\//.test(file.path))
    .flatMap((file) =>
      nodesOf(file)
        .filter((node) => node.type === 'CallExpression' && SPREAD_CALLS.has(calledMethod(node)))
        .filter((node) => (node.arguments as SyntaxNode[]).some((argument) => argument.type === 'SpreadElement'))
        .map(
          (node) =>
            `${file.path}:${lineOf(file, node.start)} spreads a list into a call: go through it, it may be long`,
        ),
    );
}

function calledMethod(node: SyntaxNode): string {
  const callee = node.callee as { readonly property?: { readonly name?: string } };
  return callee.property?.name ?? '';
}
