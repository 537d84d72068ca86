import { beforeEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import {
  FetchSessions,
  hasNews,
  noteTold,
  type FetchPlan,
  type SessionRequest,
} from '../../src/partitions/fetch-sessions.ts';
import { failed, type FetchPartition, type FetchedRange } from '../../src/partitions/read.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { asked, topicId } from './partitions-fixture.ts';

const SLOTS = 3;
const EVICTABLE_AFTER_MS = 120_000;
let clock: VirtualClock;
let sessions: FetchSessions;

beforeEach(() => {
  clock = new VirtualClock();
  sessions = new FetchSessions(clock, seededRandom(3), SLOTS);
});

function plan(sessionId: number, sessionEpoch: number, more: Partial<SessionRequest> = {}): FetchPlan {
  return sessions.plan({ sessionId, sessionEpoch, usesTopicIds: false, asked: [], forgotten: [], ...more });
}

function open(...partitions: FetchPartition[]): FetchPlan {
  return plan(0, 0, { asked: partitions });
}

const names = ({ asked: list }: FetchPlan) => list.map(({ topic, partition }) => `${topic}-${partition}`);

function found(more: Partial<FetchedRange> = {}): FetchedRange {
  return { ...failed(ErrorCode.NONE), highWatermark: 5, lastStableOffset: 5, logStartOffset: 0, ...more };
}

/** What an answer of the session tells, when this was found for its partitions by name. */
function tell(told: FetchPlan, news: Readonly<Record<string, FetchedRange>>): string[] {
  const names_: string[] = [];
  for (const one of told.asked) {
    const name = `${one.topic}-${one.partition}`;
    const result = news[name] ?? found();
    if (told.incremental && !hasNews(one, result)) continue;
    names_.push(name);
    noteTold(told.session!, one, result);
  }
  return names_;
}

describe('a session', () => {
  test('begins with a full fetch, and then needs to be told only what changes', () => {
    const first = open(asked('a'), asked('a', 1));
    expect([first.errorCode, first.incremental, first.sessionId > 0, names(first)]).toEqual([
      0,
      false,
      true,
      ['a-0', 'a-1'],
    ]);
    const second = plan(first.sessionId, 1);
    expect([second.errorCode, second.incremental, second.sessionId, names(second)]).toEqual([
      0,
      true,
      first.sessionId,
      ['a-0', 'a-1'],
    ]);
  });

  test('takes new partitions and offsets, and lets go of forgotten ones', () => {
    const { sessionId } = open(asked('a'), asked('b'));
    const next = plan(sessionId, 1, {
      asked: [asked('c'), asked('a', 0, { fetchOffset: 9 })],
      forgotten: [{ topic: 'b', topicId: asked('b').topicId, partition: 0 }],
    });
    expect(next.asked.map(({ topic, fetchOffset }) => [topic, fetchOffset])).toEqual([
      ['a', 9],
      ['c', 0],
    ]);
  });

  test('knows partitions by topic id where it was opened so', () => {
    const byId = (n: number) => asked('', 0, { topicId: topicId(n) });
    const first = plan(0, 0, { usesTopicIds: true, asked: [byId(0), byId(1)] });
    const second = plan(first.sessionId, 1, {
      usesTopicIds: true,
      forgotten: [{ topic: '', topicId: topicId(0), partition: 0 }],
    });
    expect(second.asked.map((one) => one.topicId)).toEqual([topicId(1)]);
    expect(plan(first.sessionId, 2, { usesTopicIds: false }).errorCode).toBe(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
  });

  test('ends when nothing is left in it', () => {
    const { sessionId } = open(asked('a'));
    const last = plan(sessionId, 1, { forgotten: [{ topic: 'a', topicId: asked('a').topicId, partition: 0 }] });
    expect([last.errorCode, last.sessionId, last.asked]).toEqual([0, 0, []]);
    expect(plan(sessionId, 2).errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  });

  test.each([
    [-1, 'ends'],
    [0, 'begins anew'],
  ])('is over when its client sends epoch %i (%s)', (epoch) => {
    const { sessionId } = open(asked('a'));
    const next = plan(sessionId, epoch, { asked: [asked('b')] });
    expect([next.errorCode, next.incremental, names(next)]).toEqual([0, false, ['b-0']]);
    expect(next.sessionId === 0).toBe(epoch === -1);
    expect(plan(sessionId, 1).errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    expect(sessions.size).toBe(epoch === -1 ? 0 : 1);
  });

  test.each([2, 5, 0x7fffffff])('refuses epoch %i where 1 is next, and goes on with 1', (epoch) => {
    const { sessionId } = open(asked('a'));
    const refused = plan(sessionId, epoch);
    expect([refused.errorCode, refused.sessionId, refused.asked]).toEqual([
      ErrorCode.INVALID_FETCH_SESSION_EPOCH,
      0,
      [],
    ]);
    expect(plan(sessionId, 1).errorCode).toBe(0);
    expect(plan(sessionId, 1).errorCode).toBe(ErrorCode.INVALID_FETCH_SESSION_EPOCH); // sent twice
  });

  test('that nobody opened is not found', () => {
    expect(plan(4711, 1).errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  });

  test('is none for a client that wants none', () => {
    const first = plan(0, -1, { asked: [asked('a')] });
    expect([first.sessionId, first.session, names(first), sessions.size]).toEqual([0, null, ['a-0'], 0]);
  });
});

describe('places', () => {
  test('that are all taken leave a new client without a session, and its fetch goes on', () => {
    for (let i = 0; i < SLOTS; i++) expect(open(asked('a')).sessionId).toBeGreaterThan(0);
    const late = open(asked('b'));
    expect([late.errorCode, late.sessionId, names(late), sessions.size]).toEqual([0, 0, ['b-0'], SLOTS]);
  });

  test('go from the session unused for longest, after two minutes', async () => {
    const [one, two, three] = [open(asked('a')), open(asked('a')), open(asked('a'))];
    await clock.advance(EVICTABLE_AFTER_MS - 1);
    plan(one.sessionId, 1);
    expect(open(asked('b')).sessionId).toBe(0);
    await clock.advance(1);
    expect(open(asked('b')).sessionId).toBeGreaterThan(0);
    expect(plan(two.sessionId, 1).errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    expect([plan(one.sessionId, 2).errorCode, plan(three.sessionId, 1).errorCode]).toEqual([0, 0]);
    expect(sessions.size).toBe(SLOTS);
  });
});

describe('an incremental answer', () => {
  test('tells of records, errors, divergence and offsets that moved, and else nothing', () => {
    const first = open(asked('a'), asked('b'), asked('c'), asked('d'), asked('e'), asked('f'));
    expect(tell(first, {}).length).toBe(6);
    expect(tell(plan(first.sessionId, 1), {})).toEqual([]);
    expect(
      tell(plan(first.sessionId, 2), {
        'a-0': found({ length: 100 }),
        'b-0': found({ errorCode: 1 }),
        'c-0': found({ highWatermark: 6 }),
        'd-0': found({ logStartOffset: 1 }),
        'e-0': found({ divergingEpoch: { epoch: 0, endOffset: 2 } }),
      }),
    ).toEqual(['a-0', 'b-0', 'c-0', 'd-0', 'e-0']);
  });

  test('tells everything anew after an error', () => {
    const first = open(asked('a'));
    tell(first, {});
    expect(tell(plan(first.sessionId, 1), { 'a-0': failed(ErrorCode.NOT_LEADER_OR_FOLLOWER) })).toEqual(['a-0']);
    expect(tell(plan(first.sessionId, 2), {})).toEqual(['a-0']);
    expect(tell(plan(first.sessionId, 3), {})).toEqual([]);
  });

  test('tells of a partition that was forgotten and comes back', () => {
    const first = open(asked('a'), asked('b'));
    tell(first, {});
    tell(plan(first.sessionId, 1, { forgotten: [{ topic: 'a', topicId: asked('a').topicId, partition: 0 }] }), {});
    expect(tell(plan(first.sessionId, 2, { asked: [asked('a')] }), {})).toEqual(['a-0']);
  });

  test('puts partitions that gave records behind the others, so that none starves', () => {
    const first = open(asked('a'), asked('b'), asked('c'));
    tell(first, { 'a-0': found({ length: 1 }) });
    const second = plan(first.sessionId, 1);
    expect(names(second)).toEqual(['b-0', 'c-0', 'a-0']);
    tell(second, { 'b-0': found({ length: 1 }), 'c-0': found({ length: 1 }) });
    expect(names(plan(first.sessionId, 2))).toEqual(['a-0', 'b-0', 'c-0']);
  });
});

describe('the partitions of all sessions', () => {
  const many = (topic: string, count: number) =>
    Array.from({ length: count }, (_, partition) => asked(topic, partition));

  test('are bounded together: a client for whose there is no room fetches without a session', () => {
    sessions = new FetchSessions(clock, seededRandom(3), 100, 10);
    const first = open(...many('a', 6));
    expect([first.sessionId > 0, open(...many('b', 5)).sessionId, open(...many('c', 4)).sessionId > 0]).toEqual([
      true,
      0,
      true,
    ]);
    // One that grows beyond begins anew, and finds no room.
    expect(plan(first.sessionId, 1, { asked: many('d', 1) }).errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    expect(open(...many('e', 6)).sessionId).toBeGreaterThan(0);
    void clock.advance(EVICTABLE_AFTER_MS);
    expect(open(...many('f', 10)).sessionId).toBeGreaterThan(0);
    expect(sessions.size).toBe(1);
  });
});

test('a partition that a fetch without a session names twice is read once, as it was named last', () => {
  const twice = { ...asked('a', 0), fetchOffset: 9 };
  const once = plan(0, -1, { asked: [asked('a', 0), asked('a', 1), twice] });
  expect(names(once)).toEqual(['a-0', 'a-1']);
  expect(once.asked[0].fetchOffset).toBe(9);
  expect(names(plan(0, -1, { asked: [asked('a', 0), asked('b', 0), asked('a', 0)] }))).toEqual(['a-0', 'b-0']);
  const inOrder = [asked('a', 0), asked('a', 1), asked('b', 0)];
  expect(plan(0, -1, { asked: inOrder }).asked).toBe(inOrder);
});
