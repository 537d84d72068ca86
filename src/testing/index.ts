/** What `ottla/testing` gives to tests. */
export type { ApiName, Part, RequestBody, ResponseBody } from './api-names.ts';
export type { Duration } from './duration.ts';
export type { DiskFaults } from './disk-faults.ts';
export type { Exchange, Outcome, ToldError } from './exchange.ts';
export type { Fault, FaultEffect, FaultFilter, FaultRule, FaultSpec, Rewrite } from './fault-rule.ts';
export type { FaultBuilder, Faults } from './faults.ts';
export type { CommittedOffset, Group, GroupMember, GroupState, TopicPartition } from './group-view.ts';
export { matchers, type ExpectedCommitOf, type ExpectedMessage, type KafkaMatchers } from './matchers.ts';
export type { Content, MessageToProduce, TestMessage } from './message.ts';
export type { TestNode } from './nodes.ts';
export type { TestSettings } from './settings.ts';
export { Snapshot } from './snapshot.ts';
export { startBroker } from './start-broker.ts';
export type { StartOptions } from './start-options.ts';
export type { OnStop, StopReport } from './stop-report.ts';
export type { Coordinated, ReadOptions, ResetOptions, TestBroker } from './test-broker.ts';
export type { TestClock } from './test-clock.ts';
export type { Isolation } from './visible-batches.ts';
export type { TopicSpec } from './topics.ts';
export type { ToldClient, Traffic, TrafficFilter } from './traffic.ts';
export { WaitTimeout } from './waiters.ts';
export type {
  ExpectedCommit,
  ExpectedGroup,
  IdleOptions,
  MessagePredicate,
  MessageWaitOptions,
  WaitOptions,
} from './waiters.ts';
