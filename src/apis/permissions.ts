/**
 * What requests of an API need their client to be allowed, as the table of its handler says it, and what becomes of a request whose
 * client lacks it:
 *
 *     decoded ──▶ needs ──▶ parts ──▶ handle what is left ──▶ answers of the refused parts put in ──▶ response
 *                   └─ refused ──▶ the error of the whole request (`refuse`)
 *
 * Without an authorizer nothing is asked.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { AnyApi, Draft, Fields, Values } from '../../protocol/schema.ts';
import { eachInPieces, isPieces, mapInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import type { Access } from '../security/access.ts';
import type { Need, Needed } from '../security/needs.ts';
import type { RequestContext } from './request-context.ts';

/** A table says at least one of them. */
export type Permissions<Req extends Fields, Res extends Fields, Uses> =
  | (Asks<Req, Res, Uses> & { readonly needs: Needs<Req, Uses> })
  | (Asks<Req, Res, Uses> & { readonly parts: PartsOf<Req, Res, Uses> })
  | (Asks<Req, Res, Uses> & { readonly byHand: readonly Need[] })
  | (Asks<Req, Res, Uses> & { readonly open: string });

interface Asks<Req extends Fields, Res extends Fields, Uses> {
  /** Of all of the request; lacking it is answered by `refuse`. */
  readonly needs?: Needs<Req, Uses>;
  /** Of each element of a list: those that are refused are taken out before `handle`, and told of in its response. */
  readonly parts?: PartsOf<Req, Res, Uses>;
  /** What the handler asks itself, with the fields that name the resources. */
  readonly byHand?: readonly Need[];
  /** Why everybody may ask. */
  readonly open?: string;
}

type Needs<Req extends Fields, Uses> = (request: Values<Req>, context: RequestContext, broker: Uses) => Needed;

type Lists<T> = { [K in keyof T]-?: NonNullable<T[K]> extends readonly unknown[] ? K : never }[keyof T];
type Element<T, K extends keyof T> = NonNullable<T[K]> extends readonly (infer E)[] ? E : never;

/** Where the answers of refused elements stand: before or behind the others, or in the order of the request. */
type Place = 'first' | 'last' | 'in order';

type PartsOf<Req extends Fields, Res extends Fields, Uses> = {
  [List in Lists<Values<Req>>]: {
    [Answers in Lists<Draft<Res>>]: {
      readonly list: List;
      readonly answers: Answers;
      readonly place: Place;
      readonly needs: (
        request: Values<Req>,
        context: RequestContext,
        broker: Uses,
      ) => (element: Element<Values<Req>, List>) => Needed;
      readonly refused: (element: Element<Values<Req>, List>, errorCode: number) => Element<Draft<Res>, Answers>;
    };
  }[Lists<Draft<Res>>];
}[Lists<Values<Req>>];

/** The same for any API: what is in a request and in a response is known to its table alone. */
export interface AnyPermissions {
  readonly needs?: (request: never, context: RequestContext, broker: never) => Needed;
  readonly parts?: AnyParts;
  readonly byHand?: readonly Need[];
  readonly open?: string;
}

export interface AnyTable extends AnyPermissions {
  readonly handle: (request: never, context: RequestContext, broker: never) => unknown;
  readonly refuse: (request: never, errorCode: number, apiVersion?: number) => unknown;
}

export interface AnyParts {
  readonly list: string;
  readonly answers: string;
  readonly place: Place;
  readonly needs: (request: never, context: RequestContext, broker: never) => (element: never) => Needed;
  readonly refused: (element: never, errorCode: number) => unknown;
}

type Message = Readonly<Record<string, unknown>>;

/** `handle` of the table, as far as the client is allowed what the table says. */
export function permitted(api: AnyApi, table: AnyTable): AnyTable['handle'] {
  return (request, context, broker) => {
    const { access } = context;
    if (access === null) return table.handle(request, context, broker);
    const needed = table.needs?.(request, context, broker) ?? null;
    const errorCode = access.errorOf(needed, api.name);
    if (errorCode !== ErrorCode.NONE) return table.refuse(request, errorCode, context.apiVersion);
    const { parts } = table;
    const list = parts === undefined ? null : (request as Message)[parts.list];
    if (parts === undefined || !Array.isArray(list) || list.length === 0) return table.handle(request, context, broker);
    const needsOf = parts.needs(request, context, broker) as (element: unknown) => Needed;
    return whenDone(errorsOf(list, needsOf, access, api.name), (errors) => {
      if (errors === null) return table.handle(request, context, broker);
      const rest = { ...(request as Message), [parts.list]: list.filter((_, i) => errors[i] === ErrorCode.NONE) };
      const answer = table.handle(rest as never, context, broker);
      return after(answer, (response) => withRefused(response as Message, parts, list, errors));
    });
  };
}

/** An error code for each element; null where all are allowed. Each resource is asked for once. */
function* errorsOf(
  list: readonly unknown[],
  needsOf: (element: unknown) => Needed,
  access: Access,
  apiName: string,
): Pieces<readonly number[] | null> {
  const byKey = new Map<string, { readonly needed: Needed; count: number; errorCode: number }>();
  const asked = yield* mapInPieces(list, (element) => {
    const needed = needsOf(element);
    const key = keyOf(needed);
    let one = byKey.get(key);
    if (one === undefined) byKey.set(key, (one = { needed, count: 0, errorCode: ErrorCode.NONE }));
    one.count++;
    return one;
  });
  let isAllowed = true;
  yield* eachInPieces(byKey.values(), (one) => {
    one.errorCode = access.errorOf(one.needed, apiName, one.count);
    if (one.errorCode !== ErrorCode.NONE) isAllowed = false;
  });
  return isAllowed ? null : asked.map(({ errorCode }) => errorCode);
}

function keyOf(needed: Needed): string {
  if (needed === null) return '';
  if ('length' in needed) return needed.map(keyOf).join(' ');
  if ('anyOf' in needed) return needed.anyOf.map(keyOf).join('|');
  return `${needed.operation}:${needed.resourceType}:${needed.errorCode}:${needed.name}`;
}

function withRefused(
  response: Message,
  { answers, place, refused }: AnyParts,
  list: readonly unknown[],
  errors: readonly number[],
): Message {
  const { errorCode = ErrorCode.NONE } = response;
  if (errorCode !== ErrorCode.NONE) return response; // all of the request has failed
  const told = (response[answers] ?? []) as readonly unknown[];
  const refusals = list.flatMap((element, i) =>
    errors[i] === ErrorCode.NONE ? [] : [refused(element as never, errors[i])],
  );
  return { ...response, [answers]: placed(told, refusals, place, errors) };
}

function placed(
  told: readonly unknown[],
  refusals: readonly unknown[],
  place: Place,
  errors: readonly number[],
): readonly unknown[] {
  if (place !== 'in order') return place === 'first' ? refusals.concat(told) : told.concat(refusals);
  const [answered, refused] = [told.values(), refusals.values()];
  return errors.map((code) => (code === ErrorCode.NONE ? answered : refused).next().value);
}

/** What `use` makes of a response, whenever it is there. */
export function after(handled: unknown, use: (response: unknown) => unknown): unknown {
  if (handled instanceof Promise) return handled.then((made) => after(made, use));
  return isPieces(handled) ? whenDone(handled, (made) => after(made, use)) : use(handled);
}
