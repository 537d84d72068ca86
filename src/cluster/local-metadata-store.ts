/**
 * The metadata log of a broker that is alone: one file of record batches in Kafka's format, `__cluster_metadata-0/…0.log`,
 * which Apache Kafka's dump-log --cluster-metadata-decoder reads. Each batch is synced before the change counts.
 */
import * as batch from '../../protocol/records/batch.ts';
import { Reader } from '../../protocol/reader.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import { runIn, type Lane } from '../platform/lane.ts';
import { finish, mapInPieces, type Pieces } from '../platform/pieces.ts';
import { metadataBatchInPieces, recordAt } from './metadata-batch.ts';
import { MetadataFile } from './metadata-file.ts';
import type { MetadataBatch, MetadataStore } from './metadata-store.ts';
import type { MetadataDraft } from './metadata-records.ts';

/** There has never been an election: the only broker leads for ever. */
const LEADER_EPOCH = 1;

export class LocalMetadataStore implements MetadataStore {
  readonly #clock: Clock;
  readonly #file: MetadataFile;
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
    this.#clock = clock;
    this.#file = new MetadataFile(files, logDirectory, logger);
  }

  /** Rejects where the log is damaged, or says what this version does not understand: starting without it would lose it. */
  async load(): Promise<MetadataBatch[]> {
    return this.#file.load().map((bytes) => finish(this.#read(bytes, 0)));
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
    this.#file.append(bytes);
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

  async rewrite(records: readonly MetadataDraft[], revision: number): Promise<void> {
    // Its last record keeps the offset of the last change, for revisions never go back.
    const bytes = finish(this.#encode(records, Math.max(0, revision + 1 - records.length)));
    this.#file.replace(bytes);
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
    if (batch.isControl(batch.attributes(bytes, at))) {
      throw new Error(
        `${this.#file.path} tells of elections: an Apache Kafka has run on this directory and leads its metadata log. Start ` +
          'that Kafka, or an empty log directory',
      );
    }
    const decoded = decodeBatch(bytes, at);
    this.#nextOffset = decoded.lastOffset + 1;
    const records = yield* mapInPieces(decoded.records, ({ offset, value }) =>
      recordAt(offset, value === null ? null : new Reader(value)),
    );
    return { records, revision: decoded.lastOffset };
  }
}
