/**
 * Every field of every API of share groups, and of streams groups beside them, as no client would set it; some fields as one would, so
 * that garbage gets beyond the first check. Each request is answered, by its rules and not by a bug, and the queue goes on.
 */
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
  StreamsGroupDescribe,
  StreamsGroupHeartbeat,
  WriteShareGroupState,
} from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { AnyApi, RequestDraft } from '../../protocol/schema.ts';
import { silentLogger, type Facts, type Logger } from '../../src/platform/logger.ts';
import { GeneratedValues } from '../protocol/generated-values.ts';
import { produce } from '../running-broker.ts';
import { broker, client, close, configure, fetch, GROUP, join, open, topicId } from './wire.ts';

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
  StreamsGroupHeartbeat,
  StreamsGroupDescribe,
  DescribeShareGroupOffsets,
  AlterShareGroupOffsets,
  DeleteShareGroupOffsets,
];
const ROUNDS = 200;
/** A round of so many has nothing but garbage. */
const WHOLLY_GARBAGE = 4;
const HEAP_BYTES = 100e6;

/** What handlers trip over. */
let bugs: Facts[] = [];
const logger: Logger = { ...silentLogger, error: (event, facts = {}) => void bugs.push({ event, ...facts }) };

beforeEach(async () => {
  bugs = [];
  await open({ logger });
});
afterEach(close);

describe('garbage in every field', () => {
  test.each(APIS.map((api) => [api.name, api] as const))('of %s is answered', async (_name, api) => {
    await produce(client, 't', 0, ['a', 'b', 'c']);
    const before = heapBytes();
    for (let { first: version } = api.versions; version <= api.versions.last; version++) {
      const values = new GeneratedValues(api.request, version, 23);
      for (let round = 0; round < ROUNDS; round++) {
        if (round % 10 === 0) await hold();
        const draft = sensible(values, values.next(), round % WHOLLY_GARBAGE === 0 ? 0 : 0.7);
        const answer = await client.send(api as typeof ShareFetch, version, draft as RequestDraft<typeof ShareFetch>);
        expect(answer).toBeTypeOf('object');
      }
    }
    expect(bugs).toEqual([]);
    expect(heapBytes() - before).toBeLessThan(HEAP_BYTES);
    await goesOn();
  });
});

/** The member has the topic, and a session. */
async function hold(): Promise<void> {
  await join();
  await fetch(0);
}

/** Another group is given all there is. */
async function goesOn(): Promise<void> {
  const groupId = 'another';
  await configure({ 'share.auto.offset.reset': 'earliest' }, groupId);
  await join('other', groupId);
  const { errorCode, responses } = await fetch(0, { groupId, memberId: 'other' });
  expect(errorCode).toBe(ErrorCode.NONE);
  expect(responses[0].partitions[0].acquiredRecords).toMatchObject([{ firstOffset: 0, lastOffset: 2 }]);
}

function heapBytes(): number {
  return process.memoryUsage().heapUsed;
}

/** Each field with the `chance` of a value that makes sense; no fetch waits. */
function sensible(values: GeneratedValues, value: unknown, chance: number): unknown {
  if (Array.isArray(value)) return value.map((each) => sensible(values, each, chance));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name === 'maxWaitMs') return [name, Math.min(Number(inner), 1)];
      const isMeant = name in SENSE && values.below(1000) < chance * 1000;
      return [name, isMeant ? SENSE[name](values) : sensible(values, inner, chance)];
    }),
  );
}

const offset = (values: GeneratedValues): number => values.below(5);

const SENSE: Readonly<Record<string, (values: GeneratedValues) => unknown>> = {
  groupId: () => GROUP,
  memberId: () => 'm',
  memberEpoch: () => groupEpoch(),
  shareSessionEpoch: () => sessionEpoch(),
  subscribedTopicNames: () => ['t'],
  topicId: () => topicId,
  topicName: () => 't',
  partition: (values) => values.below(3),
  partitionIndex: (values) => values.below(3),
  firstOffset: offset,
  lastOffset: offset,
  startOffset: offset,
  acknowledgeTypes: (values) => [values.below(6) - 1],
  deliveryState: (values) => values.below(6),
  deliveryCount: offset,
  deliveryCompleteCount: offset,
  stateEpoch: () => groupEpoch(),
  leaderEpoch: () => broker.parts.partitions.get('t', 0)!.leaderEpoch,
  isRenewAck: () => false,
  minBytes: () => 1,
  maxBytes: () => 1 << 20,
  maxRecords: (values) => values.below(10),
  batchSize: (values) => values.below(10),
};

/** Of the group's member, where it has one. */
function groupEpoch(): number {
  return broker.parts.groups.share.describe(GROUP).members[0]?.memberEpoch ?? 0;
}

/** That the member's next request has to have. */
function sessionEpoch(): number {
  const sessions = [...(broker.parts.share.loaded?.sessions.all ?? [])];
  return sessions.find(({ groupId, memberId }) => groupId === GROUP && memberId === 'm')?.epoch ?? 0;
}
