import { expect, test } from 'vitest';
import { fetchRequest, FetchSession, keyOf, type AskedPartition } from '../../src/replication/fetch-session.ts';

const TOPIC = 'topicidtopicidtopicid1';

function asked(index: number, fetchOffset: number): AskedPartition {
  const position = { fetchOffset, currentLeaderEpoch: 1, lastFetchedEpoch: 1, logStartOffset: 0 };
  return { topic: 't', topicId: TOPIC, index, ...position };
}

/** Has a session ask for exactly these. */
function want(session: FetchSession, all: readonly AskedPartition[]): FetchSession {
  const keys = new Set(all.map((one) => keyOf(one.topicId, one.index)));
  for (let index = 0; index < 9; index++) if (!keys.has(keyOf(TOPIC, index))) session.forget(keyOf(TOPIC, index));
  for (const one of all) session.want(keyOf(one.topicId, one.index), one);
  return session;
}

/** What a request names: `epoch: index@offset … -forgotten`. */
function named(session: FetchSession, ...all: readonly AskedPartition[]): string {
  const { sessionId, sessionEpoch, asked: moved, forgotten } = want(session, all).next();
  const parts = [
    ...moved.map((one) => `${one.index}@${one.fetchOffset}`),
    ...forgotten.map(({ index }) => `-${index}`),
  ];
  return `${sessionId}/${sessionEpoch}: ${parts.join(' ')}`;
}

test('all are named once, then those that have moved, and those that are no more', () => {
  const session = new FetchSession();
  expect(named(session, asked(0, 5), asked(1, 7))).toBe('0/0: 0@5 1@7');
  session.answered(42);
  expect(named(session, asked(0, 6), asked(1, 7))).toBe('42/1: 0@6');
  session.answered(42);
  expect(named(session, asked(1, 7), asked(2, 0))).toBe('42/2: 2@0 -0');
  session.lost();
  expect(named(session, asked(1, 7), asked(2, 0))).toBe('42/0: 1@7 2@0');
});

test('what has moved is named behind the others, and a log that begins elsewhere has moved', () => {
  const session = new FetchSession();
  expect(named(session, asked(0, 5), asked(1, 7))).toBe('0/0: 0@5 1@7');
  session.answered(0);
  expect(named(session, asked(0, 6), asked(1, 7))).toBe('0/0: 1@7 0@6');
  session.answered(42);
  expect(named(session, asked(0, 6), { ...asked(1, 7), logStartOffset: 3 })).toBe('42/1: 1@7');
});

test('where the leader keeps no session all are named each time', () => {
  const session = new FetchSession();
  for (let i = 0; i < 2; i++) {
    expect(named(session, asked(0, 5))).toBe('0/0: 0@5');
    session.answered(0);
  }
});

test('a request names topics by id, once each', () => {
  const session = new FetchSession();
  const limits = { partitionMaxBytes: 10, maxBytes: 20, minBytes: 1, maxWaitMs: 500 };
  const who = { replicaId: 3, replicaEpoch: 77 };
  const request = fetchRequest(who, want(session, [asked(0, 5), asked(1, 7)]).next(), limits);
  expect(request).toMatchObject({ replicaState: who, sessionId: 0, sessionEpoch: 0, maxBytes: 20, maxWaitMs: 500 });
  expect(request.topics.map(({ topicId, partitions }) => [topicId, partitions.length])).toEqual([[TOPIC, 2]]);
});
