/**
 * How brokers in one process come to the records of a partition that another of them led: they share its log, and copy nothing.
 * Brokers for tests do (src/testing/test-log-handover.ts); any other broker leads what its own log directories have.
 */
import type { HostedPartition } from '../cluster/leadership.ts';

/** What only the broker that had the log open knows of it. */
export interface LogState {
  /** Nothing before it has to be checked when the log is opened. */
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
}

export interface LogHandover {
  /**
   * Called by a broker before it opens a log to lead the partition. The broker that has it open closes it, and its folder
   * lies in `directory` then. Null where there is no such log yet. `giveUp` closes it at this broker when another takes it;
   * null where it is not open.
   */
  take(hosted: HostedPartition, directory: string, giveUp: () => LogState | null): LogState | null;
}
