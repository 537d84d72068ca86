/**
 * The metadata log in etcd. A commit is one transaction: *if* the controller's key is still the one this term began with *and*
 * nobody has appended since, *then* put the batches and the new head. Nothing else makes it safe, and nothing else has to.
 *
 *     append ──▶ txn ──holds──▶ done
 *                 ├──does not hold──▶ are the bytes at this offset mine? ──yes──▶ done (an earlier try came late)
 *                 │                                                      └─no──▶ deposed
 *                 └──no answer──▶ read what is there ──mine──▶ done
 *                                                    ├──as before, still controller──▶ the same txn again
 *                                                    ├──another's──▶ deposed
 *                                                    └──no answer──▶ the same again, until this process steps down: unknown
 */
import { recordCount } from '../../protocol/records/batch.ts';
import { AmbiguousError, RefusedError, type EtcdClient } from '../etcd/client.ts';
import { Code, type Compare, type EtcdId, type KeyValue, type RequestOp } from '../etcd/channel.ts';
import type { Clock } from '../platform/clock.ts';
import {
  decodeClaim,
  decodeHead,
  decodeSnapshotEntry,
  encodeClaim,
  encodeHead,
  encodeSnapshotEntry,
  type EtcdKeys,
  type StoredClaim,
} from './etcd-keys.ts';
import {
  MetadataGapError,
  PIECE_BYTES,
  type ControllerClaim,
  type Head,
  type Leadership,
  type LogBatch,
  type MetadataFound,
  type MetadataLog,
  type SnapshotId,
  type StoredSnapshot,
  type Term,
} from './metadata-log.ts';

/** Batches of one read: etcd's answers grow to some MiB then. */
const PAGE = 64;
const EMPTY: Head = { nextOffset: 0, epoch: 0 };
const AGAIN_MS = 50;

/** As etcd knew it when it was asked. */
export interface EtcdLeadership extends Leadership {
  readonly claim: StoredClaim | null;
}

export class EtcdTerm implements Term {
  readonly claim: StoredClaim;
  readonly epoch: number;
  /** Of the controller's key: no other claim ever has the same. */
  readonly createRevision: number;
  nextOffset: number;
  /** Of the head as this term has seen, or left, it. */
  headRevision: number;
  /** Nothing is appended under it any more: the process has stepped down. */
  isOver = false;

  constructor(claim: StoredClaim, createRevision: number, head: Head, headRevision: number) {
    this.claim = claim;
    this.createRevision = createRevision;
    this.epoch = head.epoch + 1;
    this.nextOffset = head.nextOffset;
    this.headRevision = headRevision;
  }
}

export class EtcdMetadataLog implements MetadataLog {
  readonly #client: EtcdClient;
  readonly #keys: EtcdKeys;
  readonly #clock: Clock;

  constructor(client: EtcdClient, keys: EtcdKeys, clock: Clock) {
    this.#client = client;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Who may append, as etcd knows it now; null: nobody. @throws {UnreachableError} */
  async holder(): Promise<StoredClaim | null> {
    return (await this.leader()).claim;
  }

  /**
   * Who may append, and its epoch once it has appended under it: before, its claim is all there is.
   * @throws {UnreachableError}
   */
  async leader(): Promise<EtcdLeadership> {
    const { kvs } = await this.#client.range(this.#keys.leadership);
    const [controller, head] = [this.#keys.controller, this.#keys.head].map((key) =>
      kvs.find((kv) => kv.key.equals(key)),
    );
    return {
      claim: controller === undefined ? null : decodeClaim(controller.value),
      ...(head === undefined ? EMPTY : decodeHead(head.value)),
      hasBegun: controller !== undefined && head !== undefined && head.modRevision > controller.createRevision,
    };
  }

  /** Makes the controller's key under a lease that has just been granted. Null: another claim stands. @throws {UnreachableError} */
  async claim(claim: ControllerClaim, leaseId: EtcdId): Promise<EtcdTerm | null> {
    const stored = { ...claim, leaseId };
    const key = this.#keys.controller;
    try {
      const { succeeded } = await this.#client.txn({
        compare: [{ key, target: 'createRevision', is: '=', value: 0 }],
        success: [{ put: { key, value: encodeClaim(stored), lease: leaseId } }],
      });
      if (!succeeded) return null;
    } catch (error) {
      if (!(error instanceof AmbiguousError)) throw error;
      // What follows looks whether it has happened. If it happens later the lease has been revoked by then, and etcd refuses it.
    }
    const { kvs } = await this.#client.range({ key });
    if (kvs.length === 0 || kvs[0].lease !== leaseId) return null;
    const { head, revision } = await this.#head();
    return new EtcdTerm(stored, kvs[0].createRevision, head, revision);
  }

  /** Whether the controller's key is still the one of this term. @throws {UnreachableError} */
  async isHeld({ createRevision }: EtcdTerm): Promise<boolean> {
    const { kvs } = await this.#client.range({ key: this.#keys.controller });
    return kvs[0]?.createRevision === createRevision;
  }

  /** As far as the log is committed, and its head then. @throws {MetadataGapError} @throws {UnreachableError} */
  read(from: number): Promise<MetadataFound & { readonly head: Head }> {
    return this.#found(() => from);
  }

  /** @throws {MetadataGapError} @throws {UnreachableError} */
  load(): Promise<MetadataFound & { readonly head: Head }> {
    return this.#found((snapshot) => snapshot?.logStart.endOffset ?? 0);
  }

  /** As of one revision. Once more where that is forgotten: another controller has written a snapshot and compacted meanwhile. */
  async #found(from: (snapshot: StoredSnapshot | null) => number): Promise<MetadataFound & { readonly head: Head }> {
    for (;;) {
      const { head, atRevision } = await this.#head();
      try {
        const { kvs } = await this.#client.range({ key: this.#keys.snapshot, revision: atRevision });
        const snapshot = kvs.length === 0 ? null : decodeSnapshotEntry(kvs[0].value);
        return { snapshot, batches: await this.#batches(from(snapshot), head, atRevision), head };
      } catch (error) {
        if (!(error instanceof RefusedError && error.code === Code.outOfRange)) throw error;
      }
    }
  }

  /** A piece of a snapshot; null: it is there no more, as there is a newer one. @throws {UnreachableError} */
  async piece(id: SnapshotId, piece: number): Promise<Buffer | null> {
    const { kvs } = await this.#client.range({ key: this.#keys.piece(id, piece) });
    return kvs.length === 0 ? null : kvs[0].value;
  }

  /** All of a snapshot. @throws {UnreachableError} @throws {MetadataGapError} when it is not whole */
  async snapshotBytes(snapshot: StoredSnapshot): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let at = 0; at < snapshot.bytes; at += PIECE_BYTES) {
      const piece = await this.piece(snapshot, at / PIECE_BYTES);
      if (piece === null) throw new MetadataGapError(snapshot.bytes, at);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /**
   * Writes a piece of a snapshot, which counts once `publishSnapshot` names it. False: another controller has taken over, or this
   * one has stepped down. @throws {RefusedError}
   */
  putPiece(term: EtcdTerm, id: SnapshotId, piece: number, value: Buffer): Promise<boolean> {
    return this.#whileHeld(term, [{ put: { key: this.#keys.piece(id, piece), value } }]);
  }

  /** Makes a snapshot the newest one, and ends what it replaces: older snapshots, and the log before `logStart`. */
  async publishSnapshot(term: EtcdTerm, snapshot: StoredSnapshot): Promise<boolean> {
    const put = { put: { key: this.#keys.snapshot, value: encodeSnapshotEntry(snapshot) } };
    if (!(await this.#whileHeld(term, [put]))) return false;
    const old = this.#keys.otherPieces(snapshot);
    const log = { key: this.#keys.batch(0), rangeEnd: this.#keys.batch(snapshot.logStart.endOffset) };
    const ranges = snapshot.logStart.endOffset > 0 ? [...old, log] : old;
    const deletions = ranges.map((deleteRange): RequestOp => ({ deleteRange }));
    if (!(await this.#whileHeld(term, deletions))) return false;
    const { atRevision } = await this.#head();
    await this.#client.compact(atRevision).catch((error: unknown) => {
      if (!(error instanceof AmbiguousError)) throw error; // the next snapshot compacts again
    });
    return true;
  }

  /** What may be done any number of times, while the controller's key is the one of this term. @throws {RefusedError} */
  async #whileHeld(term: EtcdTerm, success: readonly RequestOp[]): Promise<boolean> {
    while (!term.isOver) {
      try {
        return (await this.#client.txn({ compare: [this.#claimGuard(term)], success })).succeeded;
      } catch (error) {
        if (!(error instanceof AmbiguousError)) throw error;
      }
      await this.#wait(AGAIN_MS);
    }
    return false;
  }

  async #batches(from: number, head: Head, atRevision: number): Promise<LogBatch[]> {
    const batches: LogBatch[] = [];
    let expected = from;
    while (expected < head.nextOffset) {
      const { kvs } = await this.#client.range({
        key: this.#keys.batch(expected),
        rangeEnd: this.#keys.logEnd,
        limit: PAGE,
        revision: atRevision, // as of the head that was read: what is appended meanwhile is another read's
      });
      if (kvs.length === 0) throw new MetadataGapError(expected, head.nextOffset);
      for (const { key, value } of kvs) {
        const offset = this.#keys.offsetOf(key);
        if (offset !== expected) throw new MetadataGapError(expected, offset);
        const count = recordCount(value, 0);
        batches.push({ offset, count, bytes: value });
        expected += count;
      }
    }
    if (expected !== Math.max(from, head.nextOffset)) throw new MetadataGapError(head.nextOffset, expected);
    return batches;
  }

  /**
   * Appends one commit. 'deposed': another controller has taken over; nothing of the commit is there, nor will be. While no
   * member of etcd answers it goes on trying, until the term is over: then the outcome is 'unknown'.
   * @throws {RefusedError} when etcd does not take it (no space, no permission): nothing is changed
   */
  async append(term: EtcdTerm, batches: readonly Omit<LogBatch, 'offset'>[]): Promise<'done' | 'deposed' | 'unknown'> {
    const placed: LogBatch[] = [];
    let nextOffset = term.nextOffset;
    for (const { count, bytes } of batches) {
      placed.push({ offset: nextOffset, count, bytes });
      nextOffset += count;
    }
    const head = { nextOffset, epoch: term.epoch };
    let mayComeLate = false;
    while (!term.isOver) {
      const outcome = await this.#try(term, placed, head, mayComeLate);
      if (outcome === 'done' || outcome === 'deposed') return outcome;
      mayComeLate ||= outcome === 'ambiguous';
      await this.#wait(AGAIN_MS);
    }
    return 'unknown';
  }

  /**
   * 'ambiguous': it may have happened, or happens later; the guard makes a second try harmless. 'unknown': it was not tried.
   * @throws {RefusedError} unless an earlier try may come late, which a refusal of this one does not prevent
   */
  async #try(
    term: EtcdTerm,
    placed: readonly LogBatch[],
    head: Head,
    mayComeLate: boolean,
  ): Promise<'done' | 'deposed' | 'ambiguous' | 'unknown'> {
    let outcome: 'ambiguous' | 'unknown' = 'unknown';
    try {
      const { succeeded, header } = await this.#client.txn({
        compare: this.#guard(term),
        success: this.#puts(placed, head),
      });
      if (succeeded) return this.#appended(term, head, header.revision);
    } catch (error) {
      if (error instanceof AmbiguousError) outcome = 'ambiguous';
      else if (!(mayComeLate && error instanceof RefusedError)) throw error;
    }
    try {
      const found = await this.#fateOf(term, placed, head);
      if (found === 'mine') return 'done';
      return found === 'unchanged' ? outcome : 'deposed';
    } catch (error) {
      if (error instanceof AmbiguousError) return outcome; // nobody has answered
      throw error;
    }
  }

  #guard(term: EtcdTerm): Compare[] {
    return [this.#claimGuard(term), { key: this.#keys.head, target: 'modRevision', is: '=', value: term.headRevision }];
  }

  #claimGuard({ createRevision }: EtcdTerm): Compare {
    return { key: this.#keys.controller, target: 'createRevision', is: '=', value: createRevision };
  }

  #puts(placed: readonly LogBatch[], head: Head): RequestOp[] {
    return [
      ...placed.map(({ offset, bytes }): RequestOp => ({ put: { key: this.#keys.batch(offset), value: bytes } })),
      { put: { key: this.#keys.head, value: encodeHead(head) } },
    ];
  }

  #appended(term: EtcdTerm, { nextOffset }: Head, headRevision: number): 'done' {
    term.nextOffset = nextOffset;
    term.headRevision = headRevision;
    return 'done';
  }

  /** What has become of a commit: by the bytes that stand at its offset, which no other controller's can equal (their epoch). */
  async #fateOf(term: EtcdTerm, placed: readonly LogBatch[], head: Head): Promise<'mine' | 'unchanged' | 'taken'> {
    const { succeeded, responses } = await this.#client.txn({
      compare: this.#guard(term),
      success: [],
      failure: [{ range: { key: this.#keys.head } }, { range: { key: this.#keys.batch(placed[0].offset) } }],
    });
    if (succeeded) return 'unchanged';
    const [stored, batch] = responses.map((op) => ('range' in op ? op.range.kvs.at(0) : undefined));
    if (stored === undefined || batch === undefined || !batch.value.equals(placed[0].bytes)) return 'taken';
    // It was the last thing this term has appended: behind it stands nothing, or what another controller has appended since.
    if (isSame(decodeHead(stored.value), head)) this.#appended(term, head, stored.modRevision);
    else term.isOver = true;
    return 'mine';
  }

  async #head(): Promise<{ head: Head; revision: number; atRevision: number }> {
    const { kvs, header } = await this.#client.range({ key: this.#keys.head });
    const stored: KeyValue | undefined = kvs[0];
    const atRevision = header.revision;
    return stored === undefined
      ? { head: EMPTY, revision: 0, atRevision }
      : { head: decodeHead(stored.value), revision: stored.modRevision, atRevision };
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(delayMs, resolve));
  }
}

function isSame(a: Head, b: Head): boolean {
  return a.nextOffset === b.nextOffset && a.epoch === b.epoch;
}
