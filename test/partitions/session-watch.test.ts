/** What of a follower's session is read, and what the session leaves at partitions. */
import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { readAll } from '../../src/partitions/read.ts';
import { SessionWatch } from '../../src/partitions/session-watch.ts';
import { finish } from '../../src/platform/pieces.ts';
import { asked, PartitionsFixture, topicId } from './partitions-fixture.ts';

const MAX_BYTES = 1 << 20;
const LIMITS = { maxBytes: MAX_BYTES, readCommitted: false };

/** One partition of a session, all of which is told already. */
function watched() {
  const fixture = new PartitionsFixture();
  fixture.apply('t', topicId(0));
  const watch = new SessionWatch();
  const one = { ...asked('t'), toldHighWatermark: 0, toldLogStartOffset: 0 };
  let woken = 0;
  watch.waiters.add({ wake: () => void woken++ });
  const read = (more = {}) => readAll(fixture.partitions, [one], { ...LIMITS, watch, ...more });
  return { fixture, watch, one, read, woken: () => woken };
}

test('what has grown is read, and nothing else', () => {
  const { fixture, watch, one, read, woken } = watched();
  watch.named(one);
  expect(watch.grown()).toEqual([one]);
  read();
  expect([watch.grown(), woken()]).toEqual([[], 0]);
  fixture.produceValues(fixture.partition('t'), 'a');
  fixture.partitions.settle();
  expect([watch.grown(), woken()]).toEqual([[one], 1]);
  fixture.close();
});

test('a topic that is made again under its name is watched in place of the one before', () => {
  const { fixture, watch, one, read, woken } = watched();
  read();
  const before = fixture.partition('t');
  finish(fixture.partitions.delete(topicId(0)));
  expect([watch.grown(), woken()]).toEqual([[one], 1]); // the follower is told that it is gone
  fixture.apply('t', topicId(1));
  expect(watch.toRead([one], 0)).toEqual([one]); // now and then all are read
  read();
  before.followers.wake();
  expect(woken()).toBe(1);
  fixture.partition('t').followers.wake();
  expect(woken()).toBe(2);
  fixture.close();
});

test('a session that has ended while a fetch of it goes on leaves nothing at the partitions that are read', () => {
  const { fixture, watch, read, woken } = watched();
  watch.end();
  read();
  fixture.partition('t').followers.wake();
  expect([woken(), watch.grown()]).toEqual([0, []]);
  fixture.close();
});

test('a client that may not read a partition has nothing there', () => {
  const { fixture, read, woken } = watched();
  const refused = ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
  expect(read({ refusalOf: () => refused })[0].errorCode).toBe(refused);
  fixture.partition('t').followers.wake();
  expect(woken()).toBe(0);
  fixture.close();
});
