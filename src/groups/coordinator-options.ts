/** What the group coordinator takes from the broker around it. */
import type { ServerConfig } from '../config/server.ts';
import type { StatePartition } from '../coordination/state-partition.ts';
import type { RunnerConfig, RunnerOptions } from './group-runner.ts';
import type { EndOffset } from './share/offsets.ts';

export type GroupConfig = RunnerConfig &
  Pick<
    ServerConfig,
    | 'offset.metadata.max.bytes'
    | 'offsets.commit.timeout.ms'
    | 'offsets.retention.check.interval.ms'
    | 'offsets.retention.minutes'
    | 'offsets.topic.num.partitions'
    | 'group.share.assignors'
    | 'group.streams.assignors'
  >;

export interface GroupCoordinatorOptions extends RunnerOptions {
  readonly config: GroupConfig;
  /** The partition of __consumer_offsets where this broker leads it. */
  partitionOf(index: number): StatePartition | undefined;
  /** Creates __consumer_offsets where it is missing; done once its partitions have leaders. */
  ensureOffsetsTopic(): Promise<void>;
  readonly endOffset: EndOffset;
  /** How many partitions __consumer_offsets has; undefined while there is none: the configured number counts then. */
  partitionCount?(): number | undefined;
}
