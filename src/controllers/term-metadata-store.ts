/**
 * The metadata store of one term of the active controller: what its operations decide becomes a batch of Kafka's at the term's
 * epoch, and is told once it is committed. Nobody else appends while the term stands, so there is no conflict.
 *
 *     drafts ──≤ 1 MiB──▶ one batch ─────────────────────────────┐
 *        └─more─▶ Begin │ … │ … │ EndTransactionRecord (KIP-868) ─┴─▶ committed ──▶ told to those who watch, served to followers
 *                   └─ one of them is refused: AbortTransactionRecord, with the next commit at the latest
 */
import { ChangeRefusedError, NotControllerError } from '../cluster/controller-errors.ts';
import { batchOfValues, decodeMetadataBatch } from '../cluster/metadata-batch.ts';
import type { MetadataDraft, MetadataRecord } from '../cluster/metadata-records.ts';
import { encodeSnapshot } from '../cluster/metadata-snapshot.ts';
import type { MetadataBatch, MetadataStore } from '../cluster/metadata-store.ts';
import { RefusedError } from '../etcd/client.ts';
import { RecordValues } from '../cluster/record-values.ts';
import type { Clock } from '../platform/clock.ts';
import type { ReadLog } from './followed-log.ts';
import type { LogCopy } from './log-copy.ts';
import {
  LOG_START,
  PIECE_BYTES,
  type MetadataLog,
  type SnapshotId,
  type StoredSnapshot,
  type Term,
} from './metadata-log.ts';
import { whatToDo } from './refusals.ts';

/** Of a batch, with its key and the head in one request; etcd takes 1.5 MiB. */
const BATCH_BYTES = 1 << 20;
/** Of a record besides its value, at most. */
const RECORD_OVERHEAD = 32;

export interface TermMetadataStoreOptions {
  readonly metadataLog: MetadataLog;
  readonly term: Term;
  /** The log as it was when the term began. */
  readonly found: Pick<ReadLog, 'copy' | 'snapshot'>;
  readonly clock: Clock;
  /** Told when another controller has taken over. */
  readonly deposed: () => void;
  /** Told of each batch once it is committed. */
  readonly appended?: () => void;
}

export class TermMetadataStore implements MetadataStore {
  readonly sharesCommits = true;
  readonly #options: TermMetadataStoreOptions;
  readonly #watchers = new Set<(batch: MetadataBatch) => void>();
  #copy: LogCopy;
  #snapshot: StoredSnapshot | null;
  /** Of a transaction that is not told yet. */
  #untold: MetadataRecord[] = [];

  constructor(options: TermMetadataStoreOptions) {
    this.#options = options;
    this.#copy = options.found.copy;
    this.#snapshot = options.found.snapshot;
  }

  /** The log as followers are served it. */
  get copy(): LogCopy {
    return this.#copy;
  }

  /** The newest one. */
  get snapshot(): StoredSnapshot | null {
    return this.#snapshot;
  }

  /** How many bytes of batches the newest snapshot has not. */
  get bytesSinceSnapshot(): number {
    return this.#copy.bytesFrom(this.#snapshot?.endOffset ?? 0);
  }

  /**
   * Whether the log has grown so much that it is time for the next one: by `bytes`, and by as much as the newest one has, so that
   * snapshots of a large cluster are no more to write than its log.
   */
  isSnapshotDue(bytes: number): boolean {
    return this.bytesSinceSnapshot >= Math.max(bytes, this.#snapshot?.bytes ?? 0);
  }

  /** Nothing: whoever begins a term has read the log, and made its image. */
  load(): Promise<MetadataBatch[]> {
    return Promise.resolve([]);
  }

  /**
   * @throws {NotControllerError} when the term is over; whether it was stored is not known then
   * @throws {ChangeRefusedError} when the log's engine does not take it: nothing has changed
   */
  async append(drafts: readonly MetadataDraft[], expectedRevision: number): Promise<'stored' | 'conflict'> {
    if (this.#untold.length > 0) {
      // A transaction that was broken off in the middle: it ends first, and what was decided meanwhile is decided again.
      await this.#abort();
      return 'conflict';
    }
    if (expectedRevision !== this.#copy.endOffset - 1) {
      throw new Error(`the metadata log ends at ${this.#copy.endOffset}: ${expectedRevision} is not its revision`);
    }
    const pieces = piecesOf(drafts);
    if (pieces.length === 1) await this.#commit(pieces[0]);
    else await this.#commitAll(pieces);
    this.#tell();
    return 'stored';
  }

  watch(listener: (batch: MetadataBatch) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** A snapshot of the state at a revision, behind which the log is short again; false where the term is over. @throws {ChangeRefusedError} */
  async writeSnapshot(records: Iterable<MetadataDraft>, revision: number): Promise<boolean> {
    const { metadataLog, term, clock } = this.#options;
    const endOffset = revision + 1;
    const id = { endOffset, epoch: this.#copy.epochBefore(endOffset) };
    const writer = new PieceWriter((piece, bytes) => metadataLog.putPiece(term, id, piece, bytes));
    try {
      for (const bytes of encodeSnapshot(records, { epoch: id.epoch, timestamp: clock.now() })) {
        if (!(await writer.write(bytes))) return false;
        await new Promise<void>((resolve) => void clock.after(0, resolve)); // others have their turn
      }
      if (!(await writer.end())) return false;
      const logStart = this.#snapshot === null ? LOG_START : idOf(this.#snapshot);
      const snapshot = { ...id, bytes: writer.bytes, logStart };
      if (!(await metadataLog.publishSnapshot(term, snapshot))) return false;
      this.#snapshot = snapshot;
      this.#copy = this.#copy.from(logStart);
      return true;
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** Bytes of the newest snapshot; null where it is another one by now. @throws {UnreachableError} */
  async readSnapshot(id: SnapshotId, position: number, maxBytes: number): Promise<Buffer | null> {
    const snapshot = this.#snapshot;
    if (snapshot === null || snapshot.endOffset !== id.endOffset || snapshot.epoch !== id.epoch) return null;
    const piece = await this.#options.metadataLog.piece(snapshot, Math.floor(position / PIECE_BYTES));
    const at = position % PIECE_BYTES;
    return piece === null ? null : piece.subarray(at, at + maxBytes);
  }

  async close(): Promise<void> {
    this.#watchers.clear();
  }

  async #commitAll(pieces: readonly RecordValues[]): Promise<void> {
    try {
      for (const piece of pieces) await this.#commit(piece);
    } catch (error) {
      // What cannot be aborted now is before the next commit.
      if (error instanceof ChangeRefusedError && this.#untold.length > 0) await this.#abort().catch(() => {});
      throw error;
    }
  }

  async #abort(): Promise<void> {
    await this.#commit(RecordValues.of([{ type: 'AbortTransactionRecord', reason: 'a part of it was refused' }]));
    this.#tell();
  }

  /** One batch: committed when it resolves. */
  async #commit(values: RecordValues): Promise<void> {
    const { metadataLog, term, clock, deposed, appended } = this.#options;
    const offset = term.nextOffset;
    const timestamp = clock.now();
    const { count } = values;
    const bytes = batchOfValues(values, { baseOffset: offset, leaderEpoch: term.epoch, timestamp });
    let outcome: Awaited<ReturnType<MetadataLog['append']>>;
    try {
      outcome = await metadataLog.append(term, [{ count, bytes }]);
    } catch (error) {
      throw refusalOf(error);
    }
    if (outcome !== 'done') {
      if (outcome === 'deposed') deposed();
      throw new NotControllerError();
    }
    this.#copy.add({ offset, count, bytes });
    for (const record of decodeMetadataBatch(bytes).records) this.#untold.push(record);
    appended?.();
  }

  /** A commit of several batches is told as one. */
  #tell(): void {
    const batch = { records: this.#untold, revision: this.#copy.endOffset - 1 };
    this.#untold = [];
    for (const watcher of this.#watchers) watcher(batch);
  }
}

function idOf({ endOffset, epoch }: StoredSnapshot): SnapshotId {
  return { endOffset, epoch };
}

/** Records as they go into batches; more than one are a transaction. */
function piecesOf(drafts: readonly MetadataDraft[]): RecordValues[] {
  const all = RecordValues.of(drafts);
  const ends = cutsOf(all);
  if (ends.length === 1) return [all];
  return ends.map((end, i) => {
    const piece = new RecordValues();
    if (i === 0) piece.add({ type: 'BeginTransactionRecord', name: null });
    piece.addAll(all, i === 0 ? 0 : ends[i - 1], end);
    if (end === all.count) piece.add({ type: 'EndTransactionRecord' });
    return piece;
  });
}

/** Behind the last record of each batch. */
function cutsOf({ ends, count }: RecordValues): number[] {
  const cuts: number[] = [];
  let size = 0;
  for (let i = 0; i < count; i++) {
    const bytes = ends[i] - (i === 0 ? 0 : ends[i - 1]) + RECORD_OVERHEAD;
    if (size > 0 && size + bytes > BATCH_BYTES) {
      cuts.push(i);
      size = 0;
    }
    size += bytes;
  }
  return [...cuts, count];
}

function refusalOf(error: unknown): unknown {
  return error instanceof RefusedError ? new ChangeRefusedError(`Nothing was changed: ${whatToDo(error)}`) : error;
}

/** Cuts a row of bytes into pieces of one size, and has each written. */
class PieceWriter {
  bytes = 0;
  readonly #put: (piece: number, bytes: Buffer) => Promise<boolean>;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #next = 0;

  constructor(put: (piece: number, bytes: Buffer) => Promise<boolean>) {
    this.#put = put;
  }

  async write(bytes: Buffer): Promise<boolean> {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.bytes += bytes.length;
    while (this.#waitingBytes >= PIECE_BYTES) {
      const all = Buffer.concat(this.#waiting);
      this.#waiting = [all.subarray(PIECE_BYTES)];
      this.#waitingBytes -= PIECE_BYTES;
      if (!(await this.#put(this.#next++, all.subarray(0, PIECE_BYTES)))) return false;
    }
    return true;
  }

  async end(): Promise<boolean> {
    return this.#waitingBytes === 0 || this.#put(this.#next++, Buffer.concat(this.#waiting));
  }
}
