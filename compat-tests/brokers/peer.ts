/** A broker under comparison. */
export interface Peer {
  /** Where clients are served that do not sign in. */
  readonly bootstrap: string;
  /** What it is, for people: 'Apache Kafka 4.4.0 (from Maven)'. */
  readonly title: string;
  /** Where the others are. */
  readonly signIn?: SignIn;
  stop(): Promise<void>;
}

/** Listeners as host:port. The users are in secured.ts. */
export interface SignIn {
  readonly saslPlaintext: string;
  readonly saslSsl: string;
  /** The path of the certificate, as PEM, that clients are to trust. */
  readonly authority: string;
}

/** What both brokers are started with, beside what each needs to start at all. */
export const SETTINGS: Readonly<Record<string, string>> = {
  'group.initial.rebalance.delay.ms': '0',
  'num.partitions': '1',
  'log.segment.delete.delay.ms': '1000',
};
