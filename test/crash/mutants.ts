/** Brokers that break a promise, each in one way: what the checker must notice. Each is put in place, and taken back. */
import { CheckedReader } from '../../src/log/checked-reader.ts';
import { LogDirectory } from '../../src/log/directory.ts';
import { Flusher } from '../../src/log/flusher.ts';
import { ProducerSnapshots } from '../../src/log/producer-snapshots.ts';
import { ProducerState } from '../../src/log/producer-state.ts';
import { Segment } from '../../src/log/segment.ts';
import { Partition } from '../../src/partitions/partition.ts';
import { Partitions } from '../../src/partitions/partitions.ts';
import type { OpenFile } from '../../src/platform/files.ts';
import { CrashDisk } from './crash-disk.ts';

export interface Mutant {
  readonly name: string;
  /** Puts it in place; answers how to take it back. */
  readonly apply: () => () => void;
  /** The story that shows it soonest, where that is not the one that shows most of them. */
  readonly seed?: number;
}

/** Replaces a method by one that is made of the old. */
function replaced<T extends object, K extends keyof T>(
  owner: T,
  key: K,
  make: (original: T[K]) => unknown,
): () => void {
  const original = owner[key];
  owner[key] = make(original) as T[K];
  return () => void (owner[key] = original);
}

type Method<T> = (this: T, ...rest: unknown[]) => unknown;

/** The same for methods, which want their object. */
function wrapped<T extends object>(
  owner: T,
  key: keyof T,
  make: (self: T, original: (...rest: unknown[]) => unknown, rest: unknown[]) => unknown,
): () => void {
  return replaced(
    owner,
    key,
    (original) =>
      function mutated(this: T, ...rest: unknown[]) {
        return make(this, (...given) => (original as Method<T>).apply(this, given), rest);
      },
  );
}

export const mutants: readonly Mutant[] = [
  {
    name: 'acknowledges before it writes',
    apply: () => wrapped(Partitions.prototype, 'settle', (_self, settle) => void setImmediate(settle)),
  },
  {
    name: 'acknowledges before the sync has returned',
    apply: () =>
      wrapped(Flusher.prototype, 'startCommit', (self, startCommit) => {
        startCommit();
        self.durableOffset = Number.MAX_SAFE_INTEGER;
        self.onDurable?.(self.durableOffset);
      }),
  },
  {
    name: 'does not sync logs',
    apply: () =>
      wrapped(CrashDisk.prototype, 'open', (_self, open, rest) => {
        const file = open(...rest) as OpenFile;
        if (file.path.endsWith('.log')) Object.assign(file, { sync: () => {}, syncLater: async () => {} });
        return file;
      }),
  },
  {
    name: 'does not sync the names of new files',
    apply: () => wrapped(Flusher.prototype, 'noteNewNames', () => {}),
  },
  {
    name: 'takes every start for one after an orderly end',
    seed: 5,
    apply: () =>
      replaced(
        LogDirectory,
        'open',
        (open) => (options: Parameters<typeof open>[0]) =>
          Object.defineProperty(open.call(LogDirectory, options), 'cleanShutdown', { value: true }),
      ),
  },
  {
    // Not cutting a torn end is no such broker: it is damage then, and never served.
    name: 'throws away what lies behind the recovery point',
    apply: () =>
      wrapped(Segment.prototype, 'trustBelow', (self, trust, rest) => {
        const position = trust(...rest);
        self.file.truncate(self.size);
        return position;
      }),
  },
  {
    name: 'has the recovery point run ahead of the syncs',
    apply: () =>
      wrapped(LogDirectory.prototype, 'checkpoint', (_self, checkpoint, [logs]) => {
        const ahead = [...(logs as Iterable<{ directory: string; endOffset: number; logStartOffset: number }>)];
        checkpoint(
          ahead.map(({ directory, endOffset, logStartOffset }) => ({
            directory,
            logStartOffset,
            recoveryPoint: endOffset,
          })),
        );
      }),
  },
  {
    name: 'forgets the producers',
    apply: () => wrapped(ProducerSnapshots.prototype, 'load', () => new ProducerState()),
  },
  {
    name: 'serves what it does not check',
    apply: () =>
      wrapped(CheckedReader.prototype, 'read', (_self, read, rest) => {
        try {
          return read(...rest);
        } catch {
          return rest[2]; // the bytes stand there all the same
        }
      }),
  },
  {
    name: 'writes small files in place',
    apply: () =>
      wrapped(CrashDisk.prototype, 'replace', (self, _replace, [path, content]) => {
        const file = self.open(path as string, 'write');
        const bytes = Buffer.from(content as Buffer);
        file.truncate(0);
        file.write(bytes, 0, bytes.length, 0);
        file.close();
      }),
  },
  {
    name: 'answers offset commits before they are written',
    apply: () =>
      wrapped(Partition.prototype, 'appendRecords', (self, append, rest) => {
        setImmediate(() => append(...rest));
        return { errorCode: 0, baseOffset: self.endOffset, lastOffset: -1, leaderEpoch: self.leaderEpoch };
      }),
  },
  {
    name: 'deletes a segment too many',
    apply: () =>
      wrapped(Partitions.prototype, 'applyRetention', (self, apply, rest) => {
        for (const { log } of self.all()) if (log.segmentCount > 1) log.deleteRecordsBefore(log.segments[1].baseOffset);
        return apply(...rest);
      }),
  },
];
