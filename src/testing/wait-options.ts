/** What a test may say of that for which it waits. */
import type { Duration } from './duration.ts';
import type { GroupState } from './group.ts';
import type { AnyJson, Headers, TestMessage } from './message.ts';

export type Isolation = 'read_committed' | 'read_uncommitted';

export interface WaitOptions {
  /** How long at most, in real time; 4 seconds unless given. */
  readonly timeout?: Duration;
}

export type MessagePredicate<Value = AnyJson, OwnHeaders = Headers> = (
  message: TestMessage<Value, OwnHeaders>,
  index: number,
  all: readonly TestMessage<Value, OwnHeaders>[],
) => boolean;

export interface MessageWaitOptions<Value = AnyJson, OwnHeaders = Headers> extends WaitOptions {
  /** Counts the messages that it says yes to, and answers those alone. */
  readonly where?: (message: TestMessage<Value, OwnHeaders>) => boolean;
  readonly isolation?: Isolation;
}

export type QueueMessagesOptions<Value = AnyJson, OwnHeaders = Headers> = Omit<
  MessageWaitOptions<Value, OwnHeaders>,
  'isolation'
>;

export interface NoMessagesOptions<Value = AnyJson, OwnHeaders = Headers> {
  /** For how long none must come, in real time; 500 ms unless given. */
  readonly within?: Duration;
  /** Only messages that it says yes to. */
  readonly where?: (message: TestMessage<Value, OwnHeaders>) => boolean;
  readonly isolation?: Isolation;
}

/** All that is said must hold. */
export interface ExpectedGroup {
  readonly state?: GroupState;
  /** How many members. */
  readonly members?: number;
  /** How many partitions its members have together. */
  readonly assigned?: number;
}

export interface ExpectedCommit {
  readonly topic?: string;
  readonly partition?: number;
  /** The offset committed, or a later one. */
  readonly offset?: number;
}

/** All that is said must hold. */
export interface ExpectedDelivery {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  /** So often, or more often; once unless given. */
  readonly deliveries?: number;
}

/** All that is said must hold. */
export interface ExpectedQueue {
  /** Records that are not finished. */
  readonly backlog?: number;
  /** Records that members hold. */
  readonly inFlight?: number;
  readonly members?: number;
}

/** Node ids, in any order; or how many. */
export type ExpectedIsr = number | readonly number[];

export interface IdleOptions extends WaitOptions {
  /** For how long nothing must have happened; 100 ms unless given. */
  readonly quiet?: Duration;
}

export interface UntilOptions extends WaitOptions {
  /** After 'waited 4000 ms for', where it was in vain. */
  readonly what?: string;
}
