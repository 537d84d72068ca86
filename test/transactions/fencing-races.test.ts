import { afterEach, expect, test } from 'vitest';
import {
  AddPartitionsToTxn,
  DescribeProducers,
  DescribeTransactions,
  EndTxn,
  InitProducerId,
  Produce,
} from '../../protocol/apis/index.ts';
import { ErrorCode, errorName } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { FaultyBroker, Lost } from './faulty-broker.ts';

const TOPIC = 'topic';
const ID = 'id';
const TIMEOUT_MS = 60_000;

interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

interface Batch {
  readonly version?: number;
  readonly baseSequence?: number;
  readonly transactionalId?: string | null;
  /** How many records. */
  readonly values?: number;
}

let open: FaultyBroker | null = null;
afterEach(async () => {
  await open?.stop();
  open = null;
});

async function start(): Promise<FaultyBroker> {
  const broker = new FaultyBroker(1);
  await broker.start();
  open = broker;
  await broker.parts.controller.ensureInternalTopic('__consumer_offsets');
  await broker.parts.controller.ensureInternalTopic('__transaction_state');
  const topic = { name: TOPIC, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await broker.parts.controller.createTopics([topic], { validateOnly: false });
  return broker;
}

async function ask<Q extends Fields, S extends Fields>(
  broker: FaultyBroker,
  api: Api<Q, S>,
  version: number,
  draft: Draft<Q>,
): Promise<Values<S>> {
  const answer = broker.send(api, version, draft);
  answer.catch(() => {}); // told below, once the broker is up again
  await broker.step();
  return answer;
}

/** Of a new instance; as clients do, it asks again while it is told to. */
async function init(broker: FaultyBroker, transactionalId: string | null = ID): Promise<Producer> {
  for (;;) {
    const answer = await ask(broker, InitProducerId, 5, { transactionalId, transactionTimeoutMs: TIMEOUT_MS });
    if (answer.errorCode === ErrorCode.NONE) return answer;
    expect(answer.errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
  }
}

async function produce(
  broker: FaultyBroker,
  { producerId, producerEpoch }: Producer,
  { version = 12, baseSequence = 0, transactionalId = ID, values = 1 }: Batch = {},
) {
  const records = encodeBatch({
    records: Array.from({ length: values }, () => ({ key: null, value: Buffer.from('x'), timestamp: 1 })),
    producerId,
    producerEpoch,
    baseSequence,
    isTransactional: transactionalId !== null,
  });
  const answer = await ask(broker, Produce, version, {
    transactionalId,
    acks: -1,
    timeoutMs: 1,
    topicData: [{ name: TOPIC, partitionData: [{ index: 0, records }] }],
  });
  const [{ errorCode, baseOffset }] = answer.responses[0].partitionResponses;
  return { error: errorName(errorCode), baseOffset };
}

function end(broker: FaultyBroker, producer: Producer, committed = true, version = 5) {
  const { producerId, producerEpoch } = producer;
  return ask(broker, EndTxn, version, { transactionalId: ID, producerId, producerEpoch, committed });
}

async function add(broker: FaultyBroker, { producerId, producerEpoch }: Producer): Promise<string> {
  const answer = await ask(broker, AddPartitionsToTxn, 3, {
    v3AndBelowTransactionalId: ID,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: TOPIC, partitions: [0] }],
  });
  return errorName(answer.resultsByTopicV3AndBelow[0].resultsByPartition[0].partitionErrorCode);
}

async function state(broker: FaultyBroker): Promise<string> {
  const { transactionStates } = await ask(broker, DescribeTransactions, 0, { transactionalIds: [ID] });
  return transactionStates[0].transactionState;
}

function partition(broker: FaultyBroker) {
  return broker.parts.partitions.get(TOPIC, 0)!;
}

test.each([1, 2])(
  'of two instances in a tight loop, at any time only the younger gets through (seed %i)',
  async (seed) => {
    const broker = await start();
    const random = seededRandom(seed);
    let [old, young] = [await init(broker), await init(broker)];
    for (let turn = 0; turn < 100; turn++) {
      const isLate = random.float() < 0.5;
      const who = isLate ? old : young;
      const { error } = await produce(broker, who);
      const ended = await end(broker, who, random.float() < 0.5);
      const expected = isLate ? ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'] : ['NONE', 'NONE'];
      expect([error, errorName(ended.errorCode)]).toEqual(expected);
      if (!isLate) young = ended;
      if (random.float() < 0.2) [old, young] = [young, await init(broker)];
    }
    expect(partition(broker).lastStableOffset).toBe(partition(broker).endOffset);
  },
);

test('an instance that begins while a commit has no markers yet waits for them, and the commit stands', async () => {
  const broker = await start();
  const old = await init(broker);
  await produce(broker, old);
  broker.refuses = (path) => path.includes(`/${TOPIC}-0/`);
  expect((await end(broker, old)).errorCode).toBe(ErrorCode.NONE);
  const begin = { transactionalId: ID, transactionTimeoutMs: TIMEOUT_MS };
  expect((await ask(broker, InitProducerId, 5, begin)).errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
  expect(await state(broker)).toBe('PrepareCommit');
  broker.refuses = null;
  await broker.advance(1000);
  expect(await state(broker)).toBe('CompleteCommit');
  const young = await init(broker);
  expect((await produce(broker, young)).error).toBe('NONE');
});

test.each([4, 5])(
  'an end that comes after the time-out has aborted the transaction is refused (EndTxn v%i)',
  async (version) => {
    const broker = await start();
    const producer = await init(broker);
    await produce(broker, producer);
    await broker.advance(TIMEOUT_MS + 2000);
    expect(await state(broker)).toBe('CompleteAbort');
    expect((await end(broker, producer, true, version)).errorCode).not.toBe(ErrorCode.NONE);
    expect(await state(broker)).toBe('CompleteAbort');
    expect(partition(broker).log.abortedTransactions(0, 10)).toHaveLength(1);
  },
);

test('a batch of an older client whose partition is not in the transaction is refused, and nothing is appended', async () => {
  const broker = await start();
  const producer = await init(broker);
  expect((await produce(broker, producer, { version: 11 })).error).toBe('TRANSACTION_ABORTABLE');
  expect((await produce(broker, producer, { version: 10 })).error).toBe('INVALID_TXN_STATE');
  expect(partition(broker).endOffset).toBe(0);
});

test('a batch that would take its partition into the transaction of a fenced epoch takes it into none', async () => {
  const broker = await start();
  const old = await init(broker);
  await init(broker);
  expect((await produce(broker, old)).error).toBe('INVALID_PRODUCER_EPOCH');
  expect(await add(broker, old)).toBe('PRODUCER_FENCED');
  expect(await state(broker)).toBe('Empty');
  expect(partition(broker).endOffset).toBe(0);
});

test('a duplicate gets the offset of the first time, after a kill and after a stop', async () => {
  const broker = await start();
  const producer = await init(broker, null);
  const batches = [0, 1, 2].map((at) => ({ baseSequence: at * 2, values: 2, transactionalId: null }));
  for (const batch of batches) await produce(broker, producer, batch);
  broker.killAt(1);
  await expect(produce(broker, producer, { ...batches[2], baseSequence: 6 })).rejects.toThrow(Lost);
  // Behind a kill the log is read again, which knows every batch; behind a stop the snapshot, which knows the last.
  for (const batch of batches)
    expect(await produce(broker, producer, batch)).toEqual({ error: 'NONE', baseOffset: batch.baseSequence });
  await broker.stop();
  await broker.start();
  expect(await produce(broker, producer, batches[2])).toEqual({ error: 'NONE', baseOffset: 4 });
  expect((await produce(broker, producer, { ...batches[2], baseSequence: 6 })).error).toBe('NONE');
});

test('a log that is cut forgets what the producer wrote behind the cut, and its transaction', async () => {
  const broker = await start();
  const idempotent = await init(broker, null);
  await produce(broker, idempotent, { transactionalId: null });
  const producer = await init(broker);
  await produce(broker, producer);
  await produce(broker, idempotent, { transactionalId: null, baseSequence: 1 });
  const { log } = partition(broker);
  expect(log.firstUnstableOffset).toBe(1);
  log.truncateTo(1);
  partition(broker).highWatermark = 1;
  expect(log.firstUnstableOffset).toBe(-1);
  expect(await produce(broker, idempotent, { transactionalId: null, baseSequence: 1 })).toEqual({
    error: 'NONE',
    baseOffset: 1,
  });
});

test('a producer with an open transaction is not forgotten, however long it is silent', async () => {
  const broker = await start();
  const producer = await init(broker);
  await produce(broker, producer);
  partition(broker).log.producers.removeExpired(Number.MAX_SAFE_INTEGER, 1);
  const { topics } = await ask(broker, DescribeProducers, 0, { topics: [{ name: TOPIC, partitionIndexes: [0] }] });
  expect(topics[0].partitions[0].activeProducers).toHaveLength(1);
  expect((await produce(broker, producer, { baseSequence: 1 })).error).toBe('NONE');
});

test('more batches than five under way: the sixth before is out of order, no duplicate', async () => {
  const broker = await start();
  const producer = await init(broker, null);
  const send = (baseSequence: number) => produce(broker, producer, { baseSequence, transactionalId: null });
  for (let at = 0; at < 7; at++) expect((await send(at)).error).toBe('NONE');
  expect(await send(2)).toEqual({ error: 'NONE', baseOffset: 2 });
  expect((await send(1)).error).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
});

test('an end that is repeated is answered as the first time, in version 1 and in version 2', async () => {
  const broker = await start();
  let producer = await init(broker);
  expect(await add(broker, producer)).toBe('NONE');
  for (let time = 0; time < 3; time++) expect((await end(broker, producer, true, 4)).errorCode).toBe(ErrorCode.NONE);
  producer = await init(broker);
  await produce(broker, producer);
  const answers = [await end(broker, producer), await end(broker, producer), await end(broker, producer)];
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]).toMatchObject({ errorCode: ErrorCode.NONE, producerEpoch: producer.producerEpoch + 1 });
});
