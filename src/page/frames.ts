/** What the server tells the page: plain JSON, one shape a view. Times in ms since 1970; the browser's code knows these types alone. */
import type { FaultCode } from '../insight/fault-code.ts';
import type { WordedHappening } from '../insight/happening.ts';
import type { RebalanceStory } from '../insight/rebalances.ts';
import type { Finding } from '../insight/why.ts';

/** What people may do on a page: look; change topics, messages, groups, settings; and what only a test may. Each with those before. */
export type PageAccess = 'read' | 'write' | 'test';

/** Who looks, and what the page is for them. */
export interface SessionFrame {
  readonly access: PageAccess;
  readonly isTest: boolean;
  /** Whether people have to sign in. */
  readonly asks: boolean;
  /** Who has signed in; null for none. */
  readonly user: string | null;
}

export interface OverviewFrame {
  readonly cluster: {
    readonly id: string;
    readonly nodeId: number;
    readonly brokers: number;
    readonly bootstrap: string;
    readonly version: string;
  };
  /** Whether there is a test to show: its traffic, faults and clock. */
  readonly isTest: boolean;
  /** What wants somebody's eyes, the most urgent first. */
  readonly attention: readonly { readonly sentence: string; readonly link: string }[];
  readonly totals: {
    readonly topics: number;
    readonly partitions: number;
    readonly groups: number;
    readonly connections: number;
    readonly bytes: number;
  };
  /** Records and bytes appended a second, the newest last, one each second. */
  readonly rates: { readonly records: readonly number[]; readonly bytes: readonly number[] };
  readonly behind: readonly { readonly group: string; readonly lag: number; readonly ageMs: number | null }[];
  readonly recent: readonly JournalEntry[];
}

export interface JournalEntry extends WordedHappening {
  readonly id: string;
  /** The last time. */
  readonly atMs: number;
  /** How often in a row. */
  readonly times: number;
  /** info, warn or error. */
  readonly level: string;
}

export interface TopicRow {
  readonly name: string;
  readonly partitions: number;
  readonly records: number;
  readonly bytes: number;
  readonly recordsPerSecond: number;
  /** Client ids, or producers where ids are all that is known. */
  readonly writtenBy: readonly string[];
  readonly readBy: readonly string[];
  readonly isInternal: boolean;
}

export interface TopicsFrame {
  /** Those that fit the filter, of all. */
  readonly found: number;
  readonly all: number;
  readonly rows: readonly TopicRow[];
}

/** Who has written to a topic. */
export interface Writer {
  /** Null where only its producer id is known. */
  readonly clientId: string | null;
  /** Null for one that is not idempotent, or where traffic says who it is. */
  readonly producerId: number | null;
  /** Milliseconds since 1970; null where it is not known. */
  readonly lastAtMs: number | null;
}

export interface TopicFrame {
  readonly name: string;
  readonly id: string;
  /** Of all its partitions. */
  readonly partitionCount: number;
  readonly records: number;
  readonly bytes: number;
  /** The sum of their ends: it grows with each record. */
  readonly end: number;
  /** The first 300. */
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader: number;
    readonly replicas: readonly number[];
    readonly isr: readonly number[];
    readonly start: number;
    readonly end: number;
    readonly stable: number;
    readonly bytes: number;
    readonly segments: number;
  }[];
  readonly configs: readonly { readonly key: string; readonly value: string }[];
  readonly readBy: readonly {
    readonly group: string;
    readonly lag: number | null;
    readonly clients: readonly string[];
  }[];
  readonly writtenBy: readonly Writer[];
}

export type RecordState = 'committed' | 'open' | 'aborted' | 'marker';

export interface RecordRow {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly state: RecordState;
  readonly codec: string;
  readonly producerId: number;
  /** Bytes of key and value; 0 for null. */
  readonly size: number;
  readonly key: Content | null;
  readonly value: Content | null;
  readonly headers: readonly { readonly key: string; readonly value: Content | null }[];
}

/** Bytes as they can be shown. */
export interface Content {
  /** As UTF-8, or in hexadecimal where they are no UTF-8. */
  readonly text: string;
  readonly isHex: boolean;
  /** Of all; `text` may show the first of them only. */
  readonly bytes: number;
  readonly isCut: boolean;
}

export interface RecordsFrame {
  readonly topic: string;
  readonly rows: readonly RecordRow[];
  /** Asks for what follows, or came before; null where there is nothing more. */
  readonly next: string | null;
  /** Records looked at for them. */
  readonly searched: number;
}

export interface GroupRow {
  readonly id: string;
  readonly type: string;
  readonly state: string;
  readonly members: number;
  readonly lag: number | null;
  /** How old the oldest record is that it has left to read; null where there is none, or it is not known. */
  readonly ageMs: number | null;
  readonly topics: readonly string[];
}

export interface GroupsFrame {
  /** Those that fit the filter, of all. */
  readonly found: number;
  readonly all: number;
  readonly rows: readonly GroupRow[];
}

export interface GroupFrame {
  readonly id: string;
  readonly type: string | null;
  readonly state: string;
  readonly memberCount: number;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly host: string;
    /** The first of them. */
    readonly assigned: readonly string[];
    readonly assignedCount: number;
  }[];
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly committed: number | null;
    readonly end: number;
    readonly unread: number | null;
    /** How old the oldest of them is. */
    readonly ageMs: number | null;
    readonly owner: string | null;
    /** The broker that leads it; -1 for none. */
    readonly leader: number;
  }[];
  readonly why: readonly Finding[];
  /** The newest first. */
  readonly rebalances: readonly RebalanceStory[];
  /** By the broker's clock. */
  readonly nowMs: number;
}

export interface ClientsFrame {
  readonly found: number;
  readonly rows: readonly {
    readonly clientId: string;
    readonly host: string;
    readonly listener: string;
    readonly connections: number;
    /** Where traffic is recorded, else null: requests, those that told of an error, the software it names. */
    readonly traffic: { readonly requests: number; readonly errors: number; readonly software: string } | null;
  }[];
}

/** One client id. */
export interface ClientFrame {
  readonly id: string;
  readonly connections: number;
  readonly software: string;
  /** Whether traffic is recorded: else nothing is known of what it sent. */
  readonly isTraffic: boolean;
  /** That it has written to. */
  readonly topics: readonly string[];
  /** That it is a member of. */
  readonly groups: readonly string[];
  /** Its newest Produce requests. */
  readonly produced: readonly TrafficRow[];
}

export interface TransactionsFrame {
  readonly found: number;
  /** By the broker's clock. */
  readonly nowMs: number;
  readonly rows: readonly {
    readonly transactionalId: string;
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly state: string;
    /** Since when it has been open; null for one that is not. */
    readonly sinceMs: number | null;
    readonly timeoutMs: number;
    readonly holdsBack: readonly string[];
  }[];
}

export interface StorageFrame {
  readonly directories: readonly {
    readonly path: string;
    readonly isOffline: boolean;
    readonly bytes: number;
    readonly partitions: number;
  }[];
  /** So often what is too old or too much is looked for, to be deleted. */
  readonly checkedEveryMs: number;
  /** By the broker's clock. */
  readonly nowMs: number;
  readonly largest: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly bytes: number;
    readonly segments: number;
    /** The broker that leads it; -1 for none. */
    readonly leader: number;
    readonly isCompacted: boolean;
    /** -1: without end. */
    readonly retentionMs: number;
    readonly retentionBytes: number;
    /** Null where it was not, or too long ago to be known. */
    readonly compactedMs: number | null;
    /** When retention deleted something of it last; null as above. */
    readonly shortenedMs: number | null;
    /** When its oldest segment is older than retention.ms; null where that is kept without end. */
    readonly oldAtMs: number | null;
    /** What part of it has to be new for it to be compacted, 0 to 1. */
    readonly compactedFrom: number;
  }[];
}

export interface SettingsFrame {
  /** Those that fit the filter, of all. */
  readonly found: number;
  readonly all: number;
  /** What somebody has set first. */
  readonly rows: readonly {
    readonly key: string;
    readonly value: string;
    readonly usual: string;
    readonly source: string;
  }[];
}

export interface JournalFrame {
  /** Those that fit, of all. */
  readonly found: number;
  readonly all: number;
  /** The newest first. */
  readonly entries: readonly JournalEntry[];
}

export interface TrafficFrame {
  /** How many requests have come, forgotten ones included. */
  readonly count: number;
  /** The newest first. */
  readonly rows: readonly TrafficRow[];
  /** By the broker's clock. */
  readonly nowMs: number;
  /** What cannot be understood of the filter, and where it stands in it, from 0. */
  readonly error: { readonly detail: string; readonly at: number } | null;
}

export interface ExchangeFrame {
  readonly exchange:
    | (TrafficRow & {
        readonly version: number;
        readonly connection: number;
        readonly correlationId: number;
        readonly broker: number;
        readonly principal: string;
        /** Request and response, with all that they say. */
        readonly text: string;
        readonly isCut: boolean;
        readonly fault: FaultCode;
      })
    | null;
}

export interface TrafficRow {
  readonly number: number;
  readonly atMs: number;
  readonly clientId: string;
  readonly api: string;
  readonly about: string;
  readonly outcome: string;
  readonly durationMs: number | null;
  /** Waits for records: that it takes long says nothing. */
  readonly isLongPoll: boolean;
  readonly errors: readonly string[];
  readonly faults: readonly string[];
}

/** A wait of the test that goes on. */
export interface TestWait {
  /** "2 messages in 'orders'" */
  readonly what: string;
  /** Where the test began it; '' where that is not known. */
  readonly at: string;
  readonly forMs: number;
  readonly timeoutMs: number;
  /** What there is so far: '1'; '' where that is not known. */
  readonly seen: string;
}

export interface TestFrame {
  readonly clockMs: number;
  readonly clockIsVirtual: boolean;
  /** `id` is null for a fault of the disk. */
  readonly faults: readonly { readonly id: number | null; readonly description: string; readonly fired: number }[];
  /** What the test waits for now. */
  readonly waiting: readonly TestWait[];
  /** Whether the test goes on only when somebody says so here. */
  readonly isPaused: boolean;
}

/** What a report holds instead of a broker. */
export interface ReportFrame {
  readonly madeAtMs: number;
  /** Null where no test has failed. */
  readonly failure: ReportedFailure | null;
  /** By their addresses: 'overview', 'topic?name=orders'. */
  readonly views: Readonly<Record<string, object>>;
  /** By topic: of each partition the last and the first. */
  readonly records: Readonly<Record<string, readonly RecordRow[]>>;
  /** What there was no room for: '12000 messages', 'the details of 3 of 9 groups'. */
  readonly leftOut: readonly string[];
}

export interface ReportedFailure {
  /** The name of the test; '' where it is not known. */
  readonly test: string;
  readonly errors: readonly { readonly message: string; readonly stack: string }[];
}

/** What each view is told, by its name. */
export interface Frames {
  readonly overview: OverviewFrame;
  readonly topics: TopicsFrame;
  readonly topic: { readonly topic: TopicFrame | null };
  readonly groups: GroupsFrame;
  readonly group: GroupFrame;
  readonly clients: ClientsFrame;
  readonly client: ClientFrame;
  readonly transactions: TransactionsFrame;
  readonly storage: StorageFrame;
  readonly settings: SettingsFrame;
  readonly journal: JournalFrame;
  readonly traffic: TrafficFrame;
  readonly exchange: ExchangeFrame;
  readonly test: TestFrame;
}
