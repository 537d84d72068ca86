/** Consumer groups as a test asks about them: state, members and what is theirs, committed offsets, lag. */

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface GroupMember {
  readonly memberId: string;
  /** group.instance.id of a static member. */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** The partitions that are its own; [] for what no consumer made. */
  readonly assignment: readonly TopicPartition[];
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: number;
  readonly metadata: string;
}

/** 'Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable', 'Dead'; of the consumer protocol also 'Assigning', 'Reconciling', of streams groups also 'NotReady'. */
export type GroupState =
  'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead' | 'Assigning' | 'Reconciling' | 'NotReady';

export const GROUP_STATES: readonly GroupState[] = [
  'Empty',
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
  'Dead',
  'Assigning',
  'Reconciling',
  'NotReady',
];

export interface Group {
  readonly id: string;
  /** 'Dead' for a group that there is not. */
  readonly state: GroupState;
  /** 'classic', 'consumer' (KIP-848), …; null for a group that there is not. */
  readonly type: string | null;
  readonly members: readonly GroupMember[];
  readonly offsets: readonly CommittedOffset[];
  /** Records that are left to read in the partitions committed or assigned; null where there are neither. */
  readonly lag: number | null;
}
