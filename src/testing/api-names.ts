/** Kafka's requests by their names, with the types of what they say: 'OffsetCommit' completes, and so do its fields. */
import * as protocol from '../../protocol/apis/index.ts';
import { nearest } from '../config/did-you-mean.ts';
import { checkKeys, shown } from './known-keys.ts';
import type { AnyApi, Fields, Values } from '../../protocol/schema.ts';

type Protocol = typeof protocol;
interface AnyTable {
  readonly key: number;
  readonly request: { readonly fields: Fields };
  readonly response: { readonly fields: Fields };
}

/** 'Produce', 'Fetch', 'OffsetCommit', … */
export type ApiName = { [Name in keyof Protocol]: Protocol[Name] extends AnyTable ? Name : never }[keyof Protocol];

type TableOf<Name extends ApiName> = Extract<Protocol[Name], AnyTable>;

/** A decoded request of that name, fields named as in Kafka's message definitions. */
export type RequestBody<Name extends ApiName> = Values<TableOf<Name>['request']['fields']>;

/** A decoded response of that name. */
export type ResponseBody<Name extends ApiName> = Values<TableOf<Name>['response']['fields']>;

/** Part of an object, however deep; of an array, some elements. */
export type Part<T> = T extends readonly (infer Element)[]
  ? readonly Part<Element>[]
  : T extends Uint8Array
    ? T
    : T extends object
      ? { readonly [Key in keyof T]?: Part<T[Key]> }
      : T;

const tables = new Map<string, AnyTable>(protocol.apis.map((api: AnyApi) => [api.name, api]));

/** @throws {TypeError} for a name that no request has, with those that are like it */
export function checkApiName(name: unknown): void {
  if (tables.has(name as string)) return;
  const like = namesLike(String(name).toLowerCase());
  const hint = like.length === 0 ? 'take a name such as Produce or OffsetCommit' : `did you mean ${like.join(' or ')}?`;
  throw new TypeError(`Kafka has no request called ${shown(name)}: ${hint}`);
}

function namesLike(word: string): string[] {
  const near = nearest(word, tables.keys(), 2);
  return near === null ? [...tables.keys()].filter((name) => name.toLowerCase().includes(word)) : [near];
}

/** `part` is what a test writes of a request. @throws {TypeError} for a field that the request has in no version */
export function checkRequestPart(name: string, part: unknown): void {
  checkPart(name, tables.get(name)!.request.fields, part);
}

function checkPart(what: string, fields: Fields, part: unknown): void {
  if (!isObjectOfFields(part)) return;
  checkKeys(what, part, Object.fromEntries(Object.keys(fields).map((name) => [name, true])));
  for (const [name, wanted] of Object.entries(part)) {
    const { fields: own, element } = fields[name].shape;
    const inner = own ?? element?.shape.fields;
    if (inner === undefined) continue;
    for (const each of [wanted].flat()) checkPart(`${name} of ${what}`, inner, each);
  }
}

/** Not what decides by itself whether a value is like it: a regular expression, a matcher of the test runner. */
function isObjectOfFields(part: unknown): part is object {
  return Object.prototype.toString.call(part) === '[object Object]' && !('asymmetricMatch' in (part as object));
}
