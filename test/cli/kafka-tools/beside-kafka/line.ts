/** What one of Kafka's tools is asked, and the files that it is given. */
export interface CommandLine {
  /** As in bin/kafka-NAME.sh. */
  readonly tool: string;
  /** Words, in single quotes where there are blanks in one. */
  readonly words: string;
  readonly input?: string;
  /** The lines come in no order. */
  readonly unordered?: boolean;
  /** Kafka's tool ends its whole virtual machine where it does not understand this. */
  readonly ends?: true;
  /** Columns are as wide as names that a tool makes up. */
  readonly narrow?: true;
  /** What differs from run to run, or by how a broker was started. */
  readonly ignore?: RegExp;
}

/** Read by name; what they say of partitions holds when their line's turn comes. */
export const FILES: Readonly<Record<string, string>> = {
  'empty.properties': '',
  'deletions.json': '{"partitions":[{"topic":"auto","partition":0,"offset":1}],"version":1}',
  'bad-deletions.json':
    '{"partitions":[{"topic":"auto","partition":0,"offset":99},{"topic":"missing","partition":0,"offset":1},' +
    '{"topic":"three","partition":0,"offset":0}],"version":1}',
  'twice.json':
    '{"partitions":[{"topic":"auto","partition":0,"offset":-1},{"topic":"auto","partition":0,"offset":-1}],"version":1}',
  'move.json': '{"topics":[{"topic":"one"}],"version":1}',
  'stay.json': '{"version":1,"partitions":[{"topic":"one","partition":0,"replicas":[1],"log_dirs":["any"]}]}',
  'nowhere.json':
    '{"version":1,"partitions":[{"topic":"one","partition":0,"replicas":[2],"log_dirs":["any"]},' +
    '{"topic":"missing","partition":0,"replicas":[1]}]}',
  'offsets.csv': 'one,0,1\n',
  'topic.properties': 'retention.ms=70000\n',
};

export type Line = string | readonly [words: string, more: Omit<CommandLine, 'tool' | 'words'>];

/** Lines of one tool. */
export const of = (tool: string, ...lines: readonly Line[]): CommandLine[] =>
  lines.map((line) => (typeof line === 'string' ? { tool, words: line } : { tool, words: line[0], ...line[1] }));

export const unordered = { unordered: true };
export const narrow = { unordered: true, narrow: true } as const;
export const ends = { ends: true } as const;
