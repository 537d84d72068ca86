/** Transactions that all time out in the same second. */
import { setTimeout as wait } from 'node:timers/promises';
import { InitProducerId } from '../../../protocol/apis/22-init-producer-id.ts';
import { AddPartitionsToTxn } from '../../../protocol/apis/24-add-partitions-to-txn.ts';
import { ListTransactions } from '../../../protocol/apis/66-list-transactions.ts';
import type { Client } from '../../../protocol/client.ts';
import { createTopic } from '../../running-broker.ts';
import { coordinatorIsThere, CoordinatorType } from '../coordinator.ts';
import type { Input, Target } from '../input.ts';

const TRANSACTIONS = 2_000;
const PARTITIONS = 100;
const TIMEOUT_MS = 3_000;
const AT_A_TIME = 50;
/** COORDINATOR_LOAD_IN_PROGRESS and NOT_COORDINATOR, after a restart. */
const NOT_YET = new Set([14, 16]);
const LOOK_MS = 50;

async function begin(client: Client, transactionalId: string, until: number): Promise<void> {
  const init = () =>
    client.send(InitProducerId, 4, {
      transactionalId,
      transactionTimeoutMs: Math.max(1, Math.ceil(until - performance.now())),
      producerId: -1,
      producerEpoch: -1,
    });
  let producer = await init();
  for (; NOT_YET.has(producer.errorCode); producer = await init()) await wait(LOOK_MS);
  if (producer.errorCode !== 0) throw new Error(`InitProducerId answered ${producer.errorCode}`);
  await client.send(AddPartitionsToTxn, 3, {
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producer.producerId,
    v3AndBelowProducerEpoch: producer.producerEpoch,
    v3AndBelowTopics: [{ name: 'ended', partitions: Array.from({ length: PARTITIONS }, (_, index) => index) }],
  });
}

async function timeOutTogether(target: Target): Promise<void> {
  const client = await target.connect();
  const until = performance.now() + TIMEOUT_MS;
  for (let from = 0; from < TRANSACTIONS; from += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, (_, at) => begin(client, `id-${from + at}`, until)));
  }
  for (;;) {
    const { transactionStates } = await client.send(ListTransactions, 1, {
      stateFilters: ['Ongoing', 'PrepareAbort'],
      producerIdFilters: [],
      durationFilter: -1,
    });
    if (transactionStates.length === 0) return;
    await wait(LOOK_MS);
  }
}

export const transactionTimeouts: readonly Input[] = [
  {
    name: 'transaction-timeouts',
    what: `${TRANSACTIONS} transactions of ${PARTITIONS} partitions time out together`,
    settings: {
      'transaction.state.log.num.partitions': '4',
      'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
    },
    async prepare(target) {
      await createTopic(await target.connect(), 'ended', PARTITIONS);
      await coordinatorIsThere(target, CoordinatorType.transaction);
    },
    // A hundred logs and more are synced one after the other.
    limits: { stopMs: 5_000 },
    run: timeOutTogether,
  },
];
