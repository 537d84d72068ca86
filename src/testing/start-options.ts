/** What a test may say of the broker it starts. */
import type { Level } from '../platform/logger.ts';
import type { TestSettings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import type { OnStop } from './stop-report.ts';
import type { TopicSpec } from './topics.ts';

export interface StartOptions {
  /** Topics that are there from the beginning: names, or `{ name, partitions, configs, messages }`. */
  readonly topics?: readonly (string | TopicSpec)[];
  /** How many brokers clients see; 1 unless given. */
  readonly brokers?: number;
  /** 'virtual' stands still until `clock.advance('8d')`; the wall clock unless given. */
  readonly clock?: 'real' | 'virtual';
  /** When a virtual clock begins: now unless given. */
  readonly now?: number | Date;
  /** Broker settings by Kafka's names, over those a test broker has. */
  readonly settings?: TestSettings;
  /** The port of the (first) broker; a free one unless given. */
  readonly port?: number;
  /** What to begin from: a snapshot of another broker, or the file of one. */
  readonly from?: Snapshot | string;
  /** What becomes of leaks and faults that never struck, when it is stopped: 'warn' unless given. */
  readonly onStop?: OnStop;
  /** The broker's own log, on stderr: 'silent' unless given. */
  readonly logLevel?: Level;
}
