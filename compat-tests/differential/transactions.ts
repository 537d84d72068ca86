/** What the cases of transactions begin with: producers with a transactional id, and what they have done so far. */
import {
  AddPartitionsToTxn,
  DescribeTransactions,
  EndTxn,
  Fetch,
  InitProducerId,
  Produce,
} from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { Fields } from '../../protocol/schema.ts';
import { plain } from './records.ts';
import type { Side, Topic } from './side.ts';
import { until } from './warm-up.ts';

export interface Transactor {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** The last version of AddPartitionsToTxn for clients that do not know of transactions of version 2. */
const ADD_V1 = 3;
const ADD_V2 = 5;

/** A new instance of a client. */
export async function transactor<Q extends Fields, S extends Fields>(
  side: Side<Q, S>,
  word = 'id',
  transactionTimeoutMs = 60_000,
): Promise<Transactor> {
  const transactionalId = side.name(word);
  let self = { producerId: -1, producerEpoch: -1 };
  await until(async () => {
    const answer = await side.send(InitProducerId, { transactionalId, transactionTimeoutMs });
    self = { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
    return answer.errorCode === ErrorCode.NONE;
  });
  side.knowProducer(self.producerId);
  return { transactionalId, ...self };
}

/** Takes partitions into its transaction as a client of version 1 or 2 would. */
export async function begin<Q extends Fields, S extends Fields>(
  side: Side<Q, S>,
  { transactionalId, producerId, producerEpoch }: Transactor,
  { name }: Topic,
  version: 1 | 2 = 2,
  partitions: readonly number[] = [0],
): Promise<void> {
  const topics = [{ name, partitions: [...partitions] }];
  if (version === 1) {
    await side.askOf(AddPartitionsToTxn, ADD_V1, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: topics,
    });
  } else {
    await side.askOf(AddPartitionsToTxn, ADD_V2, {
      transactions: [{ transactionalId, producerId, producerEpoch, topics }],
    });
  }
}

/** One batch of two records. */
export async function write<Q extends Fields, S extends Fields>(
  side: Side<Q, S>,
  { transactionalId, producerId, producerEpoch }: Transactor,
  topic: Topic,
  { baseSequence = 0, version = 12, index = 0 } = {},
): Promise<void> {
  const records = encodeBatch({ ...plain(side, 2), producerId, producerEpoch, baseSequence, isTransactional: true });
  await side.askOf(Produce, version, {
    transactionalId,
    acks: -1,
    timeoutMs: 10_000,
    topicData: [{ name: topic.name, partitionData: [{ index, records }] }],
  });
}

/** Ends a transaction, waits until it is over, and answers with whom it goes on. */
export async function end<Q extends Fields, S extends Fields>(
  side: Side<Q, S>,
  self: Transactor,
  committed = true,
  version: 1 | 2 = 2,
): Promise<Transactor> {
  const answer = await side.askOf(EndTxn, version === 1 ? 4 : 5, { ...self, committed });
  await over(side, self.transactionalId);
  if (version === 1 || answer === null || answer.errorCode !== ErrorCode.NONE) return self;
  return { ...self, producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}

/** Waits until all markers of an ended transaction are written. */
export async function over<Q extends Fields, S extends Fields>(
  side: Side<Q, S>,
  transactionalId: string,
): Promise<void> {
  await until(async () => {
    const { transactionStates } = await side.send(DescribeTransactions, { transactionalIds: [transactionalId] });
    return !transactionStates[0].transactionState.startsWith('Prepare');
  });
}

/** Compares what DescribeTransactions says of it. */
export async function described<Q extends Fields, S extends Fields>(
  side: Side<Q, S>,
  { transactionalId }: Pick<Transactor, 'transactionalId'>,
): Promise<void> {
  await side.askOf(DescribeTransactions, 0, { transactionalIds: [transactionalId] });
}

/** Compares all that a partition holds, markers too, and what readers of committed records are told. */
export async function contents<Q extends Fields, S extends Fields>(
  side: Side<Q, S>,
  { name }: Topic,
  partition = 0,
): Promise<void> {
  for (const isolationLevel of [0, 1]) {
    await side.askOf(Fetch, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      isolationLevel,
      topics: [{ topic: name, partitions: [{ partition, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
    });
  }
}
