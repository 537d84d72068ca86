/** One partition as this broker has it: its log, its role, how far readers may read, and who waits for more. */
import type { RecordDraft } from '../../protocol/records/encode.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { Log } from '../log/log.ts';
import type { ProducerEntry } from '../log/producer-state.ts';
import type { AbortedTransaction } from '../log/transaction-index.ts';
import type { Clock } from '../platform/clock.ts';
import { CommitWaits, PENDING, Until } from './commit-waits.ts';
import type { FollowerFetch, IsrProposal, LeaderTerm, ProposalAnswer } from './leader-state.ts';
import { LeaderState } from './leader-state.ts';
import type { DeletionWaits } from './deletion-waits.ts';
import { LogError } from './log-error.ts';
import { appendOwn, encodeMarker, encodeOwn, type AppendOptions, type Marker } from './own-batch.ts';
import { Receipt, type ReceiptIssuer } from './receipt.ts';
import { recordPieces, type OnUnreadable, type RecordVisitor } from './record-pieces.ts';
import { OwnEnd } from './own-end.ts';
import { PartitionStats } from './partition-stats.ts';
import { storedBatches, type StoredBatch } from './stored-batch.ts';
import { Waiters } from './waiters.ts';

export { LogError } from './log-error.ts';
export type { AppendOptions, Marker } from './own-batch.ts';

/** Where appends go to become real; see AppendSettlement. */
export interface AppendSink {
  /** The partition has an append that is only staged. */
  note(partition: Partition, receipt: Receipt): void;
  /** Writes everything staged; receipts tell what could not be. Does not throw but for bugs. */
  settle(): void;
}

export class Partition implements ReceiptIssuer {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  /** For this folder alone; others ask the partition. Another one after the partition has moved to another log directory. */
  log: Log;
  /** Grows with every election; stands in every batch written under it. */
  leaderEpoch: number;
  /** Offsets below are committed: consumers see no more. See LeaderState. */
  highWatermark: number;
  /** Appended to since the last settle. */
  isTouched = false;
  readonly stats = new PartitionStats();
  /** Fetches of consumers, which wait for the high watermark. */
  readonly consumers = new Waiters();
  /** Fetches of followers, which wait for the log's end. */
  readonly followers = new Waiters();
  /** Told which replicas this leader proposes to be in sync. Null where none of them has a log of its own. */
  onProposal: ((partition: Partition, proposal: IsrProposal) => void) | null = null;
  /** DeleteRecords that wait for other replicas; null until one does. See delete-records.ts. */
  deletions: DeletionWaits | null = null;
  /** Null for a follower. */
  #leader: LeaderState | null;
  readonly #own: OwnEnd;
  /** Its topic is no more: there is nothing to wait for. */
  isDeleted = false;
  readonly #sink: AppendSink;
  readonly #clock: Clock;
  readonly #waits: CommitWaits;

  /** Leads, until it is told otherwise. `highWatermark`: as far as it is known where other brokers have replicas. */
  constructor(
    identity: { topic: string; topicId: string; index: number; leaderEpoch: number },
    log: Log,
    sink: AppendSink,
    clock: Clock,
    highWatermark = log.endOffset,
  ) {
    this.topic = identity.topic;
    this.topicId = identity.topicId;
    this.index = identity.index;
    this.leaderEpoch = identity.leaderEpoch;
    this.log = log;
    this.highWatermark = Math.max(log.logStartOffset, Math.min(highWatermark, log.endOffset));
    this.#own = new OwnEnd(log.endOffset);
    this.#leader = new LeaderState({ leaderEpoch: identity.leaderEpoch, replicas: 1, inSyncReplicas: 1 });
    this.#sink = sink;
    this.#clock = clock;
    this.#waits = new CommitWaits(clock, (receipt, until) => this.#outcome(receipt, until));
    log.flusher.onDurable = () => this.#countOwn();
  }

  get isLeader(): boolean {
    return this.#leader !== null;
  }

  /** Of its newest batch, or -1. Later than `leaderEpoch` where the cluster has forgotten some: see later-epochs.ts. */
  get latestEpoch(): number {
    return this.log.latestEpoch;
  }

  /** Null for a follower. */
  get leaderState(): LeaderState | null {
    return this.#leader;
  }

  /** Begins a term as leader, or takes over what has changed in it: who the replicas are, and which are in sync. */
  lead(term: LeaderTerm): void {
    const goesOn = this.#leader?.leaderEpoch === term.leaderEpoch;
    if (goesOn) this.#leader!.update(term);
    else {
      this.#leader = new LeaderState(term, this.endOffset, this.#clock.monotonic());
      this.leaderEpoch = term.leaderEpoch;
      this.#own.begin(this.log, this.#leader.hasFollowers);
      this.#waits.review(); // those of another term
    }
    this.#countOwn();
    this.#advance();
    if (goesOn) this.#proposeAnyExpansion();
    this.deletions?.review(); // replicas may have gone
  }

  /** Another broker leads from now on: what waits for this one ends with NOT_LEADER_OR_FOLLOWER. */
  follow(leaderEpoch: number): void {
    this.#leader = null;
    this.leaderEpoch = leaderEpoch;
    this.wakeAll();
  }

  /** A follower fetches from `endOffset` on. False: it is none of this partition's. */
  noteFollowerFetch(fetch: FollowerFetch): boolean {
    const leader = this.#leader;
    if (leader === null || !leader.noteFetch(fetch, this.endOffset, this.#clock.monotonic())) return false;
    this.#advance();
    this.#propose(leader.expansion(fetch.followerId, this.highWatermark));
    this.deletions?.review();
    return true;
  }

  /** Looks for followers that have not kept up, as time tells. */
  checkFollowers(): void {
    if (this.#leader === null) return;
    this.#propose(this.#leader.shrinkage(this.endOffset, this.#clock.monotonic()));
    this.#advance();
  }

  #propose(proposal: IsrProposal | null): void {
    if (proposal !== null) this.onProposal?.(this, proposal);
  }

  /** What the controller has made of a proposal. */
  proposalAnswered(proposal: IsrProposal, answer: ProposalAnswer): void {
    if (this.#leader?.leaderEpoch !== proposal.leaderEpoch) return;
    this.#leader.answered(proposal, answer);
    this.#advance();
    this.#waits.review(); // there may be too few now
    if (answer.kind === 'accepted') this.#proposeAnyExpansion();
  }

  #proposeAnyExpansion(): void {
    const leader = this.#leader;
    if (leader?.hasFollowers === true) this.#propose(leader.anyExpansion(this.highWatermark, this.#clock.monotonic()));
  }

  /** Too few replicas in sync for acks=all. */
  get isUnderMinIsr(): boolean {
    return this.#leader?.isUnderMinIsr(this.log.config.minInsyncReplicas) ?? false;
  }

  get config(): LogConfig {
    return this.log.config;
  }

  /** Its log directory has failed: it can neither be read nor written here. */
  get isOffline(): boolean {
    return this.log.health.isOffline;
  }

  /** Bytes in all segments. */
  get size(): number {
    return this.log.size;
  }

  get segmentCount(): number {
    return this.log.segmentCount;
  }

  get logStartOffset(): number {
    return this.log.logStartOffset;
  }

  get endOffset(): number {
    return this.log.endOffset;
  }

  /** Where read_committed readers stop: before the oldest transaction that goes on, or whose marker not all replicas have. */
  get lastStableOffset(): number {
    const { highWatermark, log } = this;
    const open = log.firstUnstableOffset;
    const unreplicated = log.producers.firstUnreplicatedOffset(highWatermark);
    return Math.min(highWatermark, open < 0 ? highWatermark : open, unreplicated < 0 ? highWatermark : unreplicated);
  }

  hasOpenTransaction(producerId: number, producerEpoch: number): boolean {
    return this.log.producers.hasOpenTransaction(producerId, producerEpoch);
  }

  markersOf(producerId: number): number {
    return this.log.producers.markersOf(producerId);
  }

  knowsProducer(producerId: number): boolean {
    return this.log.producers.producers.has(producerId);
  }

  /** Idempotent and transactional producers, as DescribeProducers shows them. */
  activeProducers(): Iterable<ProducerEntry> {
    return this.log.producers.producers.values();
  }

  /** Forgets producers that have written nothing for so long, and have no open transaction. */
  expireProducers(nowMs: number, expirationMs: number): void {
    this.log.producers.removeExpired(nowMs, expirationMs);
  }

  /** Aborted transactions with records in [from, upTo). */
  abortedTransactions(from: number, upTo: number): readonly AbortedTransaction[] {
    return this.log.abortedTransactions(from, upTo);
  }

  /** What idempotence says of a batch before it is appended; see ProducerState.check. */
  checkProducer(bytes: Buffer, at: number): number {
    return this.log.checkProducer(bytes, at);
  }

  /** Appends a batch that has been checked; staged until the sink settles. @throws the disk's error; nothing is appended then */
  append(bytes: Buffer, at: number, length: number, logAppendTimeMs = -1): Receipt {
    const { log, leaderEpoch } = this;
    const baseOffset = log.append(bytes, at, length, leaderEpoch);
    return this.#receiptOf(baseOffset, log.endOffset - 1, logAppendTimeMs);
  }

  /** The receipt again of a batch that was appended before and came twice; after DUPLICATE_SEQUENCE_NUMBER of the log. */
  appendedBefore(lastOffsetDelta: number): Receipt {
    const { duplicateOffset, producers } = this.log;
    return this.#receiptOf(duplicateOffset, duplicateOffset + lastOffsetDelta, producers.duplicateTimestamp);
  }

  #receiptOf(baseOffset: number, lastOffset: number, logAppendTimeMs: number): Receipt {
    const { leaderEpoch: epoch, logStartOffset: start } = this;
    const receipt = new Receipt(this, ErrorCode.NONE, baseOffset, lastOffset, epoch, logAppendTimeMs, start);
    this.#sink.note(this, receipt);
    return receipt;
  }

  get commitsAtOnce(): boolean {
    return this.#own.isWhole(this.log) && this.#leader?.hasFollowers === false;
  }

  /**
   * What has become of an append on this broker alone (acks=1): NONE once it is written, and synced where flush.messages asks
   * for it. At once unless it has to wait for the disk. To be asked after the sink has settled.
   */
  flushed(receipt: Receipt): number | Promise<number> {
    const errorCode = this.#outcome(receipt, Until.flushed);
    return errorCode === PENDING ? this.#waits.add(receipt, Until.flushed, 0) : errorCode;
  }

  /**
   * What has become of an append (acks=all): NONE once the high watermark has passed it. At once with one replica and no
   * flush.messages, otherwise when the replicas have it, and the disk, or with REQUEST_TIMED_OUT after `timeoutMs`.
   */
  committed(receipt: Receipt, timeoutMs: number): number | Promise<number> {
    const errorCode = this.#outcome(receipt, Until.committed);
    return errorCode === PENDING ? this.#waits.add(receipt, Until.committed, timeoutMs) : errorCode;
  }

  /** For what stands at the log's end and is not committed: a leader before may have appended it. Null where all is. */
  uncommittedEnd(): Receipt | null {
    const { leaderEpoch, logStartOffset } = this;
    const end = this.endOffset - 1;
    if (end < this.highWatermark) return null;
    return new Receipt(this, ErrorCode.NONE, end, end, leaderEpoch, -1, logStartOffset);
  }

  #outcome(receipt: Receipt, until: Until): number {
    if (receipt.errorCode !== ErrorCode.NONE) return receipt.errorCode;
    if (until === Until.flushed && receipt.lastOffset < this.#own.offset && receipt.leaderEpoch === this.leaderEpoch) {
      return ErrorCode.NONE;
    }
    if (this.isDeleted) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (this.isOffline) return ErrorCode.KAFKA_STORAGE_ERROR;
    if (this.#leader?.leaderEpoch !== receipt.leaderEpoch) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    if (until === Until.flushed || receipt.lastOffset >= this.highWatermark) return PENDING;
    return this.isUnderMinIsr ? ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND : ErrorCode.NONE;
  }

  /**
   * Appends records of the broker's own (group and transaction state) as one batch, written when this returns; `committed`
   * says when they are there to stay.
   * @throws {LogError} KAFKA_STORAGE_ERROR when the disk refuses, INVALID_PRODUCER_EPOCH when the transaction they belong
   * to has been fenced, NOT_LEADER_OR_FOLLOWER when another broker leads; nothing is appended then
   */
  appendRecords(records: readonly RecordDraft[], options: AppendOptions = {}): Receipt {
    return appendOwn(this, this.#sink, encodeOwn(records, options));
  }

  /**
   * Ends a producer's transaction here (KIP-98), whether or not it has written; as appendRecords.
   * @throws {LogError} INVALID_PRODUCER_EPOCH and TRANSACTION_COORDINATOR_FENCED when a younger one has spoken, else as
   * appendRecords
   */
  appendMarker(marker: Marker): Receipt {
    const { producerId, producerEpoch, coordinatorEpoch, transactionVersion } = marker;
    const refused = this.log.producers.checkMarker(producerId, producerEpoch, coordinatorEpoch, transactionVersion);
    if (refused !== ErrorCode.NONE) throw new LogError(refused, `${this.topic}-${this.index} refuses the marker`);
    return appendOwn(this, this.#sink, encodeMarker(marker));
  }

  /** What was appended has been written: followers may have it now, and consumers as far as it is committed. */
  written(): void {
    if (this.log.flusher.awaitsCommit) this.#own.awaitFlush(this.log).catch(() => this.#notFlushed());
    this.followers.wake();
    this.#countOwn();
  }

  #countOwn(): void {
    if (!this.#own.count(this.log)) return;
    this.#waits.review();
    this.#advance();
  }

  /** A disk that fails is offline by now, and a deletion has been told: what is left is a bug, and must not wait for ever. */
  #notFlushed(): void {
    this.#waits.review();
    this.#waits.end(ErrorCode.UNKNOWN_SERVER_ERROR);
  }

  /**
   * Every record from the log's start to its end, oldest first, one piece of the log at each turn of the iterator; for replay.
   * What is appended between them is visited too. From a later offset on, the records of its batch before it are among them.
   */
  recordPieces(visit: RecordVisitor, onUnreadable: OnUnreadable, from = this.log.logStartOffset): Generator<void> {
    return recordPieces(this, visit, onUnreadable, from);
  }

  /** What a follower is told by its leader: readers of it see as much, as far as it has it. */
  followHighWatermark(leaderHighWatermark: number): void {
    if (this.isLeader) throw new Error(`${this.topic}-${this.index} leads: no other broker tells its high watermark`);
    const highWatermark = Math.min(leaderHighWatermark, this.log.endOffset);
    if (highWatermark > this.highWatermark) this.#show(highWatermark);
  }

  /** The end of its log has gone back. */
  wasCut(): void {
    const { endOffset } = this.log;
    this.#own.cutTo(endOffset);
    this.highWatermark = Math.min(this.highWatermark, endOffset);
  }

  #advance(): void {
    if (this.#leader === null) return;
    const { minInsyncReplicas } = this.log.config;
    const nowMs = this.#leader.hasFollowers ? this.#clock.monotonic() : 0;
    const highWatermark = this.#leader.highWatermark(this.highWatermark, this.#own.offset, minInsyncReplicas, nowMs);
    if (highWatermark > this.highWatermark) this.#show(highWatermark);
  }

  /** Lets readers see more, and tells those who wait for that. */
  #show(highWatermark: number): void {
    const { log } = this;
    if (highWatermark > log.endOffset) {
      throw new Error(`the high watermark ${highWatermark} of ${log.directory} is beyond its end ${log.endOffset}`);
    }
    this.highWatermark = highWatermark;
    log.producers.firstUnreplicatedOffset(highWatermark); // forgets what readers may never ask for
    this.#waits.review();
    this.consumers.wake();
  }

  /** Batch headers from the batch that holds `from` to the last that ends below `upTo`; records are decoded on demand. */
  batches(from: number, upTo: number): Iterable<StoredBatch> {
    return storedBatches(this.log, from, upTo);
  }

  /** The partition lies in another log directory now; the log there is synced. */
  moveTo(log: Log): void {
    this.log.flusher.onDurable = null;
    this.log = log;
    log.flusher.onDurable = () => this.#countOwn();
    this.#countOwn();
    this.wakeAll();
  }

  /** Its topic is no more. */
  deleted(): void {
    this.isDeleted = true;
    this.wakeAll();
  }

  /** Something has become of it that those who wait have to know. */
  wakeAll(): void {
    this.#waits.review();
    this.deletions?.review();
    this.followers.wake();
    this.consumers.wake();
  }
}
