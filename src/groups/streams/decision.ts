/** One decision about a streams group: its moment and limits, and the records and timers it comes to. */
import type { GroupTopics } from '../group-topics.ts';
import type { ModernDecision, ModernLimits } from '../modern/decision.ts';
import type { StreamsRecord } from './records.ts';
import type { ConfiguredTopology } from './topology.ts';

export interface StreamsLimits extends ModernLimits {
  readonly initialRebalanceDelayMs: number;
  readonly standbyReplicas: number;
  readonly taskOffsetIntervalMs: number;
  readonly acceptableRecoveryLag: number;
}

/** One member's life sign, and the time for giving tasks up. */
export type StreamsTimerName = 'session' | 'rebalance';

export interface StreamsDecision extends ModernDecision<StreamsRecord, StreamsTimerName> {
  readonly limits: StreamsLimits;
  /** The topology with the topics as they are now, where it was looked at. */
  configured: ConfiguredTopology | null;
  /** An empty group gets its first members: it is assigned then; null: nothing is said. */
  assignableAtMs: number | null;
  /** Why members wait for their assignment, in Kafka's words; null where they do not. */
  delayed: string | null;
  /** Members' endpoints, or the tasks behind them, have changed. */
  endpointsChanged: boolean;
}

export function newStreamsDecision(nowMs: number, limits: StreamsLimits, topics: GroupTopics): StreamsDecision {
  return {
    nowMs,
    limits,
    topics,
    records: [],
    timers: [],
    looked: false,
    why: null,
    left: [],
    configured: null,
    assignableAtMs: null,
    delayed: null,
    endpointsChanged: false,
  };
}
