/** The page that tells what each request needs its client to be allowed, found by asking the tables of handlers about made-up requests. */
import { ErrorCode, errorName } from '../protocol/errors.ts';
import { includes, type AnyApi, type Fields, type Shape } from '../protocol/schema.ts';
import type { AnyPermissions } from '../src/apis/permissions.ts';
import { nameOf, Operation, Resource } from '../src/security/acls/codes.ts';
import type { Need, Needed } from '../src/security/needs.ts';

interface Asked {
  readonly api: AnyApi;
  readonly permissions: AnyPermissions;
}

/** One permission that some request of an API needs. */
export interface FoundNeed {
  /** READ, of GROUP. */
  readonly operation: string;
  readonly resource: string;
  /** The field that names the resource; null for the cluster, and for any topic. */
  readonly field: string | null;
  /** What a client is told that lacks it; null where the handler asks. */
  readonly errorCode: number | null;
  readonly scope: 'request' | 'element' | 'by hand';
  /** One of several such is enough. */
  readonly isEnough: boolean;
}

/** Numbers and truths that say what a request is about. */
const NUMBERS = [0, 1, 2, 4, 8, 16, 32];

/** All that any request of an API may need. */
export function needsOf({ api, permissions }: Asked): FoundNeed[] {
  const found = new Map<string, FoundNeed>();
  const take = (need: FoundNeed): void => void found.set(JSON.stringify(need), need);
  const { needs, parts, byHand = [] } = permissions;
  for (let version = api.versions.first; version <= api.versions.last; version++) {
    for (const number of NUMBERS) {
      for (const isNull of [false, true]) {
        const words = new Map<string, string>();
        const request = madeUp(api.request.fields, { version, number, isNull, words }) as never;
        const context = { apiVersion: version, access: null } as never;
        for (const need of flat(needs?.(request, context, BROKER) ?? null, 'request', words)) take(need);
        if (parts === undefined) continue;
        const list = (request as Record<string, unknown[] | null | undefined>)[parts.list] ?? [];
        const needsOfOne = parts.needs(request, context, BROKER);
        for (const element of list) {
          for (const need of flat(needsOfOne(element as never), 'element', words)) take(need);
        }
      }
    }
  }
  for (const need of byHand)
    take({ ...told(need, need.name ?? ''), errorCode: null, scope: 'by hand', isEnough: false });
  return [...found.values()];
}

function flat(needed: Needed, scope: FoundNeed['scope'], words: ReadonlyMap<string, string>): FoundNeed[] {
  if (needed === null) return [];
  if ('length' in needed) return needed.flatMap((one) => flat(one, scope, words));
  const of = (need: Need, errorCode: number, isEnough: boolean): FoundNeed => ({
    ...told(need, words.get(need.name ?? '') ?? ''),
    errorCode,
    scope,
    isEnough,
  });
  if ('anyOf' in needed) return needed.anyOf.map((need) => of(need, needed.errorCode, true));
  return [of(needed, needed.errorCode, false)];
}

function told({ operation, resourceType }: Need, field: string) {
  const isNamed = resourceType !== Resource.CLUSTER && field !== '';
  return {
    operation: nameOf(Operation, operation),
    resource: nameOf(Resource, resourceType),
    field: isNamed ? field : null,
  };
}

interface Variant {
  readonly version: number;
  readonly number: number;
  readonly isNull: boolean;
  /** Strings of the request, and the fields they stand in. */
  readonly words: Map<string, string>;
}

function madeUp(fields: Fields, variant: Variant, path = ''): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, { shape }]) => [
    name,
    includes(shape.versions, variant.version) ? value(shape, variant, `${path}${name}`) : absent(shape),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** What a decoder puts where a version has no such field. */
function absent({ kind }: Shape): unknown {
  if (kind === 'array') return [];
  if (kind === 'string') return '';
  return kind === 'bool' ? false : 0;
}

function value(shape: Shape, variant: Variant, path: string): unknown {
  const { kind } = shape;
  if (variant.isNull && kind !== 'array' && includes(shape.nullable, variant.version)) return null;
  if (kind === 'array') {
    const element = shape.element!.shape;
    return [
      element.kind === 'struct' ? madeUp(element.fields!, variant, `${path}[].`) : value(element, variant, `${path}[]`),
    ];
  }
  if (kind === 'struct') return madeUp(shape.fields!, variant, `${path}.`);
  if (kind === 'bool') return variant.number % 2 === 1;
  if (kind !== 'string' && kind !== 'uuid') return variant.number;
  const word = `word-${variant.words.size}`;
  variant.words.set(word, path);
  return word;
}

/** Every feature is on, and every topic is there. */
const BROKER = {
  metadata: {
    image: { features: { get: () => 2 }, topicsById: { get: (id: string) => ({ name: id }) }, topicsByName: new Map() },
  },
  config: { 'group.coordinator.rebalance.protocols': ['classic', 'consumer', 'streams'] },
} as never;

/** Markdown; `handlers` are a broker's, `ofControllers` those of the CONTROLLER listener that brokers have not. */
export function permissionsPage(handlers: readonly Asked[], ofControllers: readonly Asked[]): string {
  const byKey = (a: Asked, b: Asked): number => a.api.key - b.api.key;
  return [
    '# Permissions',
    '',
    'Written by `npm run docs` from the tables of handlers; do not edit. [Security](security.md) says how ACLs give them.',
    '',
    'A client that lacks what a request needs is told the error. *each*: only the parts of the request that name what it may not',
    'use are refused. *or*: one of them is enough. Where no error stands, what the client may not see is left out, or the answer',
    'has the error beside it, as in Apache Kafka.',
    '',
    '## Brokers',
    '',
    ...table([...handlers].sort(byKey)),
    '',
    '## The CONTROLLER listener',
    '',
    ...table([...ofControllers].sort(byKey)),
    '',
  ].join('\n');
}

function table(handlers: readonly Asked[]): string[] {
  const rows = handlers.map((handler) => {
    const needs = needsOf(handler);
    const said = needs.length === 0 ? (handler.permissions.open ?? '') : sentences(needs).join('<br>');
    return `| ${handler.api.key} | ${handler.api.name} | ${said} |`;
  });
  return ['| key | API | needs |', '| --: | --- | --- |', ...rows];
}

function sentences(needs: readonly FoundNeed[]): string[] {
  const alternatives = needs.filter(({ isEnough }) => isEnough);
  const others = needs.filter(({ isEnough }) => !isEnough);
  return [
    ...(alternatives.length === 0 ? [] : [`${alternatives.map(words).join(' or ')}${error(alternatives[0])}`]),
    ...others.map((need) => `${words(need)}${error(need)}`),
  ];
}

function words({ operation, resource, field, scope }: FoundNeed): string {
  const named =
    field === null ? (resource === 'TOPIC' ? 'of any' : '') : `${scope === 'element' ? 'each ' : ''}\`${field}\``;
  return `${operation} ${resource} ${named}`.trim();
}

function error({ errorCode }: FoundNeed): string {
  return errorCode === null || errorCode === ErrorCode.NONE ? '' : `: ${errorName(errorCode)}`;
}
