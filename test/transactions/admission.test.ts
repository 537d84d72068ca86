import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { TransactionAdmission, type AdmittedProducer } from '../../src/transactions/admission.ts';

const PARTITION = { topic: 't', partition: 0 };
const PRODUCER = { producerId: 1, producerEpoch: 0 };

class Setting {
  readonly clock = new VirtualClock();
  readonly asked: AdmittedProducer[] = [];
  answers: number[] = [];
  askedAgain = 0;
  isVerifying = true;
  readonly admission = new TransactionAdmission({
    clock: this.clock,
    config: () => ({
      'add.partitions.to.txn.retry.backoff.ms': 20,
      'add.partitions.to.txn.retry.backoff.max.ms': 100,
      'transaction.partition.verification.enable': this.isVerifying,
    }),
    ask: (producer) => {
      this.asked.push(producer);
      return this.answers.length > 1 ? this.answers.shift()! : this.answers[0];
    },
  });

  admit(clientVersion: number) {
    return this.admission.admit('id', PRODUCER, PARTITION, clientVersion, () => this.askedAgain++);
  }
}

test('a client of version 2 takes its partition into the transaction, at once where the coordinator answers at once', () => {
  const setting = new Setting();
  setting.answers = [ErrorCode.NONE];
  expect(setting.admit(2)).toBe(ErrorCode.NONE);
  expect(setting.asked).toEqual([{ transactionalId: 'id', ...PRODUCER, verifyOnly: false }]);
});

test('an older client must have done so, unless nobody is to look', () => {
  const setting = new Setting();
  setting.answers = [ErrorCode.TRANSACTION_ABORTABLE];
  expect(setting.admit(0)).toBe(ErrorCode.TRANSACTION_ABORTABLE);
  expect(setting.asked).toEqual([{ transactionalId: 'id', ...PRODUCER, verifyOnly: true }]);
  setting.isVerifying = false;
  expect(setting.admit(0)).toBe(ErrorCode.NONE);
});

test('where the transaction before is being ended yet, the coordinator is asked again', async () => {
  const setting = new Setting();
  setting.answers = [ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.NONE];
  const admitted = setting.admit(2);
  await setting.clock.advance(40);
  expect(await admitted).toBe(ErrorCode.NONE);
  expect(setting.asked).toHaveLength(3);
  expect(setting.askedAgain).toBe(2);
});

test('but not for longer than it may take', async () => {
  const setting = new Setting();
  setting.answers = [ErrorCode.CONCURRENT_TRANSACTIONS];
  const admitted = setting.admit(2);
  await setting.clock.advance(200);
  expect(await admitted).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
  expect(setting.asked).toHaveLength(6);
});
