/** A subscription by regular expression means the topics that its client may describe (KIP-848). */
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { ConsumerGroupHeartbeat, FindCoordinator } from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';
import { PatternResolver } from '../../src/groups/pattern-resolver.ts';
import { createTopic } from '../running-broker.ts';
import { SecuredBroker } from './secured-broker.ts';

let broker: SecuredBroker;
let alice: Client;
let ids: ReadonlyMap<string, string>;

beforeAll(async () => {
  broker = await SecuredBroker.start();
  const admin = await broker.as('admin');
  for (const name of ['orders-1', 'orders-2', 'secret-1']) await createTopic(admin, name);
  const asked = { keyType: 0, coordinatorKeys: ['group', 'other', 'again', 'late'] };
  while ((await admin.send(FindCoordinator, 4, asked)).coordinators.some(({ errorCode }) => errorCode !== 0));
  ids = new Map([...broker.parts.metadata.image.topicsByName].map(([name, { id }]) => [id, name]));
  for (const resourceName of ['group', 'again', 'late'])
    await broker.allow({ principal: 'User:alice', resourceType: 3, resourceName, operation: 3 });
  await broker.allow({ principal: 'User:alice', resourceName: 'orders-', patternType: 4, operation: 8 });
  alice = await broker.as('alice');
});
afterAll(() => broker.stop());

/** What a member is assigned first: its expression may still be resolved when it joins. */
async function assigned(client: Client, groupId: string, subscribedTopicRegex: string): Promise<string[]> {
  const joining = { rebalanceTimeoutMs: 10_000, subscribedTopicNames: null, subscribedTopicRegex, topicPartitions: [] };
  for (let memberEpoch = 0; ;) {
    const beat = { groupId, memberId: 'member', memberEpoch, ...(memberEpoch === 0 ? joining : {}) };
    const answer = await client.send(ConsumerGroupHeartbeat, 1, beat);
    expect(answer.errorCode).toBe(0);
    const names = (answer.assignment?.topicPartitions ?? []).map(({ topicId }) => ids.get(topicId)!);
    if (names.length > 0) return names.toSorted();
    ({ memberEpoch } = answer);
  }
}

test('it means those that its user may describe', async () => {
  expect(await assigned(alice, 'group', '.*-1')).toEqual(['orders-1']);
});

test('to who may describe all it means all', async () => {
  const admin = await broker.as('admin');
  expect(await assigned(admin, 'other', '.*-1')).toEqual(['orders-1', 'secret-1']);
});

test('it means those where it was resolved before, for somebody else', async () => {
  expect(await assigned(alice, 'again', '.*-1')).toEqual(['orders-1']);
});

test('it means those where it is resolved after the member has joined', async () => {
  const resolve = vi.spyOn(PatternResolver.prototype, 'resolve');
  onTestFinished(() => resolve.mockRestore());
  let resolveNow = (): void => {};
  resolve.mockImplementation((_regex, topics, _groupId, waiter) => {
    resolveNow = () => waiter.found(['orders-1', 'secret-1'], topics);
    return null;
  });
  const joining = { rebalanceTimeoutMs: 10_000, subscribedTopicNames: null, topicPartitions: [] };
  const member = { groupId: 'late', memberId: 'member', memberEpoch: 0, subscribedTopicRegex: '.*-1', ...joining };
  expect((await alice.send(ConsumerGroupHeartbeat, 1, member)).assignment?.topicPartitions ?? []).toEqual([]);
  resolveNow();
  expect(await assigned(alice, 'late', '.*-1')).toEqual(['orders-1']);
});
