/**
 * The metadata log of a controller that is the only one of its cluster: a file of its own, under a lock that its process holds. There
 * is nobody to be elected against; each start is a new term.
 */
import * as batch from '../../protocol/records/batch.ts';
import { ChangeRefusedError } from '../cluster/controller-errors.ts';
import type { MetadataFile } from '../cluster/metadata-file.ts';
import { isDiskError } from '../platform/disk-error.ts';
import type {
  ControllerClaim,
  ControllerElection,
  Elected,
  LogBatch,
  MetadataLog,
  StoredSnapshot,
  Term,
} from './metadata-log.ts';

interface FileTerm extends Term {
  nextOffset: number;
}

export class FileMetadataLog implements MetadataLog {
  readonly keepsSnapshots = false;
  readonly #file: MetadataFile;
  readonly #batches: readonly LogBatch[];

  /** @throws where the file is damaged */
  constructor(file: MetadataFile) {
    this.#file = file;
    this.#batches = file.load().map((bytes) => ({
      offset: batch.baseOffset(bytes, 0),
      count: batch.lastOffsetDelta(bytes, 0) + 1,
      bytes,
    }));
  }

  /** Where it begins. */
  get startOffset(): number {
    return this.#batches.at(0)?.offset ?? 0;
  }

  /** A new term behind all that is there. */
  claim(claim: ControllerClaim): FileTerm {
    const last = this.#batches.at(-1);
    const [epoch, nextOffset] =
      last === undefined ? [0, 0] : [batch.leaderEpoch(last.bytes, 0), last.offset + last.count];
    return { claim, epoch: epoch + 1, nextOffset, isOver: false };
  }

  async load(): Promise<{ readonly snapshot: null; readonly batches: readonly LogBatch[] }> {
    return { snapshot: null, batches: this.#batches };
  }

  /** @throws {ChangeRefusedError} where the disk does not take it */
  async append(term: FileTerm, batches: readonly Omit<LogBatch, 'offset'>[]): Promise<'done'> {
    try {
      for (const { bytes, count } of batches) {
        this.#file.append(bytes);
        term.nextOffset += count;
      }
    } catch (error) {
      if (!isDiskError(error)) throw error;
      throw new ChangeRefusedError(
        `${this.#file.path} cannot be written (${(error as Error).message}): make room in log.dirs`,
      );
    }
    return 'done';
  }

  async piece(): Promise<null> {
    return null;
  }

  async snapshotBytes(): Promise<Buffer> {
    return Buffer.alloc(0);
  }

  async putPiece(): Promise<boolean> {
    return false;
  }

  async publishSnapshot(_term: Term, _snapshot: StoredSnapshot): Promise<boolean> {
    return false;
  }
}

/** Of the only controller: elected at once, until it stops. */
export class OnlyController implements ControllerElection {
  readonly seen = null;
  readonly #term: FileTerm;
  readonly #told: Elected;
  #isStopped = false;

  constructor(log: FileMetadataLog, claim: ControllerClaim, told: Elected) {
    this.#term = log.claim(claim);
    this.#told = told;
    queueMicrotask(() => {
      if (!this.#isStopped) told.elected(this.#term);
    });
  }

  get state(): ControllerElection['state'] {
    return this.#isStopped ? 'stopped' : 'active';
  }

  /** The log cannot be read: nobody else could. */
  lost(): void {
    void this.stop();
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#term.isOver = true;
    this.#told.deposed(this.#term);
  }
}
