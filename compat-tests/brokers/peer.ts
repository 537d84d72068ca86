/** A broker under comparison. */
export interface Peer {
  readonly bootstrap: string;
  /** What it is, for people: 'Apache Kafka 4.4.0 (from Maven)'. */
  readonly title: string;
  stop(): Promise<void>;
}

/** What both brokers are started with, beside what each needs to start at all. */
export const SETTINGS: Readonly<Record<string, string>> = {
  'group.initial.rebalance.delay.ms': '0',
  'num.partitions': '1',
  'log.segment.delete.delay.ms': '1000',
};
