/** Of each request that a broker answers, one for each of its arrays in which that array is as long as can be: made of the tables. */
import type { AnyApi, Fields, Shape } from '../../protocol/schema.ts';
import { includes } from '../../protocol/schema.ts';

type Struct = Readonly<Record<string, unknown>>;

export interface LongRequest {
  /** The array, as 'topics.partitions'. */
  readonly path: string;
  /** `count` elements in it, and no more than one in any other. */
  draft(count: number): Struct;
}

/** What stands for a name: of a topic, a group or whatever it is; the numbered ones are different. */
export interface Words {
  /** `at`: of the element of the long array. */
  text(field: string, at: number): string;
  number(field: string, at: number): number;
}

/** One for each array of the request in this version. */
export function longRequests({ request }: AnyApi, version: number, words: Words): LongRequest[] {
  return arraysOf(request.fields, version, '').map((path) => ({
    path,
    draft: (count) => structOf(request.fields, version, { path, count, words }, '', 0),
  }));
}

function arraysOf(fields: Fields, version: number, prefix: string): string[] {
  return Object.entries(fields).flatMap(([name, { shape }]) => {
    if (!includes(shape.versions, version)) return [];
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (shape.kind === 'struct') return arraysOf(shape.fields!, version, path);
    if (shape.kind !== 'array') return [];
    const element = shape.element!.shape;
    return [path, ...(element.kind === 'struct' ? arraysOf(element.fields!, version, path) : [])];
  });
}

interface Long {
  readonly path: string;
  readonly count: number;
  readonly words: Words;
}

function structOf(fields: Fields, version: number, long: Long, prefix: string, at: number): Struct {
  const entries = Object.entries(fields).flatMap(([name, { shape }]) => {
    if (!includes(shape.versions, version)) return [];
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [[name, valueOf(shape, version, long, path, name, at)] as const];
  });
  return Object.fromEntries(entries);
}

function valueOf(shape: Shape, version: number, long: Long, path: string, name: string, at: number): unknown {
  const { words } = long;
  switch (shape.kind) {
    case 'array': {
      const isOnTheWay = long.path === path || long.path.startsWith(`${path}.`);
      const element = shape.element!.shape;
      const one = (index: number) => valueOf(element, version, long, path, name, index);
      if (long.path === path) return Array.from({ length: long.count }, (_, index) => one(index));
      return isOnTheWay || element.kind !== 'struct' ? [one(at)] : [];
    }
    case 'struct':
      if (includes(shape.nullable, version) && !long.path.startsWith(`${path}.`)) return null;
      return structOf(shape.fields!, version, long, path, at);
    case 'string':
      return words.text(name, at);
    case 'uuid':
      return Buffer.from(String(at).padStart(16, '0')).toString('base64url');
    case 'bytes':
    case 'records':
      return Buffer.alloc(0);
    case 'bool':
      return false;
    case 'int64':
      return 0n;
    default:
      return words.number(name, at);
  }
}
