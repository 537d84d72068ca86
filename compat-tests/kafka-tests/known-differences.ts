/** Invocations that pass on Apache Kafka from outside, and need not on Ottla, with the reason. */
export interface KnownDifference {
  /** Which invocations. */
  readonly tests: RegExp;
  readonly why: string;
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    tests: /^ShareConsumerTest\.testRenewAcknowledgement(OnPoll|OnCommitSync|NoResultInPoll|InvalidStateRecord) /,
    why: 'They look for a metric in the registry of their own process, where Apache Kafka runs as well.',
  },
  {
    tests: /^ShareConsumerRackAwareTest\./,
    why: 'The broker has to load an assignor that the test brings, a class for a Java virtual machine.',
  },
];
