/** How far a rebalance that is under way has come, for people. */

/**
 * gathering: an empty group waits a little for more members (group.initial.rebalance.delay.ms). joining: members are to join again.
 * assigning: all have joined, and the assignment is being made. revoking: members are to give partitions up (KIP-848).
 * reconciling: members are to learn of their assignment (KIP-848).
 */
export type RebalancePhase = 'gathering' | 'joining' | 'assigning' | 'revoking' | 'reconciling';

export interface RebalanceProgress {
  readonly phase: RebalancePhase;
  /** When this phase began, milliseconds since 1970; null where the group does not know. */
  readonly sinceMs: number | null;
  /** When the coordinator goes on without whom it waits for, milliseconds since 1970; null for never. */
  readonly untilMs: number | null;
  readonly waitingFor: readonly { readonly memberId: string; readonly clientId: string }[];
}
