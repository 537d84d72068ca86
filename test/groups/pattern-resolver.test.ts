import { expect, test } from 'vitest';
import { ConsumerGroupHeartbeat } from '../../protocol/apis/index.ts';
import { PatternResolver } from '../../src/groups/pattern-resolver.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { GroupBroker } from './group-broker.ts';

/** Hundreds of places are followed at once in the names below. */
const DEAR = '.*a.{200}b';
const NAMES = Array.from({ length: 30 }, (_, at) => `${'a'.repeat(230)}${100 + at}${at % 2 === 0 ? 'b' : 'd'}`);

/** Looking at the clock takes time, as the work between two looks does. */
function slowBroker(lookMs = 6): GroupBroker {
  const broker = new GroupBroker().start();
  for (const name of NAMES) broker.setTopic(name, 1);
  const monotonic = broker.clock.monotonic.bind(broker.clock);
  let lookedMs = 0;
  broker.clock.monotonic = () => monotonic() + (lookedMs += lookMs);
  return broker;
}

function beat(broker: GroupBroker, groupId: string, memberEpoch: number, more: object = {}) {
  const joins = memberEpoch === 0;
  return broker.send(ConsumerGroupHeartbeat, 1, {
    groupId,
    memberId: `member-of-${groupId}`,
    memberEpoch,
    rebalanceTimeoutMs: joins ? 10_000 : -1,
    subscribedTopicRegex: joins ? DEAR : null,
    topicPartitions: joins ? [] : null,
    ...more,
  });
}

const topicCount = ({ assignment }: Awaited<ReturnType<typeof beat>>): number | undefined =>
  assignment?.topicPartitions.length;

test('a member whose expression takes long is answered at once, and has its topics once they are found', async () => {
  const broker = slowBroker();
  const joined = await beat(broker, 'g', 0);
  expect([joined.errorCode, topicCount(joined)]).toEqual([0, 0]);
  await broker.clock.advance(100);
  const next = await beat(broker, 'g', joined.memberEpoch);
  expect([next.errorCode, topicCount(next)]).toEqual([0, 15]);
  expect(next.memberEpoch).toBeGreaterThan(joined.memberEpoch);
});

test('a short expression is not kept waiting by a long one that came before', async () => {
  const { clock, image } = slowBroker();
  const resolver = new PatternResolver({ clock, logger: silentLogger });
  const found: string[] = [];
  for (const [group, regex] of Object.entries({ long: DEAR, short: 't1' })) {
    const waiter = { isWanted: () => true, found: (names: readonly string[]) => void found.push(group, ...names) };
    expect(resolver.resolve(regex, image, group, waiter)).toBeNull();
  }
  await clock.advance(100);
  expect(found.slice(0, 3)).toEqual(['short', 't1', 'long']);
});

test('a member that changes its expression keeps its partitions until the topics of the new one are found', async () => {
  const broker = slowBroker();
  const joined = await beat(broker, 'g', 0, { subscribedTopicRegex: 't1' });
  expect(topicCount(joined)).toBe(1);
  const changed = await beat(broker, 'g', joined.memberEpoch, { subscribedTopicRegex: DEAR });
  expect([changed.memberEpoch, topicCount(changed) ?? 1]).toEqual([joined.memberEpoch, 1]);
  await broker.clock.advance(100);
  expect((await beat(broker, 'g', joined.memberEpoch)).assignment?.topicPartitions).toEqual([]);
});

test('topics that come while the expression is looked for are found by the next heartbeats', async () => {
  const broker = slowBroker();
  const joined = await beat(broker, 'g', 0);
  broker.setTopic(`${'a'.repeat(230)}200b`, 1);
  await broker.clock.advance(100);
  const first = await beat(broker, 'g', joined.memberEpoch);
  expect(topicCount(first)).toBe(15);
  await broker.clock.advance(5000);
  const again = await beat(broker, 'g', first.memberEpoch);
  await broker.clock.advance(100);
  const last = await beat(broker, 'g', again.memberEpoch);
  expect([topicCount(again), topicCount(last)]).toContain(16);
});

test('nothing is looked for any more once its members are gone', async () => {
  const broker = slowBroker();
  await beat(broker, 'g', 0);
  expect(broker.clock.waiting).toBeGreaterThan(1);
  await beat(broker, 'g', -1);
  await broker.clock.advance(20);
  const rest = broker.clock.waiting;
  await broker.clock.advance(20);
  expect(broker.clock.waiting).toBe(rest);
});
