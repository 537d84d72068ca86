/** What a client library does in these tests, whichever it is: it joins groups, stops in several ways, and writes in transactions. */
import type { TestBroker } from '../../src/testing/index.ts';

export interface Joining {
  readonly group: string;
  readonly topics: readonly string[];
  readonly clientId: string;
  /** auto.offset.reset; 'earliest' unless given. */
  readonly begin?: 'earliest' | 'latest';
  /** True unless given. */
  readonly commits?: boolean;
  /** isolation.level; 'read_committed' unless given. */
  readonly isolation?: 'read_committed' | 'read_uncommitted';
  /** A static member: it stays one until its session ends. */
  readonly instanceId?: string;
  /** As this user of the broker. */
  readonly user?: string;
}

export interface Member {
  /** As an application that ends well. */
  leave(): Promise<void>;
  /** Its connections end, and it says no goodbye. Undefined where the library cannot do that. */
  readonly vanish?: () => Promise<void>;
  /** Lives on and fetches no more. */
  pause(): Promise<void>;
  /** Neither polls nor joins again. Undefined where the library goes on without its application. */
  readonly stall?: () => Promise<void>;
}

export interface OpenTransaction {
  commit(): Promise<void>;
  abort(): Promise<void>;
}

export interface Library {
  readonly name: string;
  /** Null, or what is missing for it here. */
  readonly missing: string | null;
  /** As the group protocol is that it speaks here: 'consumer' is KIP-848's. */
  readonly protocol: 'classic' | 'consumer';
  /** Does not wait until it is a member: it may never become one. */
  join(kafka: TestBroker, joining: Joining): Promise<Member>;
  /** A transaction with one record. */
  begin(kafka: TestBroker, transactionalId: string, topic: string): Promise<OpenTransaction>;
  /** Ends all that it still has open. */
  endAll(): Promise<void>;
}
