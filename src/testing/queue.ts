/** A share group's queue as a test asks about it: members, and per partition what is done, what is in flight, what waits. */
import type { Group, TopicPartition } from './group.ts';

/** available: it was handed out before, and waits for its next turn. archiving: its dead letter is being written. */
export type InFlightState = 'available' | 'acquired' | 'archiving';

/** A record between the start of its partition and the end of what was handed out, and not finished. */
export interface InFlightRecord extends TopicPartition {
  readonly offset: number;
  readonly state: InFlightState;
  /** Who holds it; null unless it is acquired. */
  readonly memberId: string | null;
  readonly clientId: string | null;
  /** How often it was handed out. */
  readonly deliveries: number;
  /** When its lock runs out, milliseconds since 1970; null unless it is acquired. */
  readonly lockedUntil: number | null;
  /** When it is offered again, milliseconds since 1970; null where that is now, or not to be. */
  readonly availableAt: number | null;
}

export interface QueuePartition extends TopicPartition {
  /** All before it is finished; null where the group has not begun to read. */
  readonly start: number | null;
  /** Where the partition ends. */
  readonly end: number;
  /** Records that are not finished; null where that is unknown. */
  readonly backlog: number | null;
  readonly inFlight: readonly InFlightRecord[];
}

/** Records that clients were told about, of one partition; both ends are part of it. */
export interface OffsetRange extends TopicPartition {
  readonly first: number;
  readonly last: number;
}

export interface DeliveredRange extends OffsetRange {
  readonly deliveries: number;
  readonly memberId: string;
}

/** Which records in flight are meant; all that is said must hold. */
export interface InFlightFilter {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly memberId?: string;
  readonly clientId?: string;
}

export interface Queue extends Pick<Group, 'id' | 'state' | 'members'> {
  readonly partitions: readonly QueuePartition[];
  /** Of all partitions together; null where one is unknown. */
  readonly backlog: number | null;
  /** Records that members hold. */
  readonly inFlight: number;
  /** What members have accepted since the broker was started or reset, in order. */
  readonly acknowledged: readonly OffsetRange[];
  /** What was handed out, in order, each time anew. */
  readonly delivered: readonly DeliveredRange[];
  /** Ends the locks of records now, as if their time were up. Answers how many. */
  expireLocks(filter?: InFlightFilter): number;
  /** Takes records back from their members, as if these had released them. Answers how many. */
  release(filter?: InFlightFilter): number;
  /** Produces the dead letters in this topic again to where they came from. Answers how many. */
  redrive(topic: string): Promise<number>;
}
