import { describe, expect, test } from 'vitest';
import { matchers, startBroker } from '../../src/testing/index.ts';
import { Ack, ShareMember } from './share-member.ts';

expect.extend(matchers);

const GROUPS = { mailer: { 'share.auto.offset.reset': 'earliest' } };
const STARTED = { groups: GROUPS, topics: ['mails'], leftovers: 'ignore' } as const;

describe('the queue of a share group', () => {
  test('shows who holds what, how often it was handed out, and what is left', async () => {
    await using kafka = await startBroker(STARTED);
    await kafka.produce('mails', ['a', 'b', 'c']);
    const member = await ShareMember.join(kafka, 'mailer', ['mails']);
    const records = await member.fetch();
    expect(records.map(({ value }) => value)).toEqual(['a', 'b', 'c']);
    const { members, partitions, backlog, inFlight, state } = kafka.queue('mailer');
    expect({ state, backlog, inFlight }).toEqual({ state: 'Stable', backlog: 3, inFlight: 3 });
    expect(members.map(({ clientId }) => clientId)).toEqual(['mailer-1']);
    expect(partitions).toMatchObject([{ topic: 'mails', partition: 0, start: 0, end: 3, backlog: 3 }]);
    const [first] = partitions[0].inFlight;
    expect(first).toMatchObject({
      offset: 0,
      state: 'acquired',
      clientId: 'mailer-1',
      deliveries: 1,
      availableAt: null,
    });
    expect(first.lockedUntil).toBeGreaterThan(kafka.clock.now());
    expect(kafka.describe()).toContain('mails[0]@0 acquired by mailer-1, delivery 1');

    expect(await member.acknowledge(records, Ack.accept)).toEqual([0]);
    await kafka.waitForQueue('mailer', { backlog: 0, inFlight: 0 });
    expect((await kafka.waitForAcknowledged('mailer', 3)).map(({ value }) => value)).toEqual(['a', 'b', 'c']);
    expect(kafka).toHaveAcknowledged('mailer', { topic: 'mails', offset: 2 });
    expect(kafka).not.toHaveAcknowledged('mailer', { topic: 'mails', offset: 3 });
    expect(await kafka.waitForLag('mailer')).toMatchObject({ type: 'share', lag: 0 });
    await kafka.waitForIdle();
  });

  test('a lock that runs out hands its record to another member', async () => {
    await using kafka = await startBroker({ ...STARTED, clock: 'virtual' });
    await kafka.produce('mails', 'hello');
    const [one, two] = [await ShareMember.join(kafka, 'mailer', ['mails']), undefined];
    expect(two).toBeUndefined();
    expect(await one.fetch()).toMatchObject([{ value: 'hello', deliveries: 1 }]);
    const waiting = kafka.waitForDelivery('mailer', { topic: 'mails', offset: 0, deliveries: 2 });
    const fetched = one.fetch(60_000);
    await kafka.clock.advance('30s');
    expect(await fetched).toMatchObject([{ value: 'hello', deliveries: 2 }]);
    expect(await waiting).toMatchObject({ deliveries: 2, memberId: 'mailer-1' });
    expect(kafka).toHaveDelivered('mailer', { topic: 'mails', offset: 0, deliveries: 2 });
  });

  test('locks are ended, and records taken back, by hand', async () => {
    await using kafka = await startBroker(STARTED);
    await kafka.produce('mails', ['a', 'b', 'c']);
    const member = await ShareMember.join(kafka, 'mailer', ['mails']);
    await member.fetch();
    expect(kafka.queue('mailer').expireLocks({ topic: 'mails', offset: 1 })).toBe(1);
    expect(kafka.queue('mailer').release({ memberId: 'somebody else' })).toBe(0);
    expect((await member.fetch()).map(({ offset, deliveries }) => [offset, deliveries])).toEqual([[1, 2]]);
    expect(kafka.queue('mailer').release({ clientId: 'mailer-1' })).toBe(3);
    await kafka.waitForQueue('mailer', { backlog: 3, inFlight: 0 });
  });

  test('a wait in vain says what there is, and how a group reads what was produced before it came', async () => {
    await using kafka = await startBroker({ topics: ['mails'], leftovers: 'ignore' });
    await kafka.produce('mails', ['a']);
    const member = await ShareMember.join(kafka, 'mailer', ['mails']);
    await member.fetch(0);
    const wait = kafka.waitForDelivery('mailer', { topic: 'mails' }, { timeout: 50 });
    await expect(wait).rejects.toThrow(/nothing delivered.*share.auto.offset.reset.*earliest/s);
    const queue = kafka.waitForQueue('mailer', { inFlight: 3 }, { timeout: 50 });
    await expect(queue).rejects.toThrow(/group 'mailer' to have 3 in flight, found backlog 0, 0 in flight, 1 member/);
  });

  test('leaks at stop name the records that are still held', async () => {
    const kafka = await startBroker(STARTED);
    await kafka.produce('mails', ['a']);
    const member = await ShareMember.join(kafka, 'mailer', ['mails'], 'mailer-1', false);
    await member.fetch();
    const { leaks } = await kafka.stop();
    expect(leaks.join('\n')).toContain("mails[0]@0 acquired by mailer-1, delivery 1 of group 'mailer'");
    await member.close();
  });

  test('a fork has start offsets and what was acknowledged, and no members or locks', async () => {
    await using kafka = await startBroker(STARTED);
    await kafka.produce('mails', ['a', 'b', 'c']);
    const member = await ShareMember.join(kafka, 'mailer', ['mails']);
    await member.acknowledge((await member.fetch()).slice(0, 1), Ack.accept);
    await using fork = await kafka.fork();
    expect(await fork.waitForQueue('mailer', { backlog: 2 })).toMatchObject({ members: [], inFlight: 0 });
    const other = await ShareMember.join(fork, 'mailer', ['mails'], 'other');
    expect((await other.fetch()).map(({ value }) => value)).toEqual(['b', 'c']);
    expect(kafka.queue('mailer').inFlight).toBe(2);
  });

  test('a reset leaves no group, and clients begin anew', async () => {
    await using kafka = await startBroker(STARTED);
    await kafka.produce('mails', ['a']);
    const member = await ShareMember.join(kafka, 'mailer', ['mails']);
    await member.acknowledge(await member.fetch(), Ack.accept);
    await kafka.reset();
    expect(kafka.queue('mailer')).toMatchObject({ state: 'Dead', partitions: [], acknowledged: [], delivered: [] });
    await kafka.produce('mails', ['b']);
    const again = await ShareMember.join(kafka, 'mailer', ['mails'], 'again');
    expect((await again.fetch()).map(({ value }) => value)).toEqual(['b']);
  });

  test('a group configuration that there is not is refused', async () => {
    const groups = { mailer: { 'share.auto.offset.rest': 'earliest' } };
    await expect(startBroker({ groups })).rejects.toThrow("groups: 'mailer'");
  });
});
