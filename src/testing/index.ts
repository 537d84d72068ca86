/** What `ottla/testing` gives to tests. */
export type { Cause, Finding } from '../insight/finding.ts';
export { connectBroker } from '../remote/connect-broker.ts';
export type { ConnectOptions } from '../remote/connect-options.ts';
export type { ApiName, Part, RequestBody, ResponseBody } from './api-names.ts';
export type { Duration } from './duration.ts';
export type { Exchange, Outcome, ToldError } from './exchange.ts';
export type { Fault, FaultEffect, FaultFilter, FaultSpec, RequestFault, Rewrite } from './fault-spec.ts';
export type { DiskFaults, FaultBuilder, Faults } from './faults.ts';
export type { HandshakeFaults, HandshakeFilter } from './handshake-faults.ts';
export type { CommittedOffset, Group, GroupMember, GroupState, TopicPartition } from './group.ts';
export { matchers, type ExpectedCommitOf, type ExpectedMessage, type KafkaMatchers } from './matchers.ts';
export type { Content, Headers, MessageToProduce, TestMessage } from './message.ts';
export type { GroupConfigs } from './dynamic-configs.ts';
export type {
  DeliveredRange,
  InFlightFilter,
  InFlightRecord,
  InFlightState,
  OffsetRange,
  Queue,
  QueuePartition,
} from './queue.ts';
export type {
  ClientChoice,
  ClientOptions,
  IssueOptions,
  Mechanism,
  SecurityOptions,
  TestCertificates,
  TestOAuth,
  TestUsers,
  TlsOptions,
  TokenOptions,
  UserSpec,
} from './security-options.ts';
export type { IssuedCertificate } from '../credentials/certificate-authority.ts';
export type { AclLines, ResourceOf } from '../security/acls/lines.ts';
export type { AclExplanation, Bytes, QuotaSpec, QuotaSpecs, TestAcls } from './test-acls.ts';
export type { Denial, ExpectedDenial, ExpectedThrottle, Throttle } from './refusals.ts';
export type { TestSettings } from './settings.ts';
export type { Snapshot } from './snapshot.ts';
export { startBroker } from './start-broker.ts';
export type { StartOptions } from './start-options.ts';
export type { Leftovers, StopReport } from './stop-report.ts';
export type { ForkOptions, ReadOptions, ResetOptions, TestBroker } from './test-broker.ts';
export type { PartitionState, ReplicaState } from './partition-state.ts';
export type { TestClock } from './test-clock.ts';
export type { Coordinated, TestCluster } from './test-cluster.ts';
export type { StopOptions, TestNode } from './test-node.ts';
export type { PageOptions } from './test-page.ts';
export type { RedactedPlace, Redaction, RedactText, ReportOptions } from './report.ts';
export type { FileUrl, TopicSpec } from './topic-spec.ts';
export type { ToldClient, Traffic, TrafficFilter } from './traffic.ts';
export type {
  ExpectedCommit,
  ExpectedDelivery,
  ExpectedGroup,
  ExpectedIsr,
  ExpectedQueue,
  IdleOptions,
  Isolation,
  MessagePredicate,
  MessageWaitOptions,
  NoMessagesOptions,
  QueueMessagesOptions,
  UntilOptions,
  WaitOptions,
} from './wait-options.ts';
export { WaitTimeout } from './wait-timeout.ts';
