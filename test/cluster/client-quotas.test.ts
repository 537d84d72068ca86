import { finish } from '../../src/platform/pieces.ts';
import { expect, test } from 'vitest';
import { alterClientQuotas, matchingQuotas, type Fault, type QuotaOperation } from '../../src/cluster/client-quotas.ts';
import { emptyImage, type ClientQuota, type QuotaPart } from '../../src/cluster/image.ts';
import { replay } from '../../src/cluster/image-replay.ts';
import { recordsOf } from '../../src/cluster/image-records.ts';
import type { MetadataRecord } from '../../src/cluster/metadata-records.ts';

const user = (entityName: string | null): QuotaPart => ({ entityType: 'user', entityName });
const client = (entityName: string | null): QuotaPart => ({ entityType: 'client-id', entityName });
const set = (key: string, value: number): QuotaOperation => ({ key, value, remove: false });
const reset = (key: string): QuotaOperation => ({ key, value: 0, remove: true });

function quotasAfter(...alterations: [entity: QuotaPart[], ...ops: QuotaOperation[]][]): ClientQuota[] {
  let image = emptyImage('c');
  for (const [entity, ...ops] of alterations) {
    const { records } = finish(alterClientQuotas([{ entity, ops }]));
    image = replay(image, records as MetadataRecord[], 1);
  }
  const again = replay(emptyImage('c'), recordsOf(image) as MetadataRecord[], 1);
  expect([...again.quotas]).toEqual([...image.quotas]);
  return [...image.quotas.values()];
}

test('quotas of an entity are one, in whatever order its parts are named', () => {
  const found = quotasAfter(
    [[user('u'), client('c')], set('producer_byte_rate', 1)],
    [[client('c'), user('u')], set('consumer_byte_rate', 2)],
  );
  expect(found).toHaveLength(1);
  expect([...found[0].values]).toEqual([
    ['producer_byte_rate', 1],
    ['consumer_byte_rate', 2],
  ]);
});

test('an entity whose last quota is reset is gone', () => {
  const rate = 'producer_byte_rate';
  expect(quotasAfter([[user(null)], set(rate, 1)], [[user(null)], reset(rate)])).toEqual([]);
});

test.each([
  [[], set('producer_byte_rate', 1)],
  [[{ entityType: 'group', entityName: 'g' }], set('producer_byte_rate', 1)],
  [[user('')], set('producer_byte_rate', 1)],
  [[user('u'), { entityType: 'ip', entityName: '1.1.1.1' }], set('producer_byte_rate', 1)],
  [[{ entityType: 'ip', entityName: 'elsewhere' }], set('connection_creation_rate', 1)],
  [[{ entityType: 'ip', entityName: '::1' }], set('connection_creation_rate', 2 ** 31)],
  [[user('u')], set('connection_creation_rate', 1)],
  [[user('u')], set('producer_byte_rate', 0)],
  [[user('u')], set('producer_byte_rate', 1.5)],
  [[user('u')], set('producer_byte_rate', 2 ** 63)],
])('%j cannot have %j', (entity, op) => {
  const { results, records } = finish(alterClientQuotas([{ entity, ops: [op] }]));
  expect(results).toMatchObject([{ errorCode: 42, entity }]);
  expect(records).toEqual([]);
});

test('a bad alteration leaves the others in force', () => {
  const { results, records } = finish(
    alterClientQuotas([
      { entity: [user('a')], ops: [set('request_percentage', 0.25)] },
      { entity: [user('b')], ops: [set('speed', 1)] },
      { entity: [{ entityType: 'ip', entityName: '::1' }], ops: [set('connection_creation_rate', 7)] },
    ]),
  );
  expect(results.map(({ errorCode }) => errorCode)).toEqual([0, 42, 0]);
  expect(records).toHaveLength(2);
});

const all = quotasAfter(
  [[user('u')], set('producer_byte_rate', 1)],
  [[user('u'), client('c')], set('producer_byte_rate', 2)],
  [[user(null)], set('producer_byte_rate', 3)],
);
const valuesOf = (found: readonly ClientQuota[] | Fault) =>
  'errorCode' in found ? found.errorCode : found.map(({ values }) => values.get('producer_byte_rate'));

test.each([
  ['all', false, [], [1, 2, 3]],
  ['a name', false, [['user', 0, 'u']], [1, 2]],
  ['a name and nothing else', true, [['user', 0, 'u']], [1]],
  ['the default', false, [['user', 1, null]], [3]],
  ['any, the default too', true, [['user', 2, null]], [1, 3]],
  [
    'both parts',
    true,
    [
      ['user', 2, null],
      ['client-id', 2, null],
    ],
    [2],
  ],
  ['a type that is none', false, [['group', 2, null]], 35],
  [
    'an address and a user',
    false,
    [
      ['ip', 2, null],
      ['user', 2, null],
    ],
    42,
  ],
] as const)('a filter finds %s', (_what, strict, filters, expected) => {
  const named = filters.map(([entityType, matchType, match]) => ({ entityType, matchType, match }));
  expect(valuesOf(finish(matchingQuotas(all, named, strict)))).toEqual(expected);
});
