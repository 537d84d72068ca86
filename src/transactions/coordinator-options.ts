/** What the transaction coordinator takes from the broker around it. */
import type { ServerConfig } from '../config/server.ts';
import type { Answer } from '../coordination/answers.ts';
import type { Marker } from '../partitions/partition.ts';
import type { StatePartition } from '../coordination/state-partition.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';

export type TransactionConfig = Pick<
  ServerConfig,
  | 'transaction.abort.timed.out.transaction.cleanup.interval.ms'
  | 'transaction.max.timeout.ms'
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
  partitionOf(index: number): StatePartition | undefined;
  /** How many partitions __transaction_state has; undefined while there is none: the configured number counts then. */
  partitionCount(): number | undefined;
  /** Creates __transaction_state where it is missing. */
  ensureTopic(): Promise<void>;
  nextProducerId(): Promise<number>;
  /** The level of the feature transaction.version in the cluster; read at each use. */
  transactionVersion(): number;
  /** NONE once the marker is committed, or why the partition does not have it; see markers.ts. */
  writeMarker(partition: TopicPartition, marker: Marker): Answer<number>;
  /** Whether the cluster has the partition: one that was deleted gets no marker. */
  exists(partition: TopicPartition): boolean;
}
