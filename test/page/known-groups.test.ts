/** What is remembered of groups is what is so: it is asked again after anything that changes one. */
import { expect, test } from 'vitest';
import { knownGroup, type KnownGroup } from '../../src/page/known-groups.ts';
import { pageBrokerOf } from '../../src/page/page-broker.ts';
import type { BrokerView } from '../../src/testing/broker-view.ts';
import { listedGroup, listedGroups } from '../../src/testing/group-view.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { ClassicMember, ConsumerMember } from '../testing/raw-members.ts';
import { createTopic, dial } from '../running-broker.ts';

test('a group is as it was until something is written of it, and never otherwise', async () => {
  const broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  const client = await dial(broker.bootstrap);
  const ends: (() => unknown)[] = [() => client.close()];
  const kafka = { bootstrapBrokers: [broker.bootstrap], onStop: (end: () => unknown) => void ends.push(end) };
  const { view } = pageBrokerOf(() => broker);
  const known = (id: string): KnownGroup => {
    const listed = listedGroups(view).find((group) => group.id === id)!;
    const { members, offsets } = knownGroup(view, listed);
    const now = listedGroup(view, listed);
    expect({ members, offsets }).toEqual({ members: now.members, offsets: now.offsets });
    return knownGroup(view, listed);
  };
  await createTopic(client, 'orders', 1);

  const member = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  const joined = known('billing');
  expect(joined.topics).toEqual(['orders']);
  expect(joined.positions).toMatchObject([{ topic: 'orders', partition: 0, offset: 0 }]);
  await member.beat();
  expect(known('billing')).toBe(joined);
  await member.commit('orders', 7);
  expect(known('billing').positions).toMatchObject([{ topic: 'orders', partition: 0, offset: 7 }]);
  const second = await ClassicMember.connect(kafka, 'billing', ['orders'], 'second');
  const joining = second.join();
  await expect.poll(() => known('billing').members.length).toBe(2); // before anything is written
  await member.join();
  await joining;
  await member.leave();
  await second.leave();
  expect(known('billing').members).toEqual([]);

  const modern = await ConsumerMember.join(kafka, 'modern', ['orders'], 'app');
  await modern.beat();
  expect(known('modern').members).toHaveLength(1);
  await modern.leave();
  expect(known('modern').members).toEqual([]);
  for (const end of ends) await end();
  await broker.stop();
});

test('a group is asked again where another leader has written as much as it took back', () => {
  let committedOffset = 5;
  const partition = { endOffset: 10, leaderEpoch: 1 };
  const topicsOf = () => [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset, metadata: '' }] }];
  const view = {
    parts: {
      groups: {
        partitionFor: () => 0,
        describeGroup: () => ({ members: [] }),
        fetchOffsets: () => ({ topics: topicsOf() }),
      },
      partitions: { get: () => partition },
      metadata: { image: { topicsByName: new Map() } },
    },
  } as unknown as BrokerView;
  const offset = () => knownGroup(view, { id: 'billing', type: 'classic', state: 'Empty' }).positions[0].offset;
  expect(offset()).toBe(5);
  committedOffset = 3;
  partition.leaderEpoch = 3;
  expect(offset()).toBe(3);
});
