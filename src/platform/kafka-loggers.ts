/**
 * The loggers that a broker of Apache Kafka 4.4 lists (KIP-412), and which of them each event of Ottla belongs to: operators set
 * levels by the names that they know. A logger without events is taken and shown, and has nothing to say here.
 */
export const ROOT = 'root';

/** What the authorizer tells: who was denied (INFO), and who was allowed (DEBUG). */
export const AUDIT = 'kafka.authorizer.logger';

const LOG = 'org.apache.kafka.storage.internals.log';

/** The events of each logger of the same meaning; of all others only the root's level counts. */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  [AUDIT]: [AUDIT],
  'kafka.cluster.Partition': ['in-sync-replicas-not-changed'],
  'kafka.coordinator.transaction.TransactionCoordinator': [
    'producer-id.not-allocated',
    'transaction.aborted',
    'transaction.committed',
    'transaction.fenced',
    'transaction.timed-out',
  ],
  'kafka.coordinator.transaction.TransactionMarkerChannelManager': [
    'transaction.ending-failed',
    'transaction.marker-refused',
  ],
  'kafka.coordinator.transaction.TransactionStateManager': [
    'transaction.append-failed',
    'transaction.append-lost',
    'transaction.load-failed',
    'transaction.records-unreadable',
    'transaction.sweep-failed',
  ],
  'kafka.network.Processor': ['connection-closed'],
  'kafka.server.BrokerServer': ['started'],
  'kafka.server.KafkaApis': ['request-failed', 'request-refused-by-disk', 'response-too-large'],
  'kafka.server.ReplicaAlterLogDirsManager': ['log-moved', 'log-not-moved'],
  'kafka.server.ReplicaFetcherThread': [
    'cut-below-high-watermark',
    'leader-fetched-again',
    'leader-not-fetched',
    'log-cut',
    'log-started-anew',
    'partition-not-fetched',
  ],
  'kafka.server.ReplicaManager': ['append-failed', 'high-watermarks-not-noted', 'log-not-opened', 'read-failed'],
  'kafka.server.metadata.BrokerMetadataPublisher': ['logs-not-opened'],
  'kafka.server.share.SharePartitionManager': ['share.not-written', 'share.state-of-later-leader'],
  'org.apache.kafka.common.config.AbstractConfig': ['configuration'],
  'org.apache.kafka.controller.ReplicationControlManager': ['leaders-balanced', 'leaders-not-balanced'],
  'org.apache.kafka.controller.BrokerHeartbeatManager': ['broker-fenced', 'broker-not-fenced'],
  'org.apache.kafka.controller.ClusterControlManager': ['broker-changed', 'registration-refused'],
  'org.apache.kafka.controller.QuorumController': [
    'change-refused',
    'controller-active',
    'controller-not-active',
    'controller-started',
  ],
  'org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime': [
    'group.append-failed',
    'group.append-lost',
    'group.load-failed',
    'group.records-unreadable',
    'group.sweep-failed',
  ],
  'org.apache.kafka.coordinator.group.GroupCoordinatorShard': ['group.unknown-record'],
  'org.apache.kafka.coordinator.group.GroupMetadataManager': [
    'group.assigned',
    'group.empty',
    'group.joined',
    'group.member-left',
    'group.not-stored',
    'group.pattern-failed',
    'group.rebalance',
    'group.stable',
  ],
  'org.apache.kafka.coordinator.share.ShareCoordinatorService': [
    'share.append-failed',
    'share.append-lost',
    'share.load-failed',
    'share.records-unreadable',
    'share.sweep-failed',
  ],
  'org.apache.kafka.image.loader.MetadataLoader': ['metadata-not-followed'],
  'org.apache.kafka.image.publisher.SnapshotGenerator': ['metadata-snapshot', 'metadata-snapshot-failed'],
  'org.apache.kafka.raft.KafkaRaftClient': [
    'controller-elected',
    'controller-gone',
    'controller-resigned',
    'election-failed',
    'metadata-not-read',
    'metadata-read-again',
    'metadata-snapshot-fetched',
  ],
  'org.apache.kafka.raft.internals.KafkaRaftLog': [
    'metadata-snapshot-damaged',
    'metadata-tail-cut',
    'metadata-tail-left',
    'metadata-truncated',
  ],
  'org.apache.kafka.server.AssignmentsManager': ['log-dirs-not-noted'],
  'org.apache.kafka.server.BrokerLifecycleManager': [
    'controlled-shutdown-ended',
    'controllers-not-found',
    'fenced',
    'heartbeat-refused',
    'registered',
  ],
  'org.apache.kafka.server.DefaultAutoTopicCreationManager': ['internal-topic.not-created', 'topic-not-created'],
  'org.apache.kafka.server.share.dlq.ShareGroupDLQStateManager': ['share.no-dead-letter'],
  [`${LOG}.LocalLog`]: ['files.not-removed', 'log-not-deleted', 'not-closed', 'not-removed'],
  [`${LOG}.LogCleaner`]: ['cleaner.failed', 'log.compacted', 'log.not-compacted'],
  [`${LOG}.LogLoader`]: ['log.cut', 'log.epochs-rebuilt', 'log.index-rebuilt'],
  [`${LOG}.LogManager`]: [
    'all-log-dirs-offline',
    'checkpoint.damaged',
    'folders-not-made',
    'log-dir.missing',
    'log-dir.offline',
    'log-dir.refuses-appends',
    'log-dir.takes-appends-again',
    'log-found-twice',
    'log-moved-aside',
    'metadata-log-dir-failed',
    'opening-logs',
    'partition.metadata-repaired',
  ],
  [`${LOG}.LogSegment`]: ['log.damaged'],
  [`${LOG}.ProducerStateManager`]: ['log.snapshot-damaged'],
  [`${LOG}.UnifiedLog`]: ['log.shortened'],
};

/** Those whose level has an effect of its own. */
export const loggersWithEvents: readonly string[] = Object.keys(EVENTS);

const loggerByEvent: ReadonlyMap<string, string> = new Map(
  Object.entries(EVENTS).flatMap(([logger, events]) => events.map((event) => [event, logger] as const)),
);

/** Kafka's logger of an event. */
export function loggerOf(event: string): string {
  return loggerByEvent.get(event) ?? ROOT;
}

/** The logger whose level counts where this one has none; null above the highest, where the root's counts. */
export function parentOf(logger: string): string | null {
  const dot = logger.lastIndexOf('.');
  return dot < 0 ? null : logger.slice(0, dot);
}

/** By package. Kafka lists a logger once its class is loaded: these are there after a broker has answered every tool. */
const CLASSES: Readonly<Record<string, string>> = {
  'kafka.cluster': 'Partition',
  'kafka.coordinator.transaction': 'TransactionCoordinator TransactionMarkerChannelManager TransactionStateManager',
  'kafka.log': 'LogCleaner',
  'kafka.network': 'ConnectionQuotas DataPlaneAcceptor Processor RequestChannel$ SocketServer',
  'kafka.server':
    'BrokerServer ConfigAdminManager ControllerApis ControllerServer KafkaApis KafkaRaftServer ' +
    'KafkaRequestHandler ReplicaAlterLogDirsManager ReplicaFetcherManager ReplicaFetcherThread ' +
    'ReplicaManager ReplicaManager$LogDirFailureHandler SharedServer TopicConfigHandler',
  'kafka.server.metadata': 'BrokerMetadataPublisher DynamicConfigPublisher',
  'kafka.server.share':
    'ReplicaManagerLogReader ReplicaManagerPartitionMetadataProvider ' +
    'ShareCoordinatorMetadataCacheHelperImpl SharePartitionManager',
  'org.apache.kafka.clients': 'ClientUtils ClusterConnectionStates CommonClientConfigs NetworkClient',
  'org.apache.kafka.common.config': 'AbstractConfig ConfigDef',
  'org.apache.kafka.common.metrics': 'JmxReporter Metrics',
  'org.apache.kafka.common.metrics.stats': 'Percentiles',
  'org.apache.kafka.common.network': 'ChannelBuilders NetworkReceive Selector',
  'org.apache.kafka.common.protocol': 'Errors',
  'org.apache.kafka.common.record.internal': 'ControlRecordType',
  'org.apache.kafka.common.security.oauthbearer': 'DefaultJwtRetriever',
  'org.apache.kafka.common.utils': 'Utils',
  'org.apache.kafka.common.utils.internals': 'AppInfoParser ConfigUtils KafkaThread LoggingSignalHandler ThreadUtils',
  'org.apache.kafka.controller':
    'AclControlManager BrokerHeartbeatManager ClientQuotaControlManager ClusterControlManager ' +
    'ConfigurationControlManager DelegationTokenControlManager EventPerformanceMonitor ' +
    'FeatureControlManager OffsetControlManager PeriodicTaskControlManager ProducerIdControlManager ' +
    'QuorumController ReplicationControlManager ScramControlManager',
  'org.apache.kafka.coordinator.common.runtime':
    'CoordinatorExecutorImpl CoordinatorLoaderImpl CoordinatorRuntime CoordinatorTimerImpl ' +
    'MultiThreadedEventProcessor MultiThreadedEventProcessor$EventProcessorThread ' +
    'SnapshottableCoordinator',
  'org.apache.kafka.coordinator.group':
    'GroupConfig GroupCoordinatorConfig GroupCoordinatorService GroupCoordinatorShard ' +
    'GroupMetadataManager OffsetMetadataManager',
  'org.apache.kafka.coordinator.group.assignor': 'SimpleAssignor UniformAssignor',
  'org.apache.kafka.coordinator.group.streams': 'StreamsGroupTopologyDescriptionManager',
  'org.apache.kafka.coordinator.group.streams.assignor': 'StickyTaskAssignor',
  'org.apache.kafka.coordinator.share': 'ShareCoordinatorService',
  'org.apache.kafka.coordinator.transaction': 'RPCProducerIdManager TxnMarkerQueue',
  'org.apache.kafka.deferred': 'DeferredEventQueue',
  'org.apache.kafka.image.loader': 'MetadataBatchLoader MetadataLoader',
  'org.apache.kafka.image.publisher': 'BrokerRegistrationTracker SnapshotEmitter SnapshotGenerator',
  'org.apache.kafka.metadata': 'KRaftMetadataCache ListenerInfo',
  'org.apache.kafka.metadata.properties': 'MetaPropertiesEnsemble',
  'org.apache.kafka.metadata.publisher': 'AclPublisher FeaturesPublisher',
  'org.apache.kafka.network': 'Request',
  'org.apache.kafka.queue': 'KafkaEventQueue',
  'org.apache.kafka.raft':
    'CandidateState FileQuorumStateStore KafkaNetworkChannel KafkaNetworkChannel$SendThread ' +
    'KafkaRaftClient KafkaRaftClientDriver LeaderState ProspectiveState QuorumState ' +
    'TimingWheelExpirationService$ExpiredOperationReaper UnattachedState',
  'org.apache.kafka.raft.internals':
    'AddVoterHandler DefaultRequestSender KRaftControlRecordStateMachine KafkaRaftLog RecordsIterator ' +
    'RemoveVoterHandler UpdateVoterHandler VoterSetHistory',
  'org.apache.kafka.server':
    'AssignmentsManager BrokerFeatures BrokerLifecycleManager ClientMetricsManager ' +
    'DefaultAutoTopicCreationManager DelayedActionQueue FetchManager FetchSessionCacheShard ' +
    'ForwardingManagerImpl NodeToControllerChannelManagerImpl NodeToControllerRequestThread',
  'org.apache.kafka.server.config': 'ConfigSynonym DynamicProducerStateManagerConfig',
  'org.apache.kafka.server.controller': 'ControllerRegistrationManager',
  'org.apache.kafka.server.fault': 'LoggingFaultHandler ProcessTerminatingFaultHandler',
  'org.apache.kafka.server.logger': 'Log4jControllerRegistration LoggingController',
  'org.apache.kafka.server.metrics': 'LinuxIoMetricsCollector',
  'org.apache.kafka.server.network': 'EndpointReadyFutures',
  'org.apache.kafka.server.partition': 'DefaultAlterPartitionManager',
  'org.apache.kafka.server.purgatory':
    'DelayedOperationPurgatory DelayedOperationPurgatory$ExpiredOperationReaper DelayedProduce ' +
    'DelayedRemoteListOffsets',
  'org.apache.kafka.server.quota':
    'ClientQuotaManager ClientQuotaManager$ThrottledChannelReaper ControllerMutationQuotaManager ' +
    'ReplicationQuotaManager',
  'org.apache.kafka.server.share.dlq':
    'DefaultShareGroupDLQManager ShareGroupDLQStateManager ShareGroupDLQStateManager$SendThread',
  'org.apache.kafka.server.share.persister': 'DefaultStatePersister PersisterStateManager$SendThread',
  'org.apache.kafka.server.transaction': 'AddPartitionsToTxnManager',
  'org.apache.kafka.server.util': 'FileLock KafkaScheduler NetworkPartitionMetadataClient',
  'org.apache.kafka.server.util.timer': 'SystemTimerReaper$Reaper',
  'org.apache.kafka.snapshot': 'Snapshots',
  'org.apache.kafka.storage.internals.checkpoint': 'CheckpointFileWithFailureHandler CleanShutdownFileHandler',
  'org.apache.kafka.storage.internals.epoch': 'LeaderEpochFileCache',
  'org.apache.kafka.storage.internals.log':
    'AbstractIndex Cleaner LocalLog LogCleaner LogCleaner$CleanerThread LogDirFailureChannel LogLoader ' +
    'LogManager LogSegment OffsetIndex ProducerStateManager TimeIndex UnifiedLog',
  'org.apache.kafka.storage.internals.utils': 'Throttler',
  'org.apache.kafka.storage.log.metrics': 'BrokerTopicStats',
  'org.apache.kafka.timeline': 'SnapshotRegistry',
};

/** Without a class of their own; the short ones are in the configuration of Log4j that Kafka ships with. */
const OTHERS = [
  'LogFutureTimestampLogger',
  'kafka',
  AUDIT,
  'kafka.request.logger',
  'org.apache.kafka',
  'org.apache.kafka.controller',
  'state.change.logger',
];

/** The names of all, but for the root's; sorted. */
export const kafkaLoggers: readonly string[] = [
  ...OTHERS,
  ...Object.entries(CLASSES).flatMap(([name, classes]) => classes.split(' ').map((each) => `${name}.${each}`)),
].toSorted();
