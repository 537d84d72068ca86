/**
 * A batch that waits for its partition to be in the transaction: the coordinator has written that it is, and that is not
 * committed yet. The batch is appended then, and its producer hears what became of it, in the order in which batches came.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { Receipt, type ReceiptIssuer } from './receipt.ts';

export class PendingAdmission implements ReceiptIssuer {
  readonly commitsAtOnce = false;
  readonly #appended: Promise<Receipt>;

  /** The receipt to hold until `append` has given the real one. */
  static receipt(admitted: Promise<number>, append: (errorCode: number) => Receipt): Receipt {
    const pending = new PendingAdmission(admitted.then(append));
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
