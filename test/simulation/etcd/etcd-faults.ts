/** What of its requests and events a simulated etcd loses. */

export interface EtcdFaults {
  /** Share of writes whose answer is lost although they happen. */
  readonly lostResponses: number;
  /** Share of writes that never happen, and are not answered. */
  readonly lostRequests: number;
  /** Share of writes that happen long after their caller has given up. */
  readonly lateRequests: number;
  /** Share of events that a watch does not tell. */
  readonly lostEvents: number;
}

export const NO_FAULTS: EtcdFaults = { lostResponses: 0, lostRequests: 0, lateRequests: 0, lostEvents: 0 };
