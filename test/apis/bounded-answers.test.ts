/** Answers that a few bytes may ask to be large: each is refused above a limit, and the connection goes on. */
import { expect, test } from 'vitest';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { DescribeConfigs } from '../../protocol/apis/32-describe-configs.ts';
import { DescribeGroups } from '../../protocol/apis/15-describe-groups.ts';
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest, MAX_REQUEST_ELEMENTS, Reader } from '../../protocol/reader.ts';
import { MessageTooLarge, Writer } from '../../protocol/writer.ts';
import { finish } from '../../src/platform/pieces.ts';
import { answerEach, MAX_REPEATED_BYTES } from '../../src/apis/repeated-names.ts';
import { ProduceAnswer, Acks } from '../../src/apis/produce-answer.ts';
import { Receipt } from '../../src/partitions/receipt.ts';
import { startBroker } from '../../src/testing/index.ts';
import { createTopic, dial } from '../running-broker.ts';

test('a name that is repeated is described once, and answered each time', async () => {
  const described: string[] = [];
  const describe = (name: string): string | Promise<string> => {
    described.push(name);
    return name === 'b' ? Promise.resolve('B') : name.toUpperCase();
  };
  expect(await finish(answerEach(['a', 'b', 'a', 'b', 'b', 'c'], describe, () => 1))).toEqual([
    'A',
    'B',
    'A',
    'B',
    'B',
    'C',
  ]);
  expect(described).toEqual(['a', 'b', 'c']);
  expect(finish(answerEach(['a', 'c'], describe, () => Infinity))).toEqual(['A', 'C']);
});

test('above a limit what is repeated is refused, also where the answers come later', async () => {
  const large = (): number => MAX_REPEATED_BYTES;
  expect(finish(answerEach(['a', 'a'], () => 1, large))).toEqual([1, 1]);
  expect(() => finish(answerEach(['a', 'a', 'a'], () => 1, large))).toThrow(MessageTooLarge);
  await expect(finish(answerEach(['a', 'a', 'a'], async () => 1, large))).rejects.toThrow(MessageTooLarge);
});

test('requests that name something large again and again are told INVALID_REQUEST', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  const client = await dial(kafka.bootstrapServers);
  await createTopic(client, 'wide', 200);
  await client.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] });
  const partitions = Array.from({ length: 200 }, (_, partitionIndex) => ({
    partitionIndex,
    committedOffset: 1,
    committedMetadata: 'm'.repeat(4000),
  }));
  const commit = { groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '', topics: [{ name: 'wide', partitions }] };
  await client.send(OffsetCommit, 8, commit);
  const times = <T>(count: number, each: T): T[] => Array.from({ length: count }, () => each);

  const all = { groupId: 'g', topics: null };
  const twice = await client.send(OffsetFetch, 8, { groups: times(2, all) });
  expect(twice.groups.map(({ topics }) => topics[0].partitions.length)).toEqual([200, 200]);
  const fetched = await client.send(OffsetFetch, 8, { groups: times(200, all) });
  expect(new Set(fetched.groups.map(({ errorCode }) => errorCode))).toEqual(new Set([ErrorCode.INVALID_REQUEST]));

  const [{ brokerId }] = (await client.send(DescribeCluster, 0, { includeClusterAuthorizedOperations: false })).brokers;
  const broker = { resourceType: 4, resourceName: String(brokerId), configurationKeys: null };
  const configs = await client.send(DescribeConfigs, 4, {
    resources: times(2000, broker),
    includeSynonyms: true,
    includeDocumentation: true,
  });
  expect(new Set(configs.results.map(({ errorCode }) => errorCode))).toEqual(new Set([ErrorCode.INVALID_REQUEST]));

  const { groups } = await client.send(DescribeGroups, 5, { groups: times(1000, 'g') });
  expect(groups.map(({ errorCode }) => errorCode)).toEqual(times(1000, ErrorCode.NONE)); // it is small
  await client.close();
});

test('one response names so many refused records, all its partitions together', () => {
  const answer = ProduceAnswer.of(9, Acks.leader, 1000, { produce: 0, fetch: 0 }, { image: {} as never }, '');
  answer.addTopic(Buffer.from('t'));
  const receipts = Array.from({ length: 30 }, () => {
    const receipt = Receipt.refused(ErrorCode.INVALID_RECORD, 'why');
    receipt.recordErrors = Array.from({ length: 1000 }, (_, batchIndex) => ({ batchIndex, message: 'why' }));
    return receipt;
  });
  for (const [index, receipt] of receipts.entries()) answer.add(index, receipt);
  expect(receipts.reduce((sum, { recordErrors }) => sum + recordErrors.length, 0)).toBe(10_000);
});

test('a request has a limit of array elements, however few bytes they take', () => {
  const writer = new Writer();
  writer.int32(MAX_REQUEST_ELEMENTS);
  writer.bytes(Buffer.alloc(MAX_REQUEST_ELEMENTS + 8));
  const bytes = writer.finish();
  const reader = new Reader();
  reader.reset(bytes, 0, bytes.length, MAX_REQUEST_ELEMENTS);
  expect(reader.arrayCount(1)).toBe(MAX_REQUEST_ELEMENTS);
  expect(reader.elementsLeft).toBe(0);
  expect(reader.arrayCount(1)).toBe(0);
  reader.reset(bytes, 0, bytes.length, MAX_REQUEST_ELEMENTS - 1);
  expect(() => reader.arrayCount(1)).toThrow(InvalidRequest);
});

test('a writer grows up to its limit, and says so beyond it', () => {
  const writer = new Writer(16, 40);
  writer.bytes(Buffer.alloc(40));
  expect(writer.buffer.length).toBe(40);
  expect(() => writer.int8(1)).toThrow(MessageTooLarge);
});
