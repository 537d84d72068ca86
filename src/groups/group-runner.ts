/** What the coordinator has a kind of group do: each kind has one runner, which answers members, runs timers and writes. */
import type { ServerConfig } from '../config/server.ts';
import type { Answer } from '../coordination/answers.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import type { JoinResponse, LeaveResponse, SyncResponse } from './classic/state.ts';
import type { ConsumerConfig } from './consumer/limits.ts';
import type { ShareState } from '../share/share-state.ts';
import type { ShareConfig } from './share/limits.ts';
import type { StreamsConfig } from './streams/limits.ts';
import type { Group } from './group.ts';
import type { GroupShard } from './group-partition.ts';
import type { RebalanceProgress } from './group-progress.ts';
import type { GroupRecord } from './group-record.ts';
import type { GroupRules } from './group-rules.ts';
import type { GroupTopics } from './group-topics.ts';
import type { PatternResolver } from './pattern-resolver.ts';
import type { HeartbeatRequest, JoinCall, LeaveRequest, SyncRequest } from './requests.ts';

/**
 * Requests of the classic protocol reach every kind of group, for members may come with an old client. Answers tell the state
 * as it is: the coordinator holds them back until it is committed, but for those that a runner gives later by a promise.
 */
export interface GroupRunner<G extends Group = Group> {
  /** The group of this name may be missing, or one of another kind that may be replaced. */
  join(shard: GroupShard, call: JoinCall): Answer<JoinResponse>;
  sync(shard: GroupShard, group: G, request: SyncRequest): Answer<SyncResponse>;
  heartbeat(shard: GroupShard, group: G, request: HeartbeatRequest): number;
  leave(shard: GroupShard, group: G, request: LeaveRequest): LeaveResponse;
  /** A member has committed offsets, which is as good as a heartbeat. */
  offsetsCommitted(shard: GroupShard, group: G, memberId: string): void;
  /** The connection is gone: its dynamic members are taken out. */
  evict(shard: GroupShard, group: G, connectionId: number): void;
  /** The group was read from the log, and this broker coordinates it from now on. */
  load(shard: GroupShard, group: G): void;
  /** The group has taken the place of one of another kind, whose members it has. */
  adopt(shard: GroupShard, group: G, reason: string): void;
  /** The group is no more, here: parked requests are told `errorCode`, and its timers end. */
  unload(shard: GroupShard, group: G, errorCode: number): void;
  /** The rebalance that is under way; null where there is none. */
  progress(group: G): RebalanceProgress | null;
}

export type RunnerConfig = ConsumerConfig &
  ShareConfig &
  StreamsConfig &
  Pick<
    ServerConfig,
    | 'group.initial.rebalance.delay.ms'
    | 'group.max.session.timeout.ms'
    | 'group.min.session.timeout.ms'
    | 'group.max.size'
  >;

/** Leaders of partitions read and write; groups do not. */
export type ShareStateOfGroups = Pick<ShareState, 'initialize' | 'delete' | 'readSummary'>;

/** What runners take from the broker around them. */
export interface RunnerOptions {
  readonly clock: Clock;
  readonly config: RunnerConfig;
  readonly logger: Logger;
  readonly random: Random;
  /** The cluster's topics as of now. */
  topics(): GroupTopics;
  /** The dynamic configurations of one group. */
  groupConfig(groupId: string): ReadonlyMap<string, string>;
  /** Where the share coordinator is asked: in this process, or at another broker. */
  readonly shareState: ShareStateOfGroups;
}

/** And what the coordinator does for them. */
export interface RunnerHost extends RunnerOptions {
  readonly patterns: PatternResolver;
  /** Appends records in one batch; the runner lets them take effect. NONE, or what the client is told. */
  append(shard: GroupShard, records: readonly GroupRecord[]): number;
  /** A member speaks through the connection now. */
  noteConnection(connectionId: number, groupId: string): void;
  runnerOf(group: Group): GroupRunner;
  rulesOf(group: Group): GroupRules;
}
