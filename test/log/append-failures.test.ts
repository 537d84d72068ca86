import { describe, expect, it, vi } from 'vitest';
import { endTxnMarker } from '../../protocol/records/control.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { AppendFailedError } from '../../src/log/append-stage.ts';
import type { OpenFile } from '../../src/platform/files.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { append, batchOf, fixture, readAll, stateOf } from './log-fixture.ts';

/** A disk whose files throw what they are told to. */
class BuggyFiles extends MemoryFiles {
  bug: Error | null = null;

  override open(path: string, mode: 'read' | 'write'): OpenFile {
    const file = super.open(path, mode);
    const write: OpenFile['write'] = (...rest) => {
      if (this.bug !== null) throw this.bug;
      OpenFileWrite.call(file, ...rest);
    };
    const OpenFileWrite = file.write.bind(file);
    return Object.assign(file, { write });
  }
}

const thrownBy = (act: () => unknown): Error | null => {
  try {
    act();
    return null;
  } catch (error) {
    return error as Error;
  }
};

describe('a bug in the way of an append', () => {
  it.each(['before', 'behind'])(
    'is thrown as it came, is no failure of the disk, and leaves nothing of the batch: %s',
    (where) => {
      const { open, stage } = fixture();
      const log = open();
      append(log, batchOf(['a']));
      stage.flush();
      append(log, batchOf(['staged']));
      const bug = new TypeError('no such thing');
      const fail = () => {
        throw bug;
      };
      const mock =
        where === 'before'
          ? vi.spyOn(log.segments[0], 'noteAppended').mockImplementation(fail)
          : vi.spyOn(log.flusher, 'noteAppended').mockImplementation(fail);
      const lost = batchOf(['lost'], { producerId: 5, producerEpoch: 0, baseSequence: 0 });
      expect(thrownBy(() => append(log, lost))).toBe(bug);
      expect(log.health.isRefusing).toBe(false);
      mock.mockRestore();
      stage.flush();
      expect(stateOf(log)).toMatchObject({ endOffset: 2, producers: [], size: log.segments[0].size });
      expect(append(log, batchOf(['b']))).toBe(2);
      stage.flush();
      expect(readAll(log).map(({ value }) => value)).toEqual(['a', 'staged', 'b']);
    },
  );

  it('that shows when the stage is written is told with its stack, and is no failure of the disk', () => {
    const files = new BuggyFiles();
    const { open, stage } = fixture({}, files);
    const said: { event: string; error: unknown }[] = [];
    const note = (event: string, facts: object = {}) =>
      void said.push({ event, ...facts, error: (facts as { error?: unknown }).error });
    const log = open({ logger: { debug() {}, info() {}, warn: note, error: note } });
    append(log, batchOf(['a']));
    files.bug = new TypeError('no such thing');
    const thrown = thrownBy(() => stage.flush());
    expect(thrown).toBeInstanceOf(AppendFailedError);
    expect(thrown!.cause).toBe(files.bug);
    expect(log.health.isRefusing).toBe(false);
    expect(said).toMatchObject([{ event: 'append-failed', error: files.bug.stack }]);
    files.bug = null;
    expect(append(log, batchOf(['b']))).toBe(0);
    stage.flush();
    expect(readAll(log)).toEqual([{ offset: 0, value: 'b' }]);
  });
});

it('an abort marker that the disk refuses in the index of aborted transactions is not in the log either', () => {
  const { open, stage, files } = fixture();
  const log = open();
  const producer = { producerId: 5, producerEpoch: 0, isTransactional: true };
  append(log, batchOf(['a'], { ...producer, baseSequence: 0 }));
  stage.flush();
  const marker = () => encodeBatch({ records: [endTxnMarker('ABORT', 0, 1)], ...producer, isControl: true });
  files.before = (operation, path) => {
    if (path.endsWith('.txnindex')) throw diskError('ENOSPC', operation, path);
  };
  expect(() => append(log, marker())).toThrow('ENOSPC');
  expect(log.health.isRefusing).toBe(true);
  expect([log.endOffset, log.firstUnstableOffset]).toEqual([1, 0]);
  files.before = null;
  expect(append(log, marker())).toBe(1);
  stage.flush();
  expect(log.abortedTransactions(0, 2)).toHaveLength(1);
});
