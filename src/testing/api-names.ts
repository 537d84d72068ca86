/** Kafka's requests by their names, with the types of what they say: 'OffsetCommit' completes, and so do its fields. */
import * as protocol from '../../protocol/apis/index.ts';
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

const names = new Set(protocol.apis.map(({ name }: AnyApi) => name));

/** @throws {TypeError} for a name that no request has, with those that are like it */
export function checkApiName(name: string): void {
  if (names.has(name)) return;
  const like = [...names].filter((each) => each.toLowerCase().includes(name.toLowerCase()) || name.includes(each));
  const hint = like.length > 0 ? `did you mean ${like.join(' or ')}?` : 'take a name such as Produce or OffsetCommit';
  throw new TypeError(`Kafka has no request called '${name}': ${hint}`);
}
