/**
 * A batch that waits before it can be appended: for its partition to be in the transaction, which the coordinator has written and
 * not committed yet, or for a validation that takes long. Its producer hears then what became of it, in the order in which batches came.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { Receipt, type ReceiptIssuer } from './receipt.ts';

export class PendingAppend implements ReceiptIssuer {
  readonly commitsAtOnce = false;
  readonly #appended: Promise<Receipt>;

  /** The receipt to hold until `append` has given the real one. */
  static receipt<T>(awaited: Promise<T>, append: (value: T) => Receipt): Receipt {
    const pending = new PendingAppend(awaited.then(append));
    return new Receipt(pending, ErrorCode.NONE, -1, -1, -1, -1, -1);
  }

  constructor(appended: Promise<Receipt>) {
    this.#appended = appended;
    appended.catch(() => {}); // a producer with acks=0 does not ask
  }

  flushed(receipt: Receipt): Promise<number> {
    return this.#outcome(receipt, (issuer, appended) => issuer.flushed(appended));
  }

  committed(receipt: Receipt, timeoutMs: number): Promise<number> {
    return this.#outcome(receipt, (issuer, appended) => issuer.committed(appended, timeoutMs));
  }

  async #outcome(
    receipt: Receipt,
    ask: (issuer: ReceiptIssuer, appended: Receipt) => number | Promise<number>,
  ): Promise<number> {
    const appended = await this.#appended;
    receipt.takeOver(appended);
    return appended.issuer === null ? appended.errorCode : ask(appended.issuer, appended);
  }
}
