/**
 * Makes appends real: they are staged when they are made (one stage for the broker), written once per log when their answers
 * are about to leave, and only then can followers and readers see them. An append that the disk refuses loses its receipt.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { AppendFailedError, AppendStage } from '../log/append-stage.ts';
import { isStorageError } from './storage-error.ts';
import type { Logger } from '../platform/logger.ts';
import type { AppendSink, Partition } from './partition.ts';
import type { Receipt } from './receipt.ts';

export class AppendSettlement implements AppendSink {
  readonly stage = new AppendStage();
  readonly #logger: Logger;
  /** Receipts whose records may only be staged, and their partitions; lists that are used again and again. */
  readonly #receipts: Receipt[] = [];
  readonly #partitions: Partition[] = [];
  #count = 0;
  /** Appended to since the last settle. */
  #touched: Partition[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  note(partition: Partition, receipt: Receipt): void {
    this.#receipts[this.#count] = receipt;
    this.#partitions[this.#count++] = partition;
    if (!partition.isTouched) {
      partition.isTouched = true;
      this.#touched.push(partition);
    }
    const { health } = partition.log;
    if (!health.isRefusing) return;
    // While the disk refuses, each append is written by itself: what there is room for shall not fail with the others.
    this.#write();
    if (receipt.isAppended) health.writeSucceeded();
  }

  /** Writes what was appended and shows it. Receipts of what could not be written tell so. */
  settle(): void {
    if (this.#touched.length === 0) return;
    const touched = this.#touched;
    this.#touched = [];
    this.#write();
    for (const partition of touched) {
      partition.isTouched = false;
      partition.written();
    }
  }

  #write(): void {
    try {
      this.stage.flush();
    } catch (error) {
      if (!(error instanceof AppendFailedError)) throw error;
      this.#lose(error);
    }
    this.#count = 0;
  }

  #lose(error: AppendFailedError): void {
    let errorCode: number = ErrorCode.KAFKA_STORAGE_ERROR;
    if (!isStorageError(error)) {
      errorCode = ErrorCode.UNKNOWN_SERVER_ERROR;
      this.#logger.error('append-failed', { error: (error.cause as Error).stack ?? error.message });
    }
    for (let i = 0; i < this.#count; i++) {
      const [receipt, { log }] = [this.#receipts[i], this.#partitions[i]];
      if (error.logs.includes(log) && receipt.baseOffset >= log.endOffset) receipt.lose(errorCode);
    }
  }
}
