import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  AlterShareGroupOffsets,
  DeleteShareGroupOffsets,
  DeleteShareGroupState,
  DescribeShareGroupOffsets,
  InitializeShareGroupState,
  ReadShareGroupState,
  ReadShareGroupStateSummary,
  ShareAcknowledge,
  ShareFetch,
  ShareGroupDescribe,
  ShareGroupHeartbeat,
  WriteShareGroupState,
} from '../../protocol/apis/index.ts';
import type { AnyApi, RequestDraft } from '../../protocol/schema.ts';
import { GeneratedValues } from '../protocol/generated-values.ts';
import { broker, client, close, GROUP, holding, open, topicId } from './wire.ts';

beforeEach(open);
afterEach(close);

const APIS: readonly AnyApi[] = [
  ShareGroupHeartbeat,
  ShareGroupDescribe,
  ShareFetch,
  ShareAcknowledge,
  InitializeShareGroupState,
  ReadShareGroupState,
  WriteShareGroupState,
  DeleteShareGroupState,
  ReadShareGroupStateSummary,
  DescribeShareGroupOffsets,
  AlterShareGroupOffsets,
  DeleteShareGroupOffsets,
];

describe('garbage in every field', () => {
  test.each(APIS.map((api) => [api.name, api] as const))('of %s is answered', async (_name, api) => {
    await holding();
    for (let { first: version } = api.versions; version <= api.versions.last; version++) {
      const values = new GeneratedValues(api.request, version, 23);
      for (let round = 0; round < 60; round++) {
        const draft = tamed(values.next(), round);
        const answer = await client.send(api as typeof ShareFetch, version, draft as RequestDraft<typeof ShareFetch>);
        expect(answer).toBeTypeOf('object');
      }
    }
    await broker.parts.share.use();
    expect(process.memoryUsage().heapUsed).toBeLessThan(1 << 30);
  });
});

/** Mostly about what is there, so that it gets beyond the first check; no fetch waits. */
function tamed(value: unknown, round: number): unknown {
  if (Array.isArray(value)) return value.map((each) => tamed(each, round));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name === 'maxWaitMs') return [name, Math.min(Number(inner), 1)];
      if (round % 3 === 0) return [name, tamed(inner, round)];
      if (name === 'groupId') return [name, GROUP];
      if (name === 'memberId') return [name, 'm'];
      if (name === 'topicId') return [name, topicId];
      return [name, tamed(inner, round)];
    }),
  );
}
