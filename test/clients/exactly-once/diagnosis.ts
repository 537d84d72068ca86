/** What brokers say of a chain that hangs, for who looks into it: whether its clients have given up, or a broker keeps them waiting. */
import { DescribeProducers, DescribeTransactions, Metadata } from '../../../protocol/apis/index.ts';
import { ErrorCode, errorName } from '../../../protocol/errors.ts';
import { History } from '../../transactions/history.ts';
import { Reader } from '../../transactions/clients.ts';
import { OUTPUT_PARTITIONS, type Places } from './chain.ts';
import type { TestedBrokers } from './tested-brokers.ts';

/** Requests go to any broker here: one of a few tries meets the one that knows. */
const TRIES = 30;

export async function diagnose(brokers: TestedBrokers, places: Places): Promise<string[]> {
  const { output, transactionalId } = places;
  const partitions = Array.from({ length: OUTPUT_PARTITIONS }, (_, index) => describePartition(brokers, output, index));
  return [await describeTransaction(brokers, transactionalId), ...(await Promise.all(partitions))];
}

async function describeTransaction(brokers: TestedBrokers, transactionalId: string): Promise<string> {
  const found = await known(
    () => brokers.send(DescribeTransactions, 0, { transactionalIds: [transactionalId] }),
    ({ transactionStates: [{ errorCode }] }) => errorCode,
  );
  if (found === null) return `nobody describes ${transactionalId}`;
  const [{ errorCode, transactionState, transactionStartTimeMs, producerId, producerEpoch, topics }] =
    found.transactionStates;
  const openMs = transactionStartTimeMs < 0 ? 0 : Date.now() - transactionStartTimeMs;
  const where = topics.map(({ topic, partitions }) => `${topic}-${partitions.join('+')}`).join(' ');
  return `${transactionalId}: ${errorName(errorCode)} ${transactionState} for ${openMs} ms, producer ${producerId} of epoch ${producerEpoch}, in ${where || 'no partition'}`;
}

async function describePartition(brokers: TestedBrokers, topic: string, index: number): Promise<string> {
  const reader = new Reader(brokers, new History(), topic, index);
  while (await reader.poll());
  const { topics } = await brokers.send(Metadata, 12, { topics: [{ name: topic }], allowAutoTopicCreation: false });
  const state = topics[0].partitions.find(({ partitionIndex }) => partitionIndex === index);
  const asked = { topics: [{ name: topic, partitionIndexes: [index] }] };
  const found = await known(
    () => brokers.send(DescribeProducers, 0, asked),
    ({
      topics: [
        {
          partitions: [each],
        },
      ],
    }) => each.errorCode,
  );
  const open = found?.topics[0].partitions[0].activeProducers.filter((each) => each.currentTxnStartOffset >= 0) ?? [];
  const producers = open.map(
    ({ producerId, producerEpoch, currentTxnStartOffset }) =>
      `${producerId} of epoch ${producerEpoch} from ${currentTxnStartOffset}`,
  );
  return (
    `${topic}-${index}: leader ${state?.leaderId} epoch ${state?.leaderEpoch} in sync ${state?.isrNodes.join('+')}, stable up to ` +
    `${reader.lastStableOffset} of ${reader.highWatermark}, open: ${producers.join(', ') || 'nobody'}`
  );
}

async function known<T>(ask: () => Promise<T>, errorOf: (answer: T) => number): Promise<T | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const answer = await ask();
    if (errorOf(answer) === ErrorCode.NONE) return answer;
  }
  return null;
}
