/** Makes requests up from a table and a vocabulary: mostly sound ones, with one thing or another wrong. */
import type { AnyApi, Fields, Shape } from '../../protocol/schema.ts';
import { includes } from '../../protocol/schema.ts';
import type { Random } from '../../src/platform/random.ts';
import { choicesFor, UNKNOWN_ID, type Words } from './vocabulary.ts';

/** One value in so many is wild. */
const WILD = 16;
const SMALL = { int8: 127, int16: 32_767, int32: 2_147_483_647, uint16: 65_535, uint32: 4_294_967_295 } as const;

/** What Kafka drops, or never answers, when it is empty. */
const NEVER_EMPTY = /^(partition|transactions$)/;

/** Asked for all there is, an answer holds what other cases made. */
const NEVER_NULL = new Set(['users', 'topicPartitions', 'topics', 'groups']);

/** Nothing is asked for twice: the two brokers differ there, as the cases written by hand say. */
function distinct(values: readonly unknown[]): unknown[] {
  const identity = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if ('transactionalId' in value) return value.transactionalId;
    const entries = Object.entries(value).filter(([, inner]) => !Array.isArray(inner));
    return JSON.stringify(entries.filter(([name]) => KEYS.has(name) || entries.length === 1));
  };
  return [...new Map(values.map((value) => [identity(value), value])).values()];
}

/** The fields that say what an entry of an array is about. */
const KEYS = new Set([
  'topic',
  'topicId',
  'name',
  'index',
  'partition',
  'partitionIndex',
  'resourceName',
  'groupId',
  'memberId',
  'brokerIds',
  'producerId',
  'entityType',
  'feature',
  'path',
]);

/** A request of `api` in `version`; the same for the same random numbers. */
export function madeUp(api: AnyApi, version: number, random: Random, words: Words): Record<string, unknown> {
  const below = (limit: number): number => Math.floor(random.float() * limit);
  const oneOf = <T>(values: readonly T[]): T => values[below(values.length)];
  const choices = choicesFor(api.name, words);

  const struct = (fields: Fields): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(fields)
        .filter(([, { shape }]) => includes(shape.versions, version))
        .filter(([name, { shape }]) => shape.kind === 'array' || (shape.tag < 0 && choices(name)?.values.length !== 0))
        .map(([name, { shape }]) => [name, value(name, shape)]),
    );

  const value = (name: string, shape: Shape): unknown => {
    const choice = choices(name);
    const mayBeNull = includes(shape.nullable, version) && !NEVER_NULL.has(name) && choice?.isTame !== true;
    if (mayBeNull && below(8) === 0) return null;
    if (shape.kind === 'array') {
      const length = choice?.values.length === 0 ? 0 : [1, 1, 2, 3, NEVER_EMPTY.test(name) ? 1 : 0][below(5)];
      return distinct(Array.from({ length }, () => value(name, shape.element!.shape)));
    }
    if (shape.kind === 'struct') return struct(shape.fields!);
    if (choice?.isTame !== true && below(WILD) === 0) return wild(shape);
    if (choice !== null && choice.values.length > 0) return oneOf(choice.values);
    return plainValue(shape);
  };

  const plainValue = ({ kind }: Shape): unknown => {
    if (kind === 'bool') return below(2) === 0;
    if (kind === 'string') return oneOf(['a', '', 'range', 'consumer']);
    if (kind === 'bytes' || kind === 'records') return Buffer.from('bytes');
    if (kind === 'uuid') return UNKNOWN_ID;
    return oneOf([0, 1, -1]);
  };

  /** What no client would send. Names keep to what the case may make. */
  const wild = (shape: Shape): unknown => {
    const { kind } = shape;
    if (kind === 'string') {
      return oneOf(['', `${words.fresh} b`, `${words.fresh}${'x'.repeat(300)}`, `${words.fresh}é`, '.', '..']);
    }
    if (kind in SMALL) {
      const largest = SMALL[kind as keyof typeof SMALL];
      return kind.startsWith('u') ? oneOf([0, largest]) : oneOf([largest, -largest - 1, -2, 7]);
    }
    if (kind === 'bytes' || kind === 'records') return oneOf([Buffer.alloc(0), Buffer.alloc(100, 0xff)]);
    return plainValue(shape);
  };

  return struct(api.request.fields);
}
