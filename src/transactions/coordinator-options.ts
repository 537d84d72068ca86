/** What the transaction coordinator takes from the broker around it. */
import type { RecordDraft } from '../../protocol/records/encode.ts';
import type { ServerConfig } from '../config/server.ts';
import type { Marker } from '../partitions/partition.ts';
import type { ReplayedLog } from '../coordination/replay-loader.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';

/** What the coordinator needs of a partition of __transaction_state; partitions/partition.ts has it. */
export interface TransactionLog extends ReplayedLog {
  /** @throws {LogError} where nothing was appended */
  appendRecords(records: readonly RecordDraft[]): unknown;
}

export type TransactionConfig = Pick<
  ServerConfig,
  | 'transaction.abort.timed.out.transaction.cleanup.interval.ms'
  | 'transaction.max.timeout.ms'
  | 'transaction.partition.verification.enable'
  | 'transaction.remove.expired.transaction.cleanup.interval.ms'
  | 'transaction.state.log.num.partitions'
  | 'transactional.id.expiration.ms'
>;

export interface TransactionCoordinatorOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Read at each use. */
  config(): TransactionConfig;
  /** The partition of __transaction_state where this broker leads it. */
  partitionOf(index: number): TransactionLog | undefined;
  /** How many partitions __transaction_state has; undefined while there is none: the configured number counts then. */
  partitionCount(): number | undefined;
  /** Creates __transaction_state where it is missing. */
  ensureTopic(): Promise<void>;
  nextProducerId(): Promise<number>;
  /** The level of the feature transaction.version in the cluster; read at each use. */
  transactionVersion(): number;
  /** NONE, or why the marker is not in the partition; see markers.ts. */
  writeMarker(partition: TopicPartition, marker: Marker): number;
  /** Whether the cluster has the partition: one that was deleted gets no marker. */
  exists(partition: TopicPartition): boolean;
}
