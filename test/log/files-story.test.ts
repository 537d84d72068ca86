/**
 * A seeded day of logs whose files come and go under those who use them: slow readers, syncs, compaction and a copy to another
 * directory are under way while logs are cut, deleted and made again under the same names, with next to no handles.
 */
import assert from 'node:assert/strict';
import { expect, it } from 'vitest';
import { CheckedReader } from '../../src/log/checked-reader.ts';
import { CleaningAbandoned, cleanLog } from '../../src/log/cleaner/pass.ts';
import { OffsetMap } from '../../src/log/cleaner/offset-map.ts';
import { planCleaning } from '../../src/log/cleaner/plan.ts';
import type { Log } from '../../src/log/log.ts';
import { DeletedError } from '../../src/log/owned-files.ts';
import { CopyAbandoned, ReplicaCopy } from '../../src/log/replica-copy.ts';
import { BoundedFiles } from '../../src/platform/bounded-files.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { seededRandom, type Random } from '../../src/platform/random.ts';
import { SEED } from './cleaner/fixture.ts';
import { append, batchOf, fixture, readAll, type Fixture } from './log-fixture.ts';
import { SlowDisk } from './slow-disk.ts';

const DELAY_MS = 20;
const STEPS = 900;
const FUTURE = '/other/orders-0.future';

/** Its directories are synced slowly too, and are not found when they are gone by then. */
class SlowDirectories extends SlowDisk {
  override syncDirectoryLater(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const release = () => (this.exists(path) ? resolve() : reject(diskError('ENOENT', 'open', path)));
      if (this.isSlow) this.syncs.push({ path, release });
      else release();
    });
  }
}

interface Reading {
  readonly letter: string;
  readonly reader: CheckedReader;
  readonly end: number;
  position: number;
}

/** Work in steps, of which some wait for the disk. */
interface Background {
  readonly steps: Generator<Promise<void> | undefined, unknown, void>;
  readonly end: () => void;
  isWaiting: boolean;
}

class Story {
  readonly disk = new SlowDirectories();
  readonly fixture: Fixture;
  readonly errors: string[] = [];
  readonly outcomes = { synced: 0, deleted: 0 };
  readonly #random: Random;
  log: Log;
  /** Every topic of the name has a letter of its own, and what is in its log now. */
  #letter = 'A';
  records: { offset: number; value: string }[] = [];
  #readings: Reading[] = [];
  #background: Background | null = null;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    const config = { segmentBytes: 1500, fileDeleteDelayMs: DELAY_MS, flushMessages: 1, cleanupCompact: true };
    this.fixture = fixture({ ...config, minCleanableDirtyRatio: 0 }, new BoundedFiles(this.disk, 3));
    this.disk.makeDirectory('/other');
    this.log = this.#open();
  }

  #open(): Log {
    const note = (event: string) => void this.errors.push(event);
    return this.fixture.open({ logger: { debug() {}, info() {}, warn: note, error: note } });
  }

  below(count: number): number {
    return Math.floor(this.#random.float() * count);
  }

  async step(): Promise<void> {
    const deeds: (() => void | Promise<void>)[] = [
      () => this.#append(),
      () => this.#append(),
      () => this.#append(),
      () => this.#flush(),
      () => this.#beginToRead(),
      () => this.#readOn(),
      () => this.#readOn(),
      () => this.#goOnInBackground(),
      () => this.#goOnInBackground(),
      () => this.#goOnInBackground(),
      () => this.#letSyncReturn(),
      () => this.#letSyncReturn(),
      () => this.#letSyncReturn(),
      () => this.#letSyncReturn(),
      () => this.fixture.clock.advance(this.below(DELAY_MS)),
      () => (this.below(3) === 0 ? this.#cut() : undefined),
      () => (this.below(3) === 0 ? this.#deleteRecords() : undefined),
      () => (this.below(10) === 0 ? this.#makeAnew() : undefined),
    ];
    await deeds[this.below(deeds.length)]();
    assert.equal(this.log.health.isOffline, false);
    assert.equal(this.log.health.isRefusing, false);
    assert.deepEqual(this.errors, []);
  }

  #append(): void {
    const value = `${this.#letter}${this.below(1e9)}${'.'.repeat(this.below(120))}`;
    // A key of its own each: compaction keeps all.
    const key = String(this.below(1e9)).padStart(9, '0');
    const bytes = batchOf([value], {
      records: [{ key: Buffer.from(key), value: Buffer.from(value), timestamp: 1000 }],
    });
    const offset = append(this.log, bytes);
    this.records.push({ offset, value });
    this.log.flusher.commits.join().then(
      () => this.outcomes.synced++,
      (error: unknown) => {
        if (!(error instanceof DeletedError)) throw error;
        this.outcomes.deleted++;
      },
    );
    this.fixture.stage.flush();
    this.log.flusher.startCommit();
  }

  #flush(): void {
    void this.log.flushLater().catch((error: unknown) => {
      if (!(error instanceof DeletedError)) this.errors.push(String(error));
    });
  }

  #beginToRead(): void {
    const { log } = this;
    const from = log.logStartOffset + this.below(log.endOffset - log.logStartOffset + 1);
    if (from === log.endOffset || this.#readings.length > 9) return;
    const range = log.locate(from, log.endOffset, 4000, true);
    if (range === null) return;
    const { position, length } = range;
    this.#readings.push({ letter: this.#letter, reader: new CheckedReader(range), position, end: position + length });
  }

  #readOn(): void {
    const next = this.#readings[this.below(this.#readings.length)];
    this.#readings = this.#readings.filter((reading) => {
      if (reading !== next) return true;
      const bytes = Buffer.alloc(400);
      let count: number;
      try {
        count = reading.reader.read(bytes, 0, Math.min(bytes.length, reading.end - reading.position), reading.position);
      } catch (error) {
        if (error instanceof DeletedError || String(error).endsWith('was cut while it was read')) return false;
        throw error;
      }
      const found = /[A-Z](?=\d{4})/.exec(bytes.toString('latin1', 61, count))?.[0];
      assert.equal(found, reading.letter);
      reading.position += count;
      return reading.position < reading.end;
    });
  }

  #begin(): Background {
    const { log } = this;
    if (this.below(2) === 0) {
      const copy = new ReplicaCopy(this.fixture.files, log, FUTURE);
      return { steps: copy.run(), end: () => this.#checkCopy(copy), isWaiting: false };
    }
    const plan = planCleaning(log.segments, log.config, {
      nowMs: 1e6,
      checkpoint: null,
      logStartOffset: log.logStartOffset,
      endOffset: log.endOffset,
      lastStableOffset: log.endOffset,
    });
    const map = new OffsetMap(Math.max(16, log.endOffset), 1e9, 0.9, SEED);
    return { steps: cleanLog({ log, plan, map, nowMs: 1e6 }), end: () => {}, isWaiting: false };
  }

  #goOnInBackground(): void {
    const background = (this.#background ??= this.#begin());
    if (background.isWaiting) return;
    try {
      const step = background.steps.next();
      if (step.done === true) {
        this.#background = null;
        background.end();
      } else if (step.value !== undefined) {
        background.isWaiting = true;
        const fail = (error: Error) => {
          this.#background = null;
          try {
            background.steps.throw(error);
          } catch {
            // What it cleaned up is cleaned up.
          }
          if (!(error instanceof DeletedError)) this.errors.push(error.message);
        };
        step.value.then(() => void (background.isWaiting = false), fail);
      }
    } catch (error) {
      this.#background = null;
      if (!(error instanceof CleaningAbandoned || error instanceof CopyAbandoned)) throw error;
    }
  }

  /** The rest is copied once the log is closed; here it goes on instead. */
  #checkCopy(copy: ReplicaCopy): void {
    if (copy.log !== this.log) return;
    const { files } = this.fixture;
    for (const segment of this.log.segments) {
      const path = `${FUTURE}/${segment.path.slice(segment.path.lastIndexOf('/') + 1)}`;
      const copied = files.exists(path) ? files.readAll(path) : Buffer.alloc(0);
      const letters = copied.toString('latin1').match(/[A-Z](?=\d{4})/g) ?? [];
      for (const letter of letters) assert.equal(letter, this.#letter);
    }
  }

  async #letSyncReturn(): Promise<void> {
    if (this.disk.syncs.length > 0) await this.disk.finishSync();
  }

  #cut(): void {
    const { log } = this;
    const offset = log.logStartOffset + this.below(log.endOffset - log.logStartOffset + 1);
    if (this.below(3) === 0) log.truncateFullyAndStartAt(offset);
    else log.truncateTo(offset);
    this.records = this.records.filter(
      (record) => record.offset < log.endOffset && record.offset >= log.logStartOffset,
    );
  }

  #deleteRecords(): void {
    const { log } = this;
    log.deleteRecordsBefore(log.logStartOffset + this.below(log.endOffset - log.logStartOffset + 1));
    this.records = this.records.filter(({ offset }) => offset >= log.logStartOffset);
  }

  #makeAnew(): void {
    this.log.delete();
    this.#letter = String.fromCharCode('A'.charCodeAt(0) + ((this.#letter.charCodeAt(0) - 'A'.charCodeAt(0) + 1) % 26));
    this.records = [];
    this.log = this.#open();
  }

  async end(): Promise<void> {
    this.#background?.steps.return(undefined);
    this.disk.isSlow = false;
    while (this.disk.syncs.length > 0) await this.disk.finishSync();
    await this.fixture.clock.advance(DELAY_MS * 3);
    assert.deepEqual(readAll(this.log), this.records);
    const { logStartOffset, endOffset } = this.log;
    this.log.close();
    const names = this.disk.list('/data/orders-0').filter((name) => name.endsWith('.log') || name.endsWith('.deleted'));
    assert.deepEqual(
      names,
      this.log.segments.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)),
    );
    assert.deepEqual(this.disk.list('/data'), ['orders-0']);
    this.log = this.fixture.open({ logStartOffset, recoveryPoint: endOffset });
    assert.deepEqual(readAll(this.log), this.records);
    this.log.close();
    assert.equal((this.fixture.files as unknown as BoundedFiles).openCount, 0);
    assert.deepEqual(this.errors, []);
  }
}

/** FILES_SEEDS=200 tells more of them. */
const SEEDS = Array.from({ length: Number(process.env.FILES_SEEDS ?? 8) }, (_, i) => i + 1);

it.each(SEEDS)('nobody opens what is not theirs, seed %i', async (seed) => {
  const story = new Story(seed);
  for (let i = 0; i < STEPS; i++) await story.step();
  await story.end();
  expect(story.outcomes.synced).toBeGreaterThan(0);
  expect(story.outcomes.deleted).toBeGreaterThan(0);
});
