/**
 * The state of share partitions as those see it who keep it there (KIP-932's persister): their leaders, and groups. At another broker
 * of a cluster the calls are requests (APIs 83 to 87), see src/peers/share-state-requests.ts.
 *
 * A call takes partitions of one group, and answers as many results in the same order, each with its own error code: NONE,
 * NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, UNKNOWN_TOPIC_OR_PARTITION, INVALID_REQUEST,
 * FENCED_STATE_EPOCH, FENCED_LEADER_EPOCH. What changes the state is committed when the answer is there. Never rejects.
 */
import type { Answer } from '../coordination/answers.ts';

export interface StatePartitionId {
  readonly topicId: string;
  readonly partition: number;
}

/** Offsets in one state; both ends are part of it. */
export interface StateBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** 0 available, 2 acknowledged, 3 archiving, 4 archived. */
  readonly deliveryState: number;
  readonly deliveryCount: number;
}

export interface StateResult {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface InitializeState extends StatePartitionId {
  /** Grows with each initialisation; a lower one is FENCED_STATE_EPOCH. */
  readonly stateEpoch: number;
  /** -1: where share.auto.offset.reset says, at the first fetch. */
  readonly startOffset: number;
}

export interface ReadState extends StatePartitionId {
  /** Of the partition's leader; -1: nobody's. */
  readonly leaderEpoch: number;
}

export interface WriteState extends StatePartitionId {
  readonly stateEpoch: number;
  readonly leaderEpoch: number;
  /** -1: unchanged. */
  readonly startOffset: number;
  /** How many offsets from the start on are finished; -1: unknown. */
  readonly deliveryCompleteCount: number;
  readonly stateBatches: readonly StateBatch[];
}

export interface StateRead extends StateResult {
  readonly stateEpoch: number;
  /** -1: not known yet. */
  readonly startOffset: number;
  readonly stateBatches: readonly StateBatch[];
}

export interface StateSummary extends StateResult {
  readonly stateEpoch: number;
  readonly leaderEpoch: number;
  /** -1: not known yet, or no state at all (then the state epoch is 0). */
  readonly startOffset: number;
  /** -1: unknown. */
  readonly deliveryCompleteCount: number;
}

export interface ShareState {
  initialize(groupId: string, partitions: readonly InitializeState[]): Answer<readonly StateResult[]>;
  read(groupId: string, partitions: readonly ReadState[]): Answer<readonly StateRead[]>;
  write(groupId: string, partitions: readonly WriteState[]): Answer<readonly StateResult[]>;
  delete(groupId: string, partitions: readonly StatePartitionId[]): Answer<readonly StateResult[]>;
  readSummary(groupId: string, partitions: readonly ReadState[]): Answer<readonly StateSummary[]>;
}
