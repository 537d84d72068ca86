/** One decision about a share group: its moment and limits, and the records, timers and states it comes to. */
import type { GroupTopics } from '../group-topics.ts';
import type { ModernDecision, ModernLimits } from '../modern/decision.ts';
import type { ShareRecord } from './records.ts';

export interface ShareLimits extends ModernLimits {
  /** group.share.initialize.retry.interval.ms */
  readonly initializeRetryIntervalMs: number;
}

/** One member's life sign. */
export type ShareTimerName = 'session';

export interface InitializedPartition {
  readonly topicId: string;
  readonly partition: number;
  /** -1: where share.auto.offset.reset says. */
  readonly startOffset: number;
}

export interface ShareDecision extends ModernDecision<ShareRecord, ShareTimerName> {
  readonly limits: ShareLimits;
  /** The share coordinator is asked for the state of these once the records are written. */
  readonly initialize: InitializedPartition[];
  /** The group has looked at which of its partitions have state. */
  lookedAtState: boolean;
}

export function newShareDecision(nowMs: number, limits: ShareLimits, topics: GroupTopics): ShareDecision {
  return {
    nowMs,
    limits,
    topics,
    records: [],
    timers: [],
    initialize: [],
    looked: false,
    lookedAtState: false,
    why: null,
    left: [],
  };
}
