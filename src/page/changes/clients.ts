/** Clients and their transactions ended from the page. */
import * as z from 'zod';
import { InitProducerId } from '../../../protocol/apis/22-init-producer-id.ts';
import { DescribeTransactions } from '../../../protocol/apis/65-describe-transactions.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { systemClock } from '../../platform/clock.ts';
import { ChangeRefused, check, type Hands } from '../hands.ts';
import { change } from './change.ts';

export const disconnect = change(
  'write',
  z.strictObject({
    /** '' for those that have not said any. */
    clientId: z.string(),
    /** From everywhere, unless given. */
    host: z.string().optional(),
  }),
  (hands, { clientId, host }) => {
    hands.checkAltersCluster('to disconnect clients');
    const { listeners } = hands.view;
    let ended = 0;
    listeners.disconnect('somebody disconnected it on the page', (connection) => {
      const isMeant =
        (connection.clientId ?? '') === clientId &&
        (host === undefined || connection.clientHost.replace(/^\//, '') === host);
      if (isMeant) ended++;
      return isMeant;
    });
    if (ended === 0) return Promise.reject(new ChangeRefused(404, `No client '${clientId}' is connected.`));
    const done = ended === 1 ? '1 connection was ended.' : `${ended} connections were ended.`;
    return Promise.resolve({ done: `${done} The client may connect again.` });
  },
);

const AGAIN_MS = 50;
const PATIENCE_MS = 5000;

/** As administrators of Kafka do it: a producer that begins with the id ends what an earlier one has left open. */
export const abortTransaction = change(
  'write',
  z.strictObject({ transactionalId: z.string().min(1) }),
  async (hands, { transactionalId }) => {
    const of = { transactionalId };
    const what = `transaction '${transactionalId}'`;
    const { transactionStates } = await hands.ask(DescribeTransactions, 0, { transactionalIds: [transactionalId] }, of);
    const [{ errorCode, transactionTimeoutMs, transactionState }] = transactionStates;
    check(what, errorCode);
    if (transactionState !== 'Ongoing') {
      throw new ChangeRefused(409, `There is no open ${what} to abort: its state is ${transactionState}.`);
    }
    check(what, await begin(hands, transactionalId, transactionTimeoutMs));
    return { done: `What '${transactionalId}' had open was aborted, and its producer is fenced.` };
  },
);

async function begin(hands: Hands, transactionalId: string, transactionTimeoutMs: number): Promise<number> {
  const until = systemClock.monotonic() + PATIENCE_MS;
  for (;;) {
    const draft = { transactionalId, transactionTimeoutMs };
    const { errorCode } = await hands.ask(InitProducerId, 4, draft, { transactionalId });
    if (errorCode !== ErrorCode.CONCURRENT_TRANSACTIONS || systemClock.monotonic() > until) return errorCode;
    await new Promise<void>((resolve) => void systemClock.after(AGAIN_MS, resolve));
  }
}
