import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { appendProduced, type Admit } from '../../src/partitions/append.ts';
import type { Receipt } from '../../src/partitions/receipt.ts';
import { nextTurn } from '../../src/platform/clock.ts';
import { PartitionsFixture, topicId } from './partitions-fixture.ts';

/** A partition whose producer's transaction the coordinator has still to commit. */
class Setting {
  readonly fixture = new PartitionsFixture();
  readonly partition = this.fixture.apply('t', topicId(0)).partitions[0]!;
  admit!: (errorCode: number) => void;
  readonly admitted = new Promise<number>((resolve) => (this.admit = resolve));
  /** What the coordinator's asker calls before it asks once more. */
  askedAgain!: () => void;

  produce(baseSequence: number): Receipt {
    const records = [{ key: null, value: Buffer.from(`${baseSequence}`), timestamp: 1 }];
    const bytes = encodeBatch({ records, producerId: 5, producerEpoch: 0, baseSequence, isTransactional: true });
    const admit: Admit = (_partition, _producerId, _producerEpoch, askedAgain) => {
      this.askedAgain = askedAgain;
      return this.admitted;
    };
    const options = { apiVersion: 12, isAcksAll: true, nowMs: 1, admit };
    const receipt = appendProduced(this.fixture.partitions, this.partition, bytes, 0, bytes.length, options);
    bytes.fill(0); // the request's bytes die with the call
    this.fixture.partitions.settle();
    return receipt;
  }
}

test('a batch is appended once its partition is in the transaction, behind those that came before it', async () => {
  const setting = new Setting();
  const receipts = [setting.produce(0), setting.produce(1)];
  const outcomes = receipts.map(async (receipt) => receipt.issuer!.committed(receipt, 1000));
  await nextTurn();
  expect(setting.partition.endOffset).toBe(0);
  expect(receipts.map((receipt) => receipt.issuer!.commitsAtOnce)).toEqual([false, false]);
  setting.admit(ErrorCode.NONE);
  expect(await Promise.all(outcomes)).toEqual([ErrorCode.NONE, ErrorCode.NONE]);
  expect(receipts.map(({ baseOffset }) => baseOffset)).toEqual([0, 1]);
  expect(setting.partition.endOffset).toBe(2);
  expect(setting.partition.hasOpenTransaction(5, 0)).toBe(true);
  setting.fixture.close();
});

test('a batch whose partition does not come into the transaction is refused, and not appended', async () => {
  const setting = new Setting();
  const receipt = setting.produce(0);
  setting.admit(ErrorCode.INVALID_PRODUCER_EPOCH);
  expect(await receipt.issuer!.committed(receipt, 1000)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
  expect(setting.partition.endOffset).toBe(0);
  setting.fixture.close();
});

test('a batch that waits when its topic is deleted is told so', async () => {
  const setting = new Setting();
  const receipt = setting.produce(0);
  for (const _ of setting.fixture.partitions.delete(topicId(0)));
  setting.admit(ErrorCode.NONE);
  expect(await receipt.issuer!.committed(receipt, 1000)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
});

test('a batch whose transaction has ended while it was admitted would begin one that stays open: it is refused', async () => {
  const setting = new Setting();
  const receipt = setting.produce(0);
  const end = { producerId: 5, producerEpoch: 0, committed: false, coordinatorEpoch: 0 };
  setting.partition.appendMarker({ ...end, transactionVersion: 0, timestamp: 1 });
  setting.admit(ErrorCode.NONE);
  expect(await receipt.issuer!.committed(receipt, 1000)).toBe(ErrorCode.INVALID_TXN_STATE);
  expect(setting.partition.endOffset).toBe(1);
  setting.fixture.close();
});

test('a batch that waits for the marker of the transaction before begins the next one behind it', async () => {
  const setting = new Setting();
  const receipt = setting.produce(0);
  const before = { producerId: 5, producerEpoch: 0, committed: true, coordinatorEpoch: 0 };
  setting.partition.appendMarker({ ...before, transactionVersion: 0, timestamp: 1 });
  setting.askedAgain(); // as it was refused with CONCURRENT_TRANSACTIONS
  setting.admit(ErrorCode.NONE);
  expect(await receipt.issuer!.committed(receipt, 1000)).toBe(ErrorCode.NONE);
  expect(receipt.baseOffset).toBe(1);
  expect(setting.partition.hasOpenTransaction(5, 0)).toBe(true);
  setting.fixture.close();
});

test('a batch that was admitted under another leader is not appended', async () => {
  const setting = new Setting();
  const receipt = setting.produce(0);
  const { leaderEpoch } = setting.partition;
  setting.partition.lead({ leaderEpoch: leaderEpoch + 1, replicas: 1, inSyncReplicas: 1 });
  setting.admit(ErrorCode.NONE);
  expect(await receipt.issuer!.committed(receipt, 1000)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  expect(setting.partition.endOffset).toBe(0);
  setting.fixture.close();
});
