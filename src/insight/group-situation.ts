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
  /** The pattern by which it has subscribed, where it has. */
  readonly pattern: string | null;
  /** Whether a connection of its client is open; null where that is not known. */
  readonly isConnected: boolean | null;
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
   * Records that the group has left to read from where it has committed, without markers; without aborted ones, unless it reads
   * what is not committed. Null where that is not known.
   */
  readonly unread: number | null;
  /** Whether a transaction was aborted behind what is committed; null where that is not known. */
  readonly hasAborted: boolean | null;
  /** What members of the group have asked for; null where nothing records that, or none did. */
  readonly fetched: SituatedFetches | null;
  /** The oldest transaction that is open here. */
  readonly openTransaction: OpenTransaction | null;
}

export interface SituatedFetches {
  /** The first offset, and the newest. */
  readonly first: number;
  readonly last: number;
  /** Where the group began to read when it had committed nothing; null where it had, or that is not known. */
  readonly began: number | null;
  /** Whether they read what is not committed, too: isolation.level is read_uncommitted. */
  readonly isUncommitted: boolean;
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
  /** See RebalancePhase; 'unknown' to whoever is told the state of the group alone. */
  readonly phase: 'gathering' | 'joining' | 'assigning' | 'revoking' | 'reconciling' | 'unknown';
  /** Null where it is not known. */
  readonly sinceMs: number | null;
  /** Why it began; null where it is not known. */
  readonly reason: string | null;
  /** Client ids of members that have not done what the phase asks of them. */
  readonly waitingFor: readonly string[];
  /** When the coordinator goes on without them. */
  readonly untilMs: number | null;
}

/** A topic of a name that is nearly another. */
export interface SimilarTopic {
  readonly name: string;
  /** Null where it is not known. */
  readonly records: number | null;
}

/** A client that is made to wait, for it uses more than its quota. */
export interface Throttling {
  readonly clientId: string;
  /** 'consumer_byte_rate', 'request_percentage', … */
  readonly quota: string;
  readonly api: string;
  readonly times: number;
  readonly lastAtMs: number;
  /** Of the last one. */
  readonly throttleTimeMs: number;
}

/** An error that members were told, how often, and that they have not got over. */
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
  /** Client ids that read for the group and are no members: their code assigns the partitions. */
  readonly readers: readonly string[];
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
  /** How many partitions each topic has that members have subscribed to; those are missing that do not exist. */
  readonly topics: ReadonlyMap<string, number>;
  /** Topics with nearly the name of one that is missing or empty. */
  readonly similar: ReadonlyMap<string, readonly SimilarTopic[]>;
  /** Groups with nearly this name, where there is none of this. */
  readonly similarGroups: readonly string[];
  readonly lastDeparture: Departure | null;
  readonly rebalance: Rebalance | null;
  /** Faults and pauses in force that touch the group, in words. */
  readonly hindrances: readonly string[];
  /** Of its members. */
  readonly throttles: readonly Throttling[];
  readonly clockStandsStill: boolean;
  readonly wire: SeenOnWire | null;
}
