import { expect, test } from 'vitest';
import { runKafkaTool } from '../../src/cli/kafka-tools/index.ts';
import { startBroker, type StartOptions } from '../../src/testing/index.ts';
import { Ack, ShareMember } from '../testing/share-member.ts';
import { linesOf, ottla } from './session.ts';

const DLQ = { name: 'dlq.mails', configs: { 'errors.deadletterqueue.group.enable': 'true' } };
const STARTED: StartOptions = {
  groups: {
    mailer: { 'share.auto.offset.reset': 'earliest', 'errors.deadletterqueue.topic.name': 'dlq.mails' },
  },
  topics: ['mails', DLQ],
  leftovers: 'ignore',
};

test('ottla queues shows what waits in the queues of share groups, what is in flight, and with whom', async () => {
  await using kafka = await startBroker(STARTED);
  const at = ['-b', kafka.bootstrapServers];
  expect((await ottla(['queues', ...at])).err).toContain('no share groups');
  await kafka.produce('mails', ['a', 'b', 'c', 'd']);
  const member = await ShareMember.join(kafka, 'mailer', ['mails']);
  const records = await member.fetch();
  await member.acknowledge(records.slice(0, 1), Ack.accept);
  await member.acknowledge(records.slice(2, 3), Ack.release);
  const words = (await linesOf(['queues', ...at])).map((line) => line.split(/\s{2,}/));
  expect(words[0].slice(0, 4)).toEqual(['GROUP', 'STATE', 'MEMBERS', 'BACKLOG']);
  expect(words[1]).toEqual([
    'mailer',
    'Stable',
    '1',
    '3',
    '2',
    '1',
    '0',
    '1',
    expect.stringMatching(/^(30.0|29.\d) s$/),
  ]);
  const shown = await linesOf(['queues', 'mailer', ...at]);
  expect(shown[0]).toBe('mailer  Stable, 1 member, backlog 3');
  expect(shown[2].split(/\s{2,}/).slice(0, 7)).toEqual(['mails', '0', '1', '3', '2', '1', '0']);
  expect(shown[4].split(/\s{2,}/)).toEqual(['mailer-1', 'mailer-1', '127.0.0.1', 'mails/0']);
  const [told] = JSON.parse((await ottla(['queues', '--json', ...at])).out) as [object];
  expect(told).toMatchObject({
    group: 'mailer',
    backlog: 3,
    inFlight: 2,
    available: 1,
    deliveries: 1,
    partitions: [{ topic: 'mails', partition: 0, start: 1, inFlight: 2 }],
  });
  await member.leave();
  expect((await linesOf(['queues', ...at]))[1].split(/\s{2,}/)).toEqual([
    'mailer',
    'Empty',
    '0',
    '3',
    ...'-----'.split(''),
  ]);
  expect(await ottla(['queues', 'mailr', ...at])).toMatchObject({
    code: 1,
    err: expect.stringContaining("did you mean 'mailer'?"),
  });
});

test('what a broker tells that has gone is left out', async () => {
  await using kafka = await startBroker(STARTED);
  await kafka.produce('mails', ['a', 'b']);
  const member = await ShareMember.join(kafka, 'mailer', ['mails']);
  await member.acknowledge((await member.fetch()).slice(0, 1), Ack.accept);
  const at = ['-b', kafka.bootstrapServers];
  const queue = async () => JSON.parse((await ottla(['queues', 'mailer', '--json', ...at])).out) as object;
  expect(await queue()).toMatchObject([{ group: 'mailer', backlog: 1, inFlight: 1 }]);
  kafka.faults.on('DescribeShareGroupOffsets', { request: { includeInFlight: true } }).disconnect();
  expect(await queue()).toMatchObject([{ group: 'mailer', backlog: 1, inFlight: null }]);
});

test('ottla dead-letters shows causes, sources and records, and produces them again to where they came from', async () => {
  await using kafka = await startBroker(STARTED);
  const at = ['-b', kafka.bootstrapServers];
  expect((await ottla(['dead-letters', 'dlq.mails', ...at])).err).toContain('no dead letters');
  await kafka.produce('mails', [
    { key: 'k', value: 'poison', headers: { trace: '1' } },
    { value: 'fine' },
    { value: 'poison too' },
  ]);
  const member = await ShareMember.join(kafka, 'mailer', ['mails']);
  const records = await member.fetch();
  await member.acknowledge(records.slice(0, 1), Ack.reject);
  await member.acknowledge(records.slice(1, 2), Ack.accept);
  await member.acknowledge(records.slice(2), Ack.reject);
  await kafka.waitForDeadLetter('mailer', 2);
  const lines = (await linesOf(['dead-letters', 'dlq.mails', ...at])).map((line) => line.trim().split(/\s{2,}/));
  expect(lines).toEqual([
    ['COUNT', 'GROUP', 'SOURCE', 'CAUSE'],
    ['2', 'mailer', 'mails', 'Offset rejected by client.'],
    [''],
    ['LETTER', 'SOURCE', 'DELIVERIES', 'KEY', 'VALUE'],
    ['dlq.mails/0@0', 'mails/0@0', '1', 'k', 'poison'],
    ['dlq.mails/0@1', 'mails/0@2', '1', 'null', 'poison too'],
  ]);
  const told = JSON.parse((await ottla(['dead-letters', 'dlq.mails', '--json', ...at])).out) as object;
  expect(told).toMatchObject({
    causes: [{ cause: 'Offset rejected by client.', group: 'mailer', source: 'mails', count: 2 }],
    letters: [{ deliveries: 1, source: { topic: 'mails', partition: 0, offset: 0 }, original: { key: 'k' } }, {}],
    redriven: null,
  });
  expect(await linesOf(['dead-letters', 'dlq.mails', '-g', 'other', '--redrive', ...at])).toEqual(['0 produced again']);
  expect(await linesOf(['dead-letters', 'dlq.mails', '--redrive', ...at])).toEqual(['2 produced again']);
  const again = kafka.messages('mails', { partition: 0, from: 3 });
  expect(again.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual([
    { key: 'k', value: 'poison', headers: { trace: '1' } },
    { key: null, value: 'poison too', headers: {} },
  ]);
});

test('a record that is gone is told as gone, unless the letter has a copy', async () => {
  const copying = { ...STARTED.groups!['mailer'], 'errors.deadletterqueue.copy.record.enable': 'true' };
  await using kafka = await startBroker({ ...STARTED, groups: { mailer: copying, other: STARTED.groups!['mailer'] } });
  const at = ['-b', kafka.bootstrapServers];
  await kafka.produce('mails', 'poison');
  for (const group of ['mailer', 'other']) {
    const member = await ShareMember.join(kafka, group, ['mails']);
    await member.acknowledge(await member.fetch(), Ack.reject);
    await kafka.waitForDeadLetter(group);
  }
  await linesOf(['topics', 'empty', 'mails', ...at]);
  const rows = (await linesOf(['dead-letters', 'dlq.mails', ...at]))
    .slice(5)
    .map((line) => line.trim().split(/\s{2,}/));
  expect(rows.map((row) => row.slice(3))).toEqual([
    ['null', 'poison'],
    ['gone', 'gone'],
  ]);
  expect(await linesOf(['dead-letters', 'dlq.mails', '--redrive', ...at])).toEqual([
    '1 produced again; 1 are gone from their source, and no copy was kept',
  ]);
});

test('a topic that was made again has other records, and one that is gone takes none', async () => {
  const copying = { ...STARTED.groups!['mailer'], 'errors.deadletterqueue.copy.record.enable': 'true' };
  await using kafka = await startBroker({ ...STARTED, groups: { mailer: copying } });
  const command = ['dead-letters', 'dlq.mails', '-b', kafka.bootstrapServers];
  await kafka.produce('mails', 'poison');
  const member = await ShareMember.join(kafka, 'mailer', ['mails']);
  await member.acknowledge(await member.fetch(), Ack.reject);
  await kafka.waitForDeadLetter('mailer');
  await kafka.produce('dlq.mails', { value: 'no letter', headers: { '__dlq.errors.offset': '1.5' } });
  await kafka.deleteTopic('mails');
  await kafka.produce('mails', 'another');
  expect(await linesOf([...command, '--redrive'])).toEqual(['1 produced again']);
  expect(await kafka.queue('mailer').redrive('dlq.mails')).toBe(1);
  expect(kafka.messages('mails').map(({ value }) => value)).toEqual(['another', 'poison', 'poison']);
  await kafka.deleteTopic('mails');
  expect(await linesOf([...command, '--redrive'])).toEqual([
    '0 produced again; 1 have nowhere to go: their topic or partition was deleted',
  ]);
});

test('kafka-console-share-consumer goes on where its connection ends', async () => {
  await using kafka = await startBroker(STARTED);
  await kafka.produce('mails', 'a');
  kafka.faults.on('ShareFetch').disconnect('after').times(1);
  const args = ['--bootstrap-server', kafka.bootstrapServers, '--topic', 'mails', '--group', 'mailer'];
  const ran = await ottla([...args, '--max-messages', '1'], {}, (all, terminal) =>
    runKafkaTool('kafka-console-share-consumer', all, terminal),
  );
  expect(ran).toEqual({ code: 0, out: 'a\n', err: 'Processed a total of 1 messages\n' });
  expect((await kafka.waitForQueue('mailer', { backlog: 0 })).acknowledged).toHaveLength(1);
});
