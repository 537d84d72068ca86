/** What a test may say of the broker it starts. */
import type { Level } from '../platform/logger.ts';
import type { AclLines } from '../security/acls/lines.ts';
import type { Duration } from './duration.ts';
import type { GroupConfigs } from './dynamic-configs.ts';
import type { SecurityOptions } from './security-options.ts';
import type { TestSettings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import type { QuotaSpecs } from './test-acls.ts';
import type { Leftovers } from './stop-report.ts';
import type { TopicSpec } from './topic-spec.ts';

export interface StartOptions extends SecurityOptions {
  /**
   * Who may do what: `{ alice: ['read topic orders', 'read group billing-*', 'deny write topic audit'], '*': ['describe topic public'] }`.
   * With it others may do nothing; without it everybody may do everything.
   */
  readonly acls?: AclLines;
  /** How much a user may do: `{ alice: { producerByteRate: '1MB' } }`; '*' is who has none. */
  readonly quotas?: QuotaSpecs;
  /** Topics that are there from the beginning: names, or `{ name, partitions, configs, messages }`. */
  readonly topics?: readonly (string | TopicSpec)[];
  /** How many brokers clients see; 1 unless given. Each has replicas of its own. */
  readonly brokers?: number;
  /** min.insync.replicas: how many have to have a record for acks=all; 1 unless given. */
  readonly minIsr?: number;
  /** 'virtual' stands still until `clock.advance('8d')`; the wall clock unless given. */
  readonly clock?: 'real' | 'virtual';
  /** When a virtual clock begins: now unless given. */
  readonly now?: number | Date;
  /** Configurations of groups by Kafka's names: `{ mailer: { 'share.auto.offset.reset': 'earliest' } }`. */
  readonly groups?: GroupConfigs;
  /** Broker settings by Kafka's names, over those a test broker has. */
  readonly settings?: TestSettings;
  /**
   * How long a Fetch without records waits at most, whatever its client asks for: '200ms' unless given, so that clients stop at
   * once; 0 waits as long as the client asks.
   */
  readonly maxFetchWait?: Duration;
  /** The port of the (first) broker; a free one unless given. */
  readonly port?: number;
  /** Opens a control port, for `connectBroker(kafka.controlUrl)` in other threads and processes; 0 for a free one. */
  readonly controlPort?: number;
  /**
   * Runs it in a thread of its own, with a control port: it answers though the test's thread stands still, and other threads
   * and processes can drive it. What it is given is plain data then.
   */
  readonly thread?: boolean;
  /** What to begin from: a snapshot of another broker, or the file of one. */
  readonly from?: Snapshot | string;
  /** What becomes of leaks, faults that never struck and forgotten waits, when it is stopped: 'warn' unless given. */
  readonly leftovers?: Leftovers;
  /** The broker's own log, on stderr: 'silent' unless given. */
  readonly logLevel?: Level;
}
