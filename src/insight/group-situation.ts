/**
 * What is known of a group at one moment, as plain data: a broker in this process, a client over the wire and a report of a
 * failed test fill it alike. What whoever looks cannot know is null, or an empty list.
 */

export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

export interface SituatedMember {
  readonly memberId: string;
  readonly clientId: string;
  /** The topics that it has subscribed to; null where it does not tell. */
  readonly subscribed: readonly string[] | null;
  readonly assigned: readonly PartitionName[];
  /** What it is to own once others have given it up (KIP-848); null in groups where nothing is given up that way. */
  readonly target: readonly PartitionName[] | null;
}

/** A partition that the group is assigned or has committed, and those of the topics that it has subscribed to. */
export interface SituatedPartition extends PartitionName {
  readonly start: number;
  /** Where the last stable offset is: what read_committed readers read up to. */
  readonly stable: number;
  /** The high watermark: what all others read up to. */
  readonly end: number;
  readonly committed: number | null;
  /**
   * Records that the group has left to read from where it has committed, without markers and aborted ones; null where that is
   * not known.
   */
  readonly unread: number | null;
  /** The oldest transaction that is open here. */
  readonly openTransaction: OpenTransaction | null;
}

export interface OpenTransaction {
  /** Null where it is not known. */
  readonly transactionalId: string | null;
  /** Null where it is not known. */
  readonly producerId: number | null;
  readonly firstOffset: number;
  /** Since when; null where it is not known. */
  readonly sinceMs: number | null;
}

/** A member that left, or was removed. */
export interface Departure {
  readonly clientId: string;
  readonly atMs: number;
  /** 'it left', 'it was not heard of for 45 s', … */
  readonly reason: string;
}

export interface Rebalance {
  readonly sinceMs: number;
  /** Client ids of members that have not joined again. */
  readonly waitingFor: readonly string[];
  /** When the coordinator gives them up. */
  readonly untilMs: number | null;
}

/** An error that members were told, and how often. */
export interface RepeatedError {
  readonly error: string;
  readonly api: string;
  /** 'orders[0]', a group, or '' */
  readonly about: string;
  readonly clientId: string;
  readonly times: number;
  readonly lastAtMs: number;
}

/** What members were seen doing on the wire; null where nothing records it. */
export interface SeenOnWire {
  /** By client id: since when it has been a member, as far back as is recorded. */
  readonly sinceMs: ReadonlyMap<string, number>;
  /** By client id: when it last asked for records, null for never. */
  readonly lastFetchMs: ReadonlyMap<string, number | null>;
  /** By client id: when it last told that it lives. */
  readonly lastHeartbeatMs: ReadonlyMap<string, number | null>;
  readonly errors: readonly RepeatedError[];
  /** Clients that asked for metadata or a coordinator and never came back, with what they were told to connect to. */
  readonly lostAfterMetadata: readonly { readonly clientId: string; readonly toldAddress: string }[];
}

export interface GroupSituation {
  readonly nowMs: number;
  readonly id: string;
  /** 'classic', 'consumer', 'share', 'streams'; null where there is no such group. */
  readonly type: string | null;
  /** As Kafka names it: 'Stable', 'Empty', 'PreparingRebalance', … */
  readonly state: string;
  readonly members: readonly SituatedMember[];
  readonly partitions: readonly SituatedPartition[];
  /** How many partitions each topic that exists has. */
  readonly topics: ReadonlyMap<string, number>;
  readonly lastDeparture: Departure | null;
  readonly rebalance: Rebalance | null;
  /** Faults, pauses and quotas in force that touch the group, in words. */
  readonly hindrances: readonly string[];
  readonly clockStandsStill: boolean;
  readonly wire: SeenOnWire | null;
}
