/** What a test left behind. */
export interface StopReport {
  /** A sentence each: consumers and producers left open, group members that never left, transactions never ended. */
  readonly leaks: readonly string[];
  /** A sentence each: faults that never struck. */
  readonly unusedFaults: readonly string[];
  /** A sentence each: waits that no test awaited. */
  readonly forgottenWaits: readonly string[];
}

/** What happens to a report that has something to say: a warning on stderr, an error from `stop()`, nothing, or your own. */
export type Leftovers = 'warn' | 'throw' | 'ignore' | ((report: StopReport) => void);
