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
    tests: /^ShareFetchAcknowledgeRequestTest\.testShareFetchRequestToNonLeaderReplica \[1\] /,
    why:
      'It has Apache Kafka keep no state of share groups (group.share.persister.class.name is empty), so that it needs no state topic, ' +
      'which two brokers cannot have with its three replicas. Ottla keeps the state always. With one replica, [2], it passes.',
  },
  {
    tests: /^ShareConsumerRackAwareTest\./,
    why: 'The broker has to load an assignor that the test brings, a class for a Java virtual machine.',
  },
  {
    tests: /^AuthorizerIntegrationTest\.testConsumerGroupHeartbeatWithRegex(WithDifferentMemberAcls)?$/,
    why:
      'They want no partitions in the first answer to a subscription by regular expression, which Apache Kafka resolves later. ' +
      'Ottla resolves it at once, and the member has its partitions one heartbeat earlier.',
  },
  {
    tests: /^SaslApiVersionsRequestTest\.testApiVersionsRequest(BeforeSaslHandshakeRequest|WithUnsupportedVersion) /,
    why: 'They want the versions of Kafka 4.3.1, of which they are. Ottla has those of 4.4.',
  },
  {
    tests: /^AlterUserScramCredentialsRequestTest\.testMetadataVersionTooLow /,
    why: 'The directory is formatted with metadata.version 3.4. A new cluster of Ottla has the levels of Kafka 4.4.',
  },
  {
    tests:
      /^(ListGroupsRequestTest\.testListGroupsWithNewConsumerGroupProtocol|ConsumerGroupDescribeRequestTest\.testConsumerGroupDescribeWithNewGroupCoordinator) /,
    why: 'They compare lists in the order in which Java hashes their names. Ottla lists groups and members in the order in which they came.',
  },
  {
    tests: /^ConsumerProtocolMigrationTest\.testOnlineMigrationWithNonEmptyUserDataInAssignment /,
    why: "It compares a sentence with a link to Kafka's documentation. Ottla refuses the upgrade with a sentence of its own.",
  },
  {
    tests:
      /^ClientQuotasRequestTest\.test(AlterClientQuotas(BadIp|InvalidEntityCombination)|DescribeClientQuotasInvalidFilterCombination) /,
    why: "They compare a part of Kafka's sentence. Ottla refuses the same with the same error, and a sentence of its own.",
  },
];
