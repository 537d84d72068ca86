/** What members of share groups ask: ShareFetch and ShareAcknowledge, and the records that acknowledgements leave. */
import type { Conversation } from './conversation.ts';
import { dumpState } from './state-conversation.ts';

const SHORT_MS = 10;
const NO_TOPIC = 'AAAAAAAAAAAAAAAAAAAAAQ';

export async function converseAboutDelivery(talk: Conversation): Promise<void> {
  await batches(talk);
  await recordLimit(talk);
  await poison(talk, {}, 26);
  await poison(talk, { 'share.delivery.count.limit': '10' }, 12);
  await poison(talk, { 'share.delivery.count.limit': '2' }, 4);
  await poison(talk, { 'share.delivery.count.limit': '3' }, 8);
  await cautiously(talk);
  await locks(talk);
  await renewing(talk);
  await acknowledging(talk);
  await sessions(talk);
  await misfits(talk);
  await states(talk);
}

async function batches(talk: Conversation): Promise<void> {
  talk.heading('whole batches');
  const queue = await talk.queue();
  await queue.produce([3, 3, 3, 3, 3, 3]);
  await queue.fetch('4 records in fives', { maxRecords: 4, batchSize: 5 });
  await queue.fetch('100 records in fives', { maxRecords: 100, batchSize: 5 });
  await queue.acknowledge('accept 1', [[1, 1, 1]]);
  await queue.acknowledge('release 3 to 7', [[3, 7, 2]]);
  await queue.fetch('again in twos', { maxRecords: 100, batchSize: 2 });
  await queue.fetch('nothing', { maxWaitMs: SHORT_MS });
  const small = await talk.queue();
  await small.produce([1, 1, 1, 1, 1, 1]);
  await small.fetch('5 records in twos', { maxRecords: 5, batchSize: 2 });
  await small.fetch('1 record in twos', { maxRecords: 1, batchSize: 2 });
  const large = await talk.queue();
  await large.produce([10]);
  await large.fetch('4 records of a batch', { maxRecords: 4, batchSize: 2 });
  await large.acknowledge('release every second', [[0, 9, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]]);
  await large.fetch('2 of these', { maxRecords: 2, batchSize: 2 });
}

async function recordLimit(talk: Conversation): Promise<void> {
  talk.heading('a limit of records');
  const queue = await talk.queue();
  await queue.produce([10, 10]);
  await queue.fetch('4 in threes', { maxRecords: 4, batchSize: 3, shareAcquireMode: 1 });
  await queue.fetch('8 in threes', { maxRecords: 8, batchSize: 3, shareAcquireMode: 1 });
  await queue.acknowledge('release 0 to 11', [[0, 11, 2]]);
  await queue.fetch('5', { maxRecords: 5, batchSize: 100, shareAcquireMode: 1 });
  await queue.fetch('5 in whole batches', { maxRecords: 5, batchSize: 100 });
}

async function poison(talk: Conversation, group: Record<string, string>, most: number): Promise<void> {
  talk.heading(`released again and again ${JSON.stringify(group)}`);
  const queue = await talk.queue({ group });
  await queue.produce([16]);
  for (let i = 0; i < most; i++) {
    const { responses } = await queue.fetch(`attempt ${i}`, { maxWaitMs: 100 });
    const acquired = responses[0]?.partitions[0].acquiredRecords ?? [];
    if (acquired.length === 0) break;
    await queue.acknowledge(
      'release',
      acquired.map(({ firstOffset, lastOffset }) => [firstOffset, lastOffset, 2] as const),
    );
  }
}

async function cautiously(talk: Conversation): Promise<void> {
  talk.heading('what has been released often, and what has not');
  const queue = await talk.queue();
  await queue.produce([4]);
  for (let i = 0; i < 3; i++) {
    await queue.fetch(`attempt ${i}`);
    await queue.acknowledge('release', [[0, 3, 2]]);
  }
  await queue.produce([2, 2]);
  for (let i = 0; i < 3; i++) await queue.fetch('with new ones behind', { batchSize: 2 });
  const between = await talk.queue();
  await between.produce([2, 4, 2]);
  await between.fetch('all', { batchSize: 2 });
  for (let i = 0; i < 2; i++) {
    await between.acknowledge('release the middle', [[2, 5, 2]]);
    await between.fetch('the middle again');
  }
  await between.acknowledge('release all', [[0, 7, 2]]);
  for (let i = 0; i < 4; i++) await between.fetch('all again', { batchSize: 2 });
}

async function locks(talk: Conversation): Promise<void> {
  talk.heading('at most so many between start and end');
  const queue = await talk.queue({ group: { 'share.partition.max.record.locks': '100' } });
  await queue.produce([60, 60, 60]);
  await queue.fetch('whole batches');
  await queue.fetch('more', { maxWaitMs: SHORT_MS });
  await queue.acknowledge('release 70 to 80', [[70, 80, 2]]);
  await queue.fetch('in between');
  await queue.acknowledge('accept 0 to 30', [[0, 30, 1]]);
  await queue.fetch('more');
  await queue.acknowledge('accept 31 to 59', [[31, 59, 1]]);
  await queue.fetch('more', { maxWaitMs: SHORT_MS });
}

async function renewing(talk: Conversation): Promise<void> {
  talk.heading('renewing');
  const queue = await talk.queue();
  await queue.produce([5]);
  await queue.fetch('all');
  await queue.acknowledge('renew', [[0, 4, 4]], { isRenewAck: true });
  await queue.acknowledge('renew without saying so', [[0, 4, 4]]);
  await queue.acknowledge('renew as version 1', [[0, 4, 4]], { version: 1 });
  await queue.acknowledge('one of each', [[0, 4, 1, 4, 2, 3, 0]], { isRenewAck: true });
  await queue.acknowledge('one of each again', [[0, 4, 1, 4, 2, 3, 0]], { isRenewAck: true });
  const off = await talk.queue({ group: { 'share.renew.acknowledge.enable': 'false' } });
  await off.produce([5]);
  await off.fetch('all');
  await off.acknowledge('renew where that is off', [[0, 4, 4]], { isRenewAck: true });
  await off.acknowledge('accept', [[0, 4, 1]], { isRenewAck: true });
  const fetching = await talk.queue();
  await fetching.produce([5]);
  await fetching.fetch('all');
  const nothing = { maxBytes: 0, minBytes: 0, maxRecords: 0, maxWaitMs: 0 };
  await fetching.fetch('renew', { isRenewAck: true, acks: [[1, 1, 4]], ...nothing });
  await fetching.fetch('accept too', { isRenewAck: true, acks: [[1, 2, 4, 1]], ...nothing, batchSize: 0 });
  await fetching.fetch('renew and fetch', { isRenewAck: true, acks: [[1, 1, 4]] });
}

async function acknowledging(talk: Conversation): Promise<void> {
  talk.heading('acknowledging');
  const queue = await talk.queue();
  await queue.produce([5, 5]);
  await queue.fetch('5', { maxRecords: 5 });
  await queue.acknowledge('backwards', [[3, 2, 1]]);
  await queue.acknowledge('out of order', [[3, 3, 1], [1, 1, 1]]); // prettier-ignore
  await queue.acknowledge('one twice', [[1, 3, 1], [3, 4, 1]]); // prettier-ignore
  await queue.acknowledge('two twice', [[1, 3, 1], [2, 4, 1]]); // prettier-ignore
  await queue.acknowledge('without a type', [[1, 3]]);
  await queue.acknowledge('two types for three', [[1, 3, 1, 1]]);
  await queue.acknowledge('type 5', [[1, 3, 5]]);
  await queue.acknowledge('type -1', [[1, 3, -1]]);
  await queue.acknowledge('one too many', [[4, 5, 1]]);
  await queue.acknowledge('far beyond', [[100, 200, 1]]);
  await queue.acknowledge('a billion', [[0, 1_000_000_000, 1]]);
  await queue.acknowledge('near the end of numbers', [[9007199254740000, 9007199254740990, 1]]);
  await queue.acknowledge('below 0', [[-5, 2, 1]]);
  await queue.acknowledge('one good, one bad', [[0, 1, 1], [6, 6, 1]]); // prettier-ignore
  await queue.acknowledge('the good one', [[0, 1, 1]]);
  await queue.acknowledge('the good one again', [[0, 1, 1]]);
  await queue.acknowledge('and one more', [[0, 2, 1]]);
  await queue.acknowledge('nothing', []);
  await queue.acknowledge('of a partition that is not there', [[0, 0, 1]], { partition: 5 });
  const ack = { firstOffset: 0, lastOffset: 0, acknowledgeTypes: [1] };
  const topics = [{ topicId: NO_TOPIC, partitions: [{ partitionIndex: 0, acknowledgementBatches: [ack] }] }];
  await queue.acknowledge('of a topic that is not there', [], { topics });
  await queue.fetch('of another', { member: 'member-2', maxWaitMs: 100 });
  await queue.acknowledge("another's", [[3, 3, 1]], { member: 'member-2' });
  await queue.acknowledge("one's own", [[5, 5, 1]], { member: 'member-2' });
}

async function sessions(talk: Conversation): Promise<void> {
  talk.heading('sessions');
  const queue = await talk.queue();
  await queue.produce([5]);
  await queue.fetch('opened with acknowledgements', { shareSessionEpoch: 0, acks: [[3, 3, 1]] });
  await queue.fetch('before it is opened', { shareSessionEpoch: 1 });
  await queue.acknowledge('before it is opened', [[0, 0, 1]], { shareSessionEpoch: 1 });
  await queue.acknowledge('closed before it is opened', [[0, 0, 1]], { shareSessionEpoch: -1 });
  await queue.fetch('opened');
  await queue.acknowledge('of another epoch', [[2, 2, 1]], { shareSessionEpoch: 55 });
  await queue.acknowledge('opened by it', [[2, 2, 1]], { shareSessionEpoch: 0 });
  await queue.acknowledge('of a negative epoch', [[2, 2, 1]], { shareSessionEpoch: -2 });
  await queue.fetch('of another epoch', { shareSessionEpoch: 7 });
  await queue.fetch('the next', { maxWaitMs: SHORT_MS });
  await queue.fetch('the same again', { shareSessionEpoch: 1 });
  await queue.fetch('opened again', { shareSessionEpoch: 0, maxWaitMs: SHORT_MS });
  await queue.acknowledge('closed', [[2, 2, 1]], { shareSessionEpoch: -1 });
  await queue.fetch('closed again', { shareSessionEpoch: -1 });
  await queue.fetch('of a negative epoch', { shareSessionEpoch: -7 });
}

async function misfits(talk: Conversation): Promise<void> {
  talk.heading('what makes no sense');
  const queue = await talk.queue();
  await queue.produce([5]);
  await queue.fetch('no records', { maxRecords: 0 });
  await queue.fetch('fewer than none', { maxRecords: -1 });
  await queue.fetch('no bytes', { maxBytes: 0, maxWaitMs: SHORT_MS });
  await queue.fetch('mode 2', { shareAcquireMode: 2 });
  await queue.fetch('at least more bytes than at most', { minBytes: 1000, maxBytes: 1 });
  await queue.fetch('a wait below 0', { maxWaitMs: -10 });
  await queue.fetch('null as a group', { groupId: null, shareSessionEpoch: 0 });
  await queue.fetch('null as a member', { memberId: null, shareSessionEpoch: 0 });
  await queue.fetch('no name as a member', { memberId: '', shareSessionEpoch: 0 });
  await queue.acknowledge('null as a group', [[0, 0, 1]], { groupId: null });
  await queue.acknowledge('null as a member', [[0, 0, 1]], { memberId: null });
  await queue.fetch('a partition that is not there', { member: 'member-3', partition: 9, maxWaitMs: SHORT_MS });
  await queue.fetch('a group that is not there', { member: 'member-4', groupId: 'no-such-group', maxWaitMs: 1000 });
}

async function states(talk: Conversation): Promise<void> {
  talk.heading('what acknowledgements leave in the log');
  const queue = await talk.queue();
  await queue.produce([10, 10]);
  await queue.fetch('all');
  await queue.acknowledge('accept 0 to 4', [[0, 4, 1]]);
  await queue.acknowledge('accept 6 and 8', [[6, 6, 1], [8, 8, 1]]); // prettier-ignore
  await queue.acknowledge('release 5', [[5, 5, 2]]);
  await queue.acknowledge('reject 7', [[7, 7, 3]]);
  await queue.acknowledge('gap 9', [[9, 9, 0]]);
  await queue.acknowledge('each its own', [[10, 19, 1, 1, 2, 2, 3, 3, 0, 0, 4, 1]], { isRenewAck: true });
  await queue.acknowledge('closed', [], { shareSessionEpoch: -1 });
  await talk.setting.wait(300);
  await dumpState(talk, queue.name);
}
