/** What the server tells the page: plain JSON, one shape a view. Times in ms since 1970; the browser's code knows these types alone. */
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
  readonly behind: readonly { readonly group: string; readonly lag: number }[];
  readonly recent: readonly JournalEntry[];
}

export interface JournalEntry {
  readonly number: number;
  readonly atMs: number;
  readonly kind: 'topic' | 'setting' | 'leader' | 'broker' | 'group' | 'transaction' | 'disk';
  readonly text: string;
  readonly link: string;
}

export interface TopicRow {
  readonly name: string;
  readonly partitions: number;
  readonly records: number;
  readonly bytes: number;
  readonly recordsPerSecond: number;
  readonly readBy: readonly string[];
  readonly isInternal: boolean;
}

export interface TopicsFrame {
  /** Those that fit the filter, of all. */
  readonly found: number;
  readonly all: number;
  readonly rows: readonly TopicRow[];
}

export interface TopicFrame {
  readonly name: string;
  readonly id: string;
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
  readonly readBy: readonly { readonly group: string; readonly lag: number | null }[];
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

export interface GroupsFrame {
  readonly rows: readonly {
    readonly id: string;
    readonly type: string;
    readonly state: string;
    readonly members: number;
    readonly lag: number | null;
    readonly topics: readonly string[];
  }[];
}

export interface GroupFrame {
  readonly id: string;
  readonly type: string | null;
  readonly state: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly host: string;
    readonly assigned: readonly string[];
  }[];
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly committed: number | null;
    readonly end: number;
    readonly unread: number | null;
    readonly owner: string | null;
  }[];
  readonly why: readonly Finding[];
}

export interface ClientsFrame {
  readonly rows: readonly {
    readonly clientId: string;
    readonly host: string;
    readonly listener: string;
    readonly connections: number;
  }[];
}

export interface TransactionsFrame {
  readonly rows: readonly {
    readonly transactionalId: string;
    readonly producerId: number;
    readonly state: string;
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
  readonly largest: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly bytes: number;
    readonly segments: number;
  }[];
}

export interface SettingsFrame {
  readonly rows: readonly {
    readonly key: string;
    readonly value: string;
    readonly usual: string;
    readonly source: string;
  }[];
}

export interface JournalFrame {
  readonly sinceMs: number;
  readonly entries: readonly JournalEntry[];
}

export interface TrafficFrame {
  /** How many requests have come, forgotten ones included. */
  readonly count: number;
  /** The newest first. */
  readonly rows: readonly TrafficRow[];
}

export interface TrafficRow {
  readonly number: number;
  readonly atMs: number;
  readonly clientId: string;
  readonly api: string;
  readonly about: string;
  readonly outcome: string;
  readonly durationMs: number | null;
  readonly errors: readonly string[];
  readonly faults: readonly string[];
}

export interface TestFrame {
  readonly clockMs: number;
  readonly clockIsVirtual: boolean;
  readonly faults: readonly { readonly id: number; readonly description: string; readonly fired: number }[];
  /** What the test waits for now. */
  readonly waiting: readonly string[];
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
  readonly transactions: TransactionsFrame;
  readonly storage: StorageFrame;
  readonly settings: SettingsFrame;
  readonly journal: JournalFrame;
  readonly traffic: TrafficFrame;
  readonly test: TestFrame;
}
