/** What happens to one batch of a produce request on its way into a partition's log. */
import { ErrorCode } from '../../protocol/errors.ts';
import * as batch from '../../protocol/records/batch.ts';
import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';

export interface RecordError {
  readonly batchIndex: number;
  readonly message: string | null;
}

/** As Produce's response has it. There is one for all appends: read it before the next. */
export interface AppendResult {
  errorCode: number;
  baseOffset: number;
  /** -1 unless the topic stamps with LogAppendTime. */
  logAppendTimeMs: number;
  logStartOffset: number;
  recordErrors: readonly RecordError[];
  errorMessage: string | null;
}
