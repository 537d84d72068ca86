/**
 * The metadata log of a broker that is alone: one file of record batches in Kafka's format, `__cluster_metadata-0/…0.log`,
 * which Apache Kafka's dump-log --cluster-metadata-decoder reads. Each batch is synced before the change counts.
 */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import { runIn, type Lane } from '../platform/lane.ts';
import { finish, mapInPieces, type Pieces } from '../platform/pieces.ts';
import { metadataBatchInPieces } from './metadata-batch.ts';
import type { MetadataBatch, MetadataStore } from './metadata-store.ts';
import { decodeRecord, NOT_ENFORCED, type MetadataDraft } from './metadata-records.ts';

const DIRECTORY = '__cluster_metadata-0';
const FILE = '00000000000000000000.log';
/** Where it lies in the first log directory. */
export const METADATA_LOG = join(DIRECTORY, FILE);
/** There has never been an election: the only broker leads for ever. */
const LEADER_EPOCH = 1;

export class LocalMetadataStore implements MetadataStore {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #path: string;
  #file: OpenFile;
  #size = 0;
  #nextOffset = 0;
  readonly #watchers = new Set<(batch: MetadataBatch) => void>();
  /** Appended, and not told to all who watch. */
  readonly #untold: MetadataBatch[] = [];
  #isTelling = false;
  readonly #lane: Lane | null;
  /** An append that is done in pieces. */
  #appending: Promise<unknown> | null = null;

  /** `logDirectory` is the first of log.dirs. Large batches are encoded and decoded in `lane`, without one in one go. */
  constructor(files: Files, logDirectory: string, clock: Clock, logger: Logger, lane: Lane | null = null) {
    this.#lane = lane;
    this.#files = files;
    this.#clock = clock;
    this.#logger = logger;
    const directory = join(logDirectory, DIRECTORY);
    this.#path = join(directory, FILE);
    files.makeDirectory(directory);
    const isNew = !files.exists(this.#path);
    this.#file = files.open(this.#path, 'write');
    if (!isNew) return;
    files.syncDirectory(directory);
    files.syncDirectory(logDirectory);
  }

  /** Rejects where the log is damaged, or says what this version does not understand: starting without it would lose it. */
  async load(): Promise<MetadataBatch[]> {
    const bytes = this.#files.readAll(this.#path);
    const batches: MetadataBatch[] = [];
    let at = 0;
    while (isWhole(bytes, at)) {
      // The base offset is the one field that the checksum leaves out.
      if (at > 0 && batch.baseOffset(bytes, at) !== this.#nextOffset) break;
      batches.push(finish(this.#read(bytes, at)));
      at += batch.sizeInBytes(bytes, at);
    }
    if (at < bytes.length) this.#cutTail(bytes, at);
    this.#size = at;
    return batches;
  }

  #cutTail(bytes: Buffer, at: number): void {
    for (let later = at; later < bytes.length; later++) {
      if (!isWhole(bytes, later)) continue;
      throw new Error(
        `${this.#path} is damaged at byte ${at} while later changes stand behind it, from byte ${later} on: ` +
          `restore the file from a copy, or truncate it to ${at} bytes and lose those changes`,
      );
    }
    // A change whose batch is not whole was never answered: its client asks again.
    this.#logger.warn('metadata-tail-cut', { file: this.#path, keptBytes: at, cutBytes: bytes.length - at });
    this.#file.truncate(at);
    this.#file.sync();
  }

  /**
   * One after the other; of a batch that is not large all of it happens before this returns. Those who watch are told then, unless this
   * is asked for by one of them.
   */
  async append(records: readonly MetadataDraft[], expectedRevision: number): Promise<'stored' | 'conflict'> {
    while (this.#appending !== null) await this.#appending;
    const outcome = runIn(this.#lane, this.#appendInPieces(records, expectedRevision));
    if (!(outcome instanceof Promise)) return outcome;
    const ended = (): void => void (this.#appending = null);
    this.#appending = outcome.then(ended, ended);
    return outcome;
  }

  *#appendInPieces(records: readonly MetadataDraft[], expectedRevision: number): Pieces<'stored' | 'conflict'> {
    if (expectedRevision !== this.#nextOffset - 1) return 'conflict';
    const bytes = yield* this.#encode(records, this.#nextOffset);
    try {
      this.#file.write(bytes, 0, bytes.length, this.#size);
      this.#file.sync();
    } catch (error) {
      this.#takeBack();
      throw error;
    }
    this.#size += bytes.length;
    this.#untold.push(yield* this.#read(bytes, 0));
    this.#tell();
    return 'stored';
  }

  watch(listener: (batch: MetadataBatch) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** One batch after the other, also where a listener has another one appended. */
  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let batch; (batch = this.#untold.shift()) !== undefined;)
        for (const watcher of this.#watchers) watcher(batch);
    } finally {
      this.#isTelling = false;
    }
  }

  /** What could not be synced must not come true at the next start. */
  #takeBack(): void {
    try {
      this.#file.truncate(this.#size);
      this.#file.sync();
    } catch (error) {
      this.#logger.error('metadata-tail-left', {
        file: this.#path,
        keptBytes: this.#size,
        error: (error as Error).message,
        next: 'the next change writes over it; should the broker end before, the failed change may be there at its start',
      });
    }
  }

  async rewrite(records: readonly MetadataDraft[], revision: number): Promise<void> {
    // Its last record keeps the offset of the last change, for revisions never go back.
    const bytes = finish(this.#encode(records, Math.max(0, revision + 1 - records.length)));
    this.#file.close();
    this.#files.replace(this.#path, bytes);
    this.#file = this.#files.open(this.#path, 'write');
    this.#size = bytes.length;
    this.#nextOffset = batch.nextOffset(bytes, 0);
  }

  async close(): Promise<void> {
    this.#watchers.clear();
    this.#file.close();
  }

  #encode(records: readonly MetadataDraft[], baseOffset: number): Pieces<Buffer> {
    const timestamp = this.#clock.now();
    return metadataBatchInPieces(records, { baseOffset, leaderEpoch: LEADER_EPOCH, timestamp });
  }

  *#read(bytes: Buffer, at: number): Pieces<MetadataBatch> {
    const decoded = decodeBatch(bytes, at);
    this.#nextOffset = decoded.lastOffset + 1;
    const records = yield* mapInPieces(decoded.records, ({ value }) => decodeRecord(value!));
    const unknown = records.find(({ type }) => NOT_ENFORCED.has(type));
    if (unknown !== undefined) {
      throw new Error(
        `${this.#path} holds a ${unknown.type}, which this version does not act on: start the newer one ` +
          'that wrote it, or an empty log directory',
      );
    }
    return { records, revision: decoded.lastOffset };
  }
}

function isWhole(bytes: Buffer, at: number): boolean {
  const end = batch.batchEnd(bytes, at, bytes.length);
  return end >= 0 && batch.magic(bytes, at) === batch.CURRENT_MAGIC && batch.isCrcValid(bytes, at);
}
