import { importsOf, isCode, target } from './source-file.ts';
import type { SourceFile } from './source-file.ts';

const NAMELESS = new Set([
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'manager',
  'managers',
  'misc',
  'shared',
  'stuff',
]);

/** File and folder names: kebab-case, and each names a thing. */
export function nameOffences(files: readonly SourceFile[]): string[] {
  return files.filter(isCode).flatMap(({ path }) => {
    const names = path.split('/');
    const [stem] = names[names.length - 1].split('.');
    const words = [...names.slice(0, -1), stem].flatMap((name) => name.split('-'));
    const empty = words.find((word) => NAMELESS.has(word));
    return [
      ...(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem) ? [] : [`${path}: file names are kebab-case`]),
      ...(empty === undefined ? [] : [`${path}: '${empty}' says nothing; name the thing`]),
    ];
  });
}

/** Written in pieces so that this file does not offend against itself. */
const PRIVATE: readonly (readonly [RegExp, string])[] = [
  [new RegExp(['registry', '(npmjs|yarnpkg|npmmirror)'].join('\\.')), "a package registry's host"],
  [new RegExp(['"resolved": "', 'http'].join('')), 'where a package was downloaded from'],
  [new RegExp(`(^|[\\s'"\`(=])/(${['work', 'root', 'home', 'Users'].join('|')})/`, 'm'), 'a path of one machine'],
];

/** What belongs to one machine and would mislead on every other. */
export function privacyOffences(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    PRIVATE.flatMap(([pattern, what]) => {
      const found = pattern.exec(file.text);
      if (found === null) return [];
      return [`${file.path}:${file.text.slice(0, found.index).split('\n').length} names ${what}`];
    }),
  );
}

const API_FILE = /^((?:src|protocol)\/apis(?:\/controllers)?)\/((\d{2,})-[a-z0-9-]+)\.ts$/;

/** One file an API key: in its index, and a handler beside every table of the same name. */
export function apiOffences(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  const keys = new Map<string, string>();
  return files.flatMap(({ path }) => {
    const parts = API_FILE.exec(path);
    if (parts === null) return [];
    const [, folder, name, key] = parts;
    const index = files.find((file) => file.path === `${folder}/index.ts`);
    const listed = index !== undefined && importsOf(index).some(({ specifier }) => target(index, specifier) === path);
    const twin = keys.get(`${folder} ${Number(key)}`);
    keys.set(`${folder} ${Number(key)}`, path);
    return [
      ...(listed ? [] : [`${path} is not listed in ${folder}/index.ts`]),
      ...(twin === undefined ? [] : [`${path} has the API key of ${twin}`]),
      ...(paths.has(`protocol/apis/${name}.ts`) ? [] : [`${path} has no table in protocol/apis/${name}.ts`]),
    ];
  });
}
