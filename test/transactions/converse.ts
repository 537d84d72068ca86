/** What is asked in the conversation about transactions, in order. */
import type { Setting } from './conversation.ts';
import { Conversation } from './conversation.ts';

/** Waits out transactions that were opened with it. */
const SHORT_MS = 300;
const CLEANUP_MS = 2500;

export async function converse(
  setting: Setting,
  stateTopic: () => Promise<{ id: string; partitions: number }>,
): Promise<string[]> {
  const talk = new Conversation(setting);
  await finding(talk);
  await initializing(talk);
  await versionTwo(talk);
  await versionOne(talk);
  await offsets(talk);
  await fencing(talk);
  await timingOut(talk, setting);
  await verifying(talk);
  await operating(talk, setting);
  await listing(talk);
  talk.heading('what the logs say');
  await talk.aborted(0);
  await talk.aborted(1);
  await talk.dump(0);
  await talk.dump(1);
  const { id, partitions } = await stateTopic();
  await talk.dumpState(id, partitions);
  return talk.lines;
}

async function finding(talk: Conversation): Promise<void> {
  talk.heading('finding the coordinator');
  await talk.coordinator('of an id', talk.id('a'), 1);
  await talk.coordinator('of an id', talk.id('a'), 6);
  await talk.coordinator('of no id', '', 4);
}

async function initializing(talk: Conversation): Promise<void> {
  talk.heading('initializing');
  await talk.init('time', { transactionTimeoutMs: 0 });
  await talk.init('time', { transactionTimeoutMs: -1 });
  await talk.init('time', { transactionTimeoutMs: 900_001 });
  await talk.init('time', { transactionTimeoutMs: 900_000 });
  await talk.init('nothing', { transactionalId: '' });
  await talk.init('nothing', { transactionalId: '' }, 0);
  const plain = await talk.init('nothing', { transactionalId: null });
  await talk.init('plain, resumed', { transactionalId: null, producerId: plain.producerId, producerEpoch: 0 });
  const first = await talk.init('i');
  const second = await talk.init('i', {}, 1);
  await talk.init('i', { producerId: first.producerId, producerEpoch: first.producerEpoch });
  await talk.init('i', { producerId: second.producerId, producerEpoch: second.producerEpoch });
  await talk.init('i', { producerId: second.producerId, producerEpoch: second.producerEpoch });
  await talk.init('i', { producerId: second.producerId + 1000, producerEpoch: 2 });
  await talk.init('i', { producerId: second.producerId + 1000, producerEpoch: 2 }, 3);
  await talk.init('i', { producerId: second.producerId, producerEpoch: 7 });
  await talk.init('i', { producerId: second.producerId, producerEpoch: -1 });
  await talk.init('new', { producerId: 4000, producerEpoch: 3 });
  await talk.describe('i');
  await talk.describe('unknown');
  await talk.describe('no id', '');
}

async function versionTwo(talk: Conversation): Promise<void> {
  talk.heading('version 2: the epoch rises with each transaction');
  const one = await talk.init('two');
  await talk.end('empty', one, true);
  await talk.produce('a', one, 0);
  await talk.ends('while open');
  await talk.describe('two');
  await talk.produce('a again', one, 0);
  await talk.produce('gap', one, 5);
  await talk.produce('b elsewhere', one, 0, 12, 1);
  await talk.describe('two');
  await talk.produce('no partition', one, 0, 12, 7);
  const two = await talk.end('a, b', one, true);
  await talk.describe('two');
  await talk.ends('after commit');
  await talk.end('a, b again', one, true);
  await talk.end('a, b the other way', one, false);
  await talk.produce('late', one, 1);
  await talk.produce('late, elsewhere', one, 1, 12, 1);
  await talk.produce('c', two, 0, 13);
  await talk.end('late', one, true);
  await talk.end('late', one, false);
  const three = await talk.end('c', two, false);
  await talk.ends('after abort');
  await talk.end('c again', two, false);
  await talk.end('c the other way', two, true);
  await talk.end('nothing in it', three, true);
  const four = await talk.end('nothing in it', three, false);
  await talk.end('nothing in it again', three, false);
  await talk.describe('two');
  await talk.produce('not transactional', four, 0, 12, 0, { isTransactional: false, transactionalId: null });
  await talk.produce('within', four, 1);
  await talk.produce('plain within', four, 2, 12, 0, { isTransactional: false, transactionalId: null });
  await talk.end('future', { ...four, producerEpoch: four.producerEpoch + 1 }, true);
  await talk.end('other producer', { ...four, producerId: four.producerId + 1 }, true);
  await talk.end('unknown id', { ...four, id: talk.id('unknown') }, true);
  await talk.end('no id', { ...four, id: '' }, true);
  await talk.init('two', { producerId: four.producerId, producerEpoch: four.producerEpoch });
  await talk.describe('two');
}

async function versionOne(talk: Conversation): Promise<void> {
  talk.heading('version 1: partitions are added first, the epoch stays');
  const one = await talk.init('one', {}, 4);
  await talk.end('empty', one, false, 4);
  await talk.end('empty', one, true, 3);
  await talk.produce('not added', one, 0, 11);
  await talk.produce('not added', one, 0, 10);
  await talk.add('p0', one);
  await talk.add('p0 again', one);
  await talk.add('no partition', one, [1, 9]);
  await talk.produce('d', one, 0, 11);
  await talk.produce('e, not added', one, 0, 11, 1);
  await talk.produce('e, not added', one, 0, 9, 1);
  await talk.add('both', one, [0, 1]);
  await talk.produce('e', one, 0, 11, 1);
  await talk.describe('one');
  await talk.end('d, e', one, true, 4);
  await talk.end('d, e again', one, true, 4);
  await talk.end('d, e the other way', one, false, 4);
  await talk.describe('one');
  await talk.produce('after the end', one, 1, 11);
  await talk.add('p0', one, [0], 2);
  await talk.produce('f', one, 1, 11);
  await talk.add('other epoch', { ...one, producerEpoch: 9 });
  await talk.add('other epoch', { ...one, producerEpoch: 9 }, [0], 1);
  await talk.add('other producer', { ...one, producerId: one.producerId + 1 });
  await talk.add('unknown id', { ...one, id: talk.id('unknown') });
  await talk.add('no id', { ...one, id: '' });
  await talk.end('other epoch', { ...one, producerEpoch: 9 }, false, 2);
  await talk.end('other epoch', { ...one, producerEpoch: 9 }, false, 1);
  await talk.end('f', one, false, 1);
  await talk.end('f again', one, false, 1);
  await talk.end('f the other way', one, true, 1);
  const up = await talk.end('f by a client that was upgraded', one, false, 5);
  await talk.produce('g', up, 0, 12);
  await talk.end('g by a client that was downgraded', up, true, 4);
  await talk.describe('one');
}

async function offsets(talk: Conversation): Promise<void> {
  talk.heading('offsets in transactions');
  const one = await talk.init('offsets');
  await talk.commitOffset('not added', one, 1, 4);
  await talk.commitOffset('not added', one, 1, 3);
  await talk.commitOffset('implicitly', one, 5);
  await talk.offset('while open', false);
  await talk.offset('while open', true);
  await talk.describe('offsets');
  const two = await talk.end('offsets', one, true);
  await talk.offset('committed', true);
  await talk.commitOffset('late', one, 6);
  await talk.addOffsets('', two);
  await talk.addOffsets('other epoch', one);
  await talk.addOffsets('other epoch', one, 1);
  await talk.commitOffset('added', two, 7, 3);
  const three = await talk.end('offsets', two, false);
  await talk.offset('aborted', true);
  await talk.commitOffset('of a generation nobody knows', three, 8, 5, { generationIdOrMemberEpoch: 3, memberId: 'm' });
  await talk.commitOffset('of a member nobody knows', three, 8, 5, { generationIdOrMemberEpoch: -1, memberId: 'm' });
  await talk.commitOffset('with an unknown id', { ...three, id: talk.id('unknown') }, 8);
  await talk.commitOffset('with an unknown id', { ...three, id: talk.id('unknown') }, 8, 3);
  await talk.commitOffset('without an id', { ...three, id: '' }, 8);
  await talk.commitOffset('of a new group', three, 8, 5, { groupId: talk.id('fresh') });
  await talk.commitOffset('of a new group with a generation', three, 8, 5, {
    groupId: talk.id('fresh2'),
    generationIdOrMemberEpoch: 1,
  });
  await talk.end('offsets', three, true);
}

async function fencing(talk: Conversation): Promise<void> {
  talk.heading('zombies');
  const old = await talk.init('z');
  await talk.produce('h', old, 0);
  const young = await talk.init('z');
  await talk.describe('z');
  await talk.produce('h2', old, 1);
  await talk.end('h', old, true);
  await talk.end('h', old, true, 4);
  await talk.end('h', old, true, 1);
  await talk.add('by the old', old);
  await talk.commitOffset('by the old', old, 9);
  await talk.produce('i', young, 0);
  await talk.init('z', { producerId: old.producerId, producerEpoch: old.producerEpoch });
  await talk.init('z', { producerId: old.producerId, producerEpoch: old.producerEpoch }, 3);
  await talk.end('i', young, true);
  const again = await talk.init('z2');
  await talk.produce('of the first instance', again, 0);
  const next = await talk.end('of the first instance', again, true);
  await talk.init('z2');
  await talk.end('by the first instance', next, true);
  await talk.end('by the first instance', next, false);
  await talk.describe('z2');
  const first = await talk.init('z1', {}, 4);
  await talk.add('p0', first);
  await talk.produce('j', first, 0, 11);
  const second = await talk.init('z1', {}, 4);
  await talk.produce('j2', first, 1, 11);
  await talk.end('j', first, true, 4);
  await talk.add('p0', second);
  await talk.produce('k', second, 0, 11);
  await talk.end('k', second, true, 4);
}

async function timingOut(talk: Conversation, setting: Setting): Promise<void> {
  talk.heading('time-outs');
  const two = await talk.init('late two', { transactionTimeoutMs: SHORT_MS });
  await talk.produce('l', two, 0);
  const one = await talk.init('late one', { transactionTimeoutMs: SHORT_MS }, 4);
  await talk.add('p1', one, [1]);
  await talk.produce('m', one, 0, 11, 1);
  await setting.wait(CLEANUP_MS);
  await talk.describe('late two');
  await talk.describe('late one');
  await talk.end('l', two, true);
  await talk.produce('l2', two, 1);
  await talk.end('m', one, true, 4);
  await talk.produce('m2', one, 1, 11, 1);
  await talk.init('late two', { producerId: two.producerId, producerEpoch: two.producerEpoch });
  await talk.init('late two');
  await talk.init('late one', { producerId: one.producerId, producerEpoch: one.producerEpoch });
  await talk.init('late one');
}

async function verifying(talk: Conversation): Promise<void> {
  talk.heading('brokers ask');
  const one = await talk.init('v');
  await talk.verify('nothing', one, true);
  await talk.verify('nothing', one, true, 4);
  await talk.produce('n', one, 0);
  await talk.verify('one of two', one, true);
  await talk.verify('one of two', one, true, 4);
  await talk.verify('both', one, false);
  await talk.verify('both', one, true);
  await talk.verify('other epoch', { ...one, producerEpoch: 5 }, true);
  await talk.verify('other producer', { ...one, producerId: one.producerId + 1 }, true);
  await talk.verify('unknown id', { ...one, id: talk.id('unknown') }, true);
  await talk.verify('unknown id', { ...one, id: talk.id('unknown') }, false);
  const two = await talk.end('n', one, true);
  await talk.verify('after the end', two, true);
  await talk.produce('without its id', two, 0, 12, 0, { transactionalId: null });
  await talk.produce('with an unknown id', two, 0, 12, 0, { transactionalId: talk.id('unknown') });
  await talk.produce('with an unknown id', two, 0, 11, 0, { transactionalId: talk.id('unknown') });
}

async function operating(talk: Conversation, setting: Setting): Promise<void> {
  talk.heading('an operator ends it');
  await talk.init('o');
  const one = await talk.init('o');
  await talk.produce('o', one, 0);
  await talk.ends('while open');
  await talk.producers('while open');
  await talk.marker('of a coordinator that is gone', one, -2);
  await talk.marker('of an old epoch', { ...one, producerEpoch: 0 }, 1_000_000);
  await talk.marker('of nowhere', one, 1_000_000, [0, 7]);
  await talk.marker('again', one, 1_000_000);
  await setting.wait(50);
  await talk.ends('ended');
  await talk.describe('o');
  await talk.produce('o goes on', one, 1);
}

async function listing(talk: Conversation): Promise<void> {
  talk.heading('listing');
  await talk.list('all', {});
  await talk.list('ongoing', { stateFilters: ['Ongoing'] }, 0);
  await talk.list('unknown states', { stateFilters: ['Ongoing', 'Nonsense'] });
  await talk.list('only unknown states', { stateFilters: ['Nonsense'] });
  await talk.list('by producer', { producerIdFilters: [9_999_999] });
  await talk.list('longer than an hour', { durationFilter: 3_600_000 });
  await talk.list('longer than nothing', { durationFilter: 0 });
  await talk.list('by pattern', { transactionalIdPattern: talk.id('z.*') });
  await talk.list('by part of the name', { transactionalIdPattern: 'z' });
  await talk.list('by every name', { transactionalIdPattern: '' });
  await talk.list('by a pattern that is none', { transactionalIdPattern: '(' });
}
