import { setTimeout as wait } from 'node:timers/promises';
import {
  DescribeTransactions,
  FindCoordinator,
  Heartbeat,
  InitProducerId,
  ReadShareGroupStateSummary,
} from '../../protocol/apis/index.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';

const SHARE = 2;
const SOME_TOPIC = 'AAAAAAAAAAAAAAAAAAAACg';
const NOT_YET: ReadonlySet<number> = new Set([
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
]);
const GROUPS = Array.from({ length: 300 }, (_, at) => `warm-up-${at}`);

/**
 * Waits until the broker coordinates groups, transactions and the state of share groups on every partition of their topics, and
 * hands out producer ids.
 */
export async function warmUp(bootstrap: string): Promise<void> {
  const [host, port] = bootstrap.split(':');
  const client = await connect({ host, port: Number(port) });
  const beat = { generationId: 1, memberId: 'nobody' };
  const ask = (groupId: string) => client.send(Heartbeat, 4, { groupId, ...beat });
  await until(async () => (await client.send(FindCoordinator, 0, { key: GROUPS[0] })).errorCode === 0);
  for (const groupId of GROUPS) {
    await until(async () => (await ask(groupId)).errorCode === ErrorCode.UNKNOWN_MEMBER_ID);
  }
  const producer = { transactionalId: null, transactionTimeoutMs: 1000 };
  await until(async () => (await client.send(InitProducerId, 5, producer)).errorCode === 0);
  await until(
    async () =>
      (await client.send(FindCoordinator, 4, { keyType: 1, coordinatorKeys: GROUPS })).coordinators[0].errorCode === 0,
  );
  await until(async () => {
    const { transactionStates } = await client.send(DescribeTransactions, 0, { transactionalIds: GROUPS });
    return transactionStates.every(({ errorCode }) => errorCode === ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
  });
  await warmUpShareState(client);
  await client.close();
}

async function warmUpShareState(client: Client): Promise<void> {
  const keys = GROUPS.map((groupId) => `${groupId}:${SOME_TOPIC}:0`);
  await until(async () => {
    const { coordinators } = await client.send(FindCoordinator, 6, { keyType: SHARE, coordinatorKeys: keys });
    return coordinators[0].errorCode === ErrorCode.NONE;
  });
  const topics = [{ topicId: SOME_TOPIC, partitions: [{ partition: 0, leaderEpoch: -1 }] }];
  for (const groupId of GROUPS) {
    await until(async () => {
      const { results } = await client.send(ReadShareGroupStateSummary, 0, { groupId, topics });
      return !NOT_YET.has(results[0].partitions[0].errorCode);
    });
  }
}

/** Asks again until it is so; a minute at most. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; !(await isSo()); turn++) {
    if (turn > 1200) throw new Error(`still not so after a minute: ${isSo.toString()}`);
    await wait(turn < 10 ? 5 : 50);
  }
}
