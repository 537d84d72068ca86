/** Which of Apache Kafka's test classes run, in groups for --only. Those that ask for nothing but a broker's inside are left out. */
export interface Group {
  readonly name: string;
  readonly classes: readonly string[];
  /** Whether the tests connect to controllers: Ottla then has one in a process of its own. */
  readonly hasController?: true;
  /** Whether one test runs at a time: tools write to the stdout that all share, and properties of the system say who signs in. */
  readonly isAlone?: true;
  /** Whether tests have several brokers that sign in at one another: Ottla's are a cluster by etcd. */
  readonly needsEtcd?: true;
}

const CLIENTS = 'org.apache.kafka.clients';
const TOOLS = 'org.apache.kafka.tools';

const of = (place: string, ...names: readonly string[]): string[] => names.map((name) => `${place}.${name}`);

export const groups: readonly Group[] = [
  {
    name: 'share',
    classes: of(`${CLIENTS}.consumer`, 'ShareConsumerTest', 'ShareConsumerRackAwareTest'),
  },
  {
    name: 'share-requests',
    classes: of(
      'kafka.server',
      'ShareFetchAcknowledgeRequestTest',
      'ShareGroupHeartbeatRequestTest',
      'ShareGroupDescribeRequestTest',
    ),
  },
  {
    name: 'group-requests',
    classes: of(
      'kafka.server',
      'ConsumerGroupDescribeRequestTest',
      'ConsumerGroupHeartbeatRequestTest',
      'ConsumerProtocolMigrationTest',
      'DeleteGroupsRequestTest',
      'DescribeGroupsRequestTest',
      'HeartbeatRequestTest',
      'JoinGroupRequestTest',
      'LeaveGroupRequestTest',
      'ListGroupsRequestTest',
      'OffsetCommitRequestTest',
      'OffsetDeleteRequestTest',
      'OffsetFetchRequestTest',
      'SyncGroupRequestTest',
      'TxnOffsetCommitRequestTest',
      'WriteTxnMarkersRequestTest',
      'ApiVersionsRequestTest',
    ),
  },
  {
    name: 'consumer',
    classes: of(
      `${CLIENTS}.consumer`,
      'ConsumerBounceTest',
      'ConsumerIntegrationTest',
      'ConsumerTopicCreationTest',
      'PlaintextConsumerAssignTest',
      'PlaintextConsumerCallbackTest',
      'PlaintextConsumerCloseTest',
      'PlaintextConsumerCommitTest',
      'PlaintextConsumerFetchTest',
      'PlaintextConsumerPollTest',
      'PlaintextConsumerSubscriptionTest',
      'PlaintextConsumerTest',
      'SaslPlainPlaintextConsumerTest',
    ),
  },
  {
    name: 'producer',
    classes: [
      ...of(
        `${CLIENTS}.producer`,
        'ProducerCompressionTest',
        'ProducerFailureHandlingTest',
        'ProducerIdExpirationTest',
        'ProducerIntegrationTest',
        'ProducerSendWhileDeletionTest',
      ),
      ...of(CLIENTS, 'TransactionsExpirationTest', 'TransactionsWithMaxInFlightOneTest', 'ClientRebootstrapTest'),
    ],
  },
  {
    name: 'admin',
    classes: [
      ...of(
        `${CLIENTS}.admin`,
        'AdminFenceProducersTest',
        'AutoTopicCreationTest',
        'ConcurrentListOffsetsRequestTest',
        'DeleteTopicTest',
        'DescribeAuthorizedOperationsTest',
        'DescribeFeaturesTest',
        'DescribeProducersWithBrokerIdTest',
        'DynamicGroupConfigIntegrationTest',
        'ListOffsetsIntegrationTest',
        'RackAwareAutoTopicCreationTest',
        'StaticBrokerConfigTest',
      ),
      ...of(`${CLIENTS}.security`, 'GroupAuthorizerIntegrationTest'),
      ...of('org.apache.kafka.server', 'MetadataRequestTest'),
    ],
  },
  {
    name: 'controllers',
    hasController: true,
    classes: [
      ...of('org.apache.kafka.server', 'BootstrapControllersIntegrationTest'),
      ...of(CLIENTS, 'MetadataVersionIntegrationTest'),
    ],
  },
  {
    name: 'tools',
    isAlone: true,
    classes: [
      ...of(
        TOOLS,
        'BrokerApiVersionsCommandTest',
        'ConfigCommandIntegrationTest',
        'DeleteRecordsCommandTest',
        'GetOffsetShellTest',
        'GroupsCommandTest',
        'LeaderElectionCommandTest',
        'LogDirsCommandTest',
        'TopicCommandTest',
        'UserScramCredentialsCommandTest',
      ),
      ...of(`${TOOLS}.consumer`, 'ConsoleConsumerTest'),
      ...of(
        `${TOOLS}.consumer.group`,
        'DeleteConsumerGroupsTest',
        'DeleteOffsetsConsumerGroupCommandIntegrationTest',
        'DescribeConsumerGroupTest',
        'ListConsumerGroupTest',
        'ResetConsumerGroupOffsetTest',
      ),
      ...of(`${TOOLS}.reassign`, 'ReassignPartitionsCommandTest'),
    ],
  },
  {
    name: 'tools-of-controllers',
    isAlone: true,
    hasController: true,
    classes: of(TOOLS, 'AclCommandTest', 'ClusterToolTest', 'FeatureCommandTest', 'MetadataQuorumCommandTest'),
  },
  {
    name: 'authorizer',
    isAlone: true,
    classes: of('kafka.api', 'AuthorizerIntegrationTest'),
  },
  {
    name: 'sign-in',
    isAlone: true,
    needsEtcd: true,
    classes: [
      ...of(
        'kafka.api',
        'SaslClientsWithInvalidCredentialsTest',
        'SaslMultiMechanismConsumerTest',
        'SaslPlaintextConsumerTest',
        'SaslSslConsumerTest',
        'SslConsumerTest',
      ),
      `${TOOLS}.consumer.group.SaslClientsWithInvalidCredentialsTest`,
      ...of(
        'kafka.server',
        'MultipleListenersWithAdditionalJaasContextTest',
        'MultipleListenersWithDefaultJaasContextTest',
        'SaslApiVersionsRequestTest',
        'DelegationTokenRequestsTest',
        'DelegationTokenRequestsOnPlainTextTest',
        'DelegationTokenRequestsWithDisableTokenFeatureTest',
        'AlterUserScramCredentialsRequestTest',
        'AlterUserScramCredentialsRequestNotAuthorizedTest',
        'DescribeUserScramCredentialsRequestTest',
        'DescribeUserScramCredentialsRequestNotAuthorizedTest',
      ),
    ],
  },
  {
    name: 'end-to-end',
    isAlone: true,
    needsEtcd: true,
    classes: of(
      'kafka.api',
      'PlaintextEndToEndAuthorizationTest',
      'SslEndToEndAuthorizationTest',
      'SaslPlainSslEndToEndAuthorizationTest',
      'SaslScramSslEndToEndAuthorizationTest',
      'SaslOAuthBearerSslEndToEndAuthorizationTest',
      'DelegationTokenEndToEndAuthorizationTest',
      'DelegationTokenEndToEndAuthorizationWithOwnerTest',
      'GroupEndToEndAuthorizationTest',
      'SaslSslAdminIntegrationTest',
    ),
  },
  {
    name: 'quotas',
    isAlone: true,
    needsEtcd: true,
    classes: [
      ...of('kafka.api', 'ClientIdQuotaTest', 'UserQuotaTest', 'UserClientIdQuotaTest'),
      ...of('kafka.server', 'ControllerMutationQuotaTest', 'RequestQuotaTest'),
      'kafka.network.DynamicConnectionQuotaTest',
      'org.apache.kafka.server.quota.ClientQuotasRequestTest',
    ],
  },
];
