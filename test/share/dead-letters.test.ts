import { afterEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { GROUP, QueueBroker, TOPIC } from './queue-broker.ts';

const LOCK_MS = 30_000;
let broker = new QueueBroker();

afterEach(async () => {
  await broker.stop();
  broker = new QueueBroker();
});

describe('dead letters', () => {
  const QUEUE = 'dlq.queue';
  const ON = { 'errors.deadletterqueue.group.enable': 'true' };
  const NAMED = { 'errors.deadletterqueue.topic.name': QUEUE };

  test('tell where a record was and why, and hold the start until they are written', async () => {
    await broker.start();
    await broker.topic(QUEUE, ON);
    await broker.begin({ ...NAMED, 'share.delivery.count.limit': '2' });
    broker.produce(['a', 'b', 'c']);
    const member = broker.member('m');
    await member.fetch();
    await member.acknowledge(0, 2, 3, 1, 2);
    await member.fetch();
    await member.acknowledge(2, 2, 2);
    const common = { topic: TOPIC, partition: '0', group: GROUP };
    expect(broker.read(QUEUE)).toEqual([
      {
        value: null,
        headers: { ...common, offset: '0', 'delivery.count': '1', message: 'Offset rejected by client.' },
      },
      {
        value: null,
        headers: {
          ...common,
          offset: '2',
          'delivery.count': '2',
          message: 'Offset delivery count exceeded the threshold.',
        },
      },
    ]);
    expect(broker.startOffset).toBe(3);
  });

  test('hold the record itself on demand, but for what does not fit', async () => {
    await broker.start();
    await broker.topic(QUEUE, { ...ON, 'max.message.bytes': '2000' });
    await broker.begin({ ...NAMED, 'errors.deadletterqueue.copy.record.enable': 'true' });
    broker.produce(['a', 'x'.repeat(3000), 'c']);
    const member = broker.member('m');
    await member.fetch();
    await member.acknowledge(0, 2, 3);
    expect(broker.read(QUEUE).map(({ value }) => value)).toEqual(['a', null, 'c']);
    const log = broker.parts.partitions.get(QUEUE, 0)!;
    for (const batch of log.batches(0, log.highWatermark)) expect(batch.size).toBeLessThanOrEqual(2000);
  });

  test('tell where a record was whose batch the disk does not give any more', async () => {
    await broker.start();
    await broker.topic(QUEUE, ON);
    await broker.begin({
      ...NAMED,
      'errors.deadletterqueue.copy.record.enable': 'true',
      'share.delivery.count.limit': '2',
    });
    broker.produce(['a', 'b']);
    broker.produce(['c']);
    const member = broker.member('m');
    expect(await member.fetch()).toBe('0-2x1');
    await member.acknowledge(0, 2, 2);
    expect(await member.fetch()).toBe('0-2x2');
    broker.damage(0);
    await member.acknowledge(0, 0, 3);
    await member.acknowledge(2, 2, 3);
    await broker.clock.advance(LOCK_MS);
    const letters = broker.read(QUEUE).map(({ value, headers }) => [headers.offset, value]);
    expect(letters).toEqual([['0', null], ['2', 'c'], ['1', null]]); // prettier-ignore
    expect(broker.startOffset).toBe(3);
  });

  test('are taken up again after a restart', async () => {
    await broker.start({ 'errors.deadletterqueue.topic.name.prefix': '' });
    await broker.begin({ 'errors.deadletterqueue.topic.name': 'late' });
    await broker.topic('late', ON);
    broker.produce(['a']);
    const member = broker.member('m');
    await member.fetch();
    const { partitions } = broker.parts;
    const get = partitions.get.bind(partitions);
    partitions.get = (name, index) => (name === 'late' ? undefined : get(name, index));
    await member.acknowledge(0, 0, 3);
    expect(broker.startOffset).toBe(0);
    await broker.stop();
    await broker.start({ 'errors.deadletterqueue.topic.name.prefix': '' });
    expect(await broker.member('m').fetch()).toBe('');
    expect(broker.read('late').map(({ headers }) => headers.offset)).toEqual(['0']);
    expect(broker.startOffset).toBe(1);
  });

  test('are tried five times, and are given up with a warning then', async () => {
    await broker.start();
    await broker.topic(QUEUE, ON);
    await broker.begin(NAMED);
    broker.produce(['a']);
    const member = broker.member('m');
    await member.fetch();
    const { partitions } = broker.parts;
    const get = partitions.get.bind(partitions);
    let asked = 0;
    partitions.get = (name, index) => {
      if (name !== QUEUE) return get(name, index);
      asked++;
      return undefined;
    };
    await member.acknowledge(0, 0, 3);
    await broker.clock.advance(7000);
    expect([asked, broker.startOffset]).toEqual([4, 0]);
    await broker.clock.advance(8000);
    expect([asked, broker.startOffset]).toEqual([5, 1]);
    expect(broker.warnings).toEqual(['share.no-dead-letter error 6 after 5 attempts']);
  });

  test.each([
    ['a missing topic', 'dlq.missing', 'there is no such topic'],
    ['a name without the prefix', 'other', 'its name does not begin with dlq.'],
    ['a topic that takes none', 'dlq.plain', 'the topic does not have errors.deadletterqueue.group.enable'],
  ])('go nowhere with %s, which is said once', async (_what, queue, cause) => {
    await broker.start();
    await broker.topic('dlq.plain');
    await broker.begin({ 'errors.deadletterqueue.topic.name': queue });
    broker.produce(['a', 'b']);
    const member = broker.member('m');
    await member.fetch();
    await member.acknowledge(0, 0, 3);
    await member.acknowledge(1, 1, 3);
    expect(broker.startOffset).toBe(2);
    expect(broker.warnings).toEqual([`share.no-dead-letter ${cause}`]);
  });

  test('go nowhere where the queue is what the group reads: no letter begets another', async () => {
    await broker.start({ 'errors.deadletterqueue.topic.name.prefix': '' });
    await broker.begin({ 'errors.deadletterqueue.topic.name': TOPIC }, ON);
    broker.produce(['a', 'b']);
    const member = broker.member('m');
    await member.fetch();
    await member.acknowledge(0, 1, 3);
    expect([broker.startOffset, broker.partition.highWatermark]).toEqual([2, 2]);
    expect(broker.warnings).toEqual(['share.no-dead-letter it is the topic that the group reads']);
  });

  test('wait for room on a disk that is full', async () => {
    await broker.start();
    await broker.topic(QUEUE, ON);
    await broker.begin(NAMED);
    broker.produce(['a']);
    const member = broker.member('m');
    await member.fetch();
    broker.files.before = (_operation, path) => {
      if (path.includes(QUEUE)) throw diskError('ENOSPC', 'write', path);
    };
    expect(await member.acknowledge(0, 0, 3)).toBe(ErrorCode.NONE);
    await broker.clock.advance(2000);
    expect([broker.read(QUEUE), broker.startOffset]).toEqual([[], 0]);
    broker.files.before = null;
    await broker.clock.advance(10_000);
    expect(broker.read(QUEUE).map(({ headers }) => headers.offset)).toEqual(['0']);
    expect(broker.startOffset).toBe(1);
  });

  test('make their topic where the broker is to', async () => {
    await broker.start({ 'errors.deadletterqueue.auto.create.topics.enable': 'true' });
    await broker.begin(NAMED);
    broker.produce(['a', 'b']);
    const member = broker.member('m');
    await member.fetch();
    await member.acknowledge(0, 1, 3);
    for (let i = 0; broker.startOffset === 0 && i < 100; i++) await broker.clock.advance(10);
    expect(broker.read(QUEUE).map(({ headers }) => headers.offset)).toEqual(['0', '1']);
    expect(broker.startOffset).toBe(2);
  });
});
