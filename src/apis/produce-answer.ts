/**
 * Produce's response, staged: it holds the receipts of what was appended, and is encoded by hand when they are committed as far
 * as acks asks (docs/decisions/0014). test/apis/00-produce.test.ts holds it equal to the table.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest } from '../../protocol/reader.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { ClusterImage } from '../cluster/image.ts';
import { NO_RECORD_ERRORS, Receipt } from '../partitions/receipt.ts';
import type { Failures } from '../partitions/partition-stats.ts';
import { NO_REPLY, type StagedAnswer } from './handler.ts';
import { LeaderHints } from './leader-hints.ts';

export const TOPIC_IDS_SINCE = 13;
export const FLEXIBLE_SINCE = 9;
const CURRENT_LEADER_SINCE = 10;
const CURRENT_LEADER_TAG = 0;
const RECORD_ERRORS_SINCE = 8;
const LOG_START_SINCE = 5;

export const Acks = { none: 0, leader: 1, all: -1 } as const;

/** What one response names of refused records, all its partitions together; their messages are told all the same (KIP-467). */
const MAX_RECORD_ERRORS = 10_000;
/**
 * Answers that are kept to be used again, and the partitions one may have had: this is on the way of every request. A new one for each
 * costs a tenth of a request of one record.
 */
const MOST_KEPT = 64;
const MOST_KEPT_PARTITIONS = 64;
const kept: ProduceAnswer[] = [];
/** Stands where a kept answer must not hold on to a receipt, and so to a partition. */
const NO_RECEIPT = Receipt.refused(ErrorCode.NONE);

/** As of now: the controller. */
interface Cluster {
  readonly image: ClusterImage;
}

export class ProduceAnswer implements StagedAnswer {
  #version = 0;
  #acks: number = Acks.none;
  #timeoutMs = 0;
  #failures!: Failures;
  #cluster: Cluster | null = null;
  #listener = '';
  #topicCount = 0;
  /** By topic: the name's bytes before v13, the id's from then on, and where its last partition stands in the lists below. */
  readonly #namesOrIds: Buffer[] = [];
  readonly #ends: number[] = [];
  #count = 0;
  #recordErrors = 0;
  readonly #indexes: number[] = [];
  readonly #receipts: Receipt[] = [];

  /** Some of its batches are still to be validated. */
  isParked = false;

  /** Of one request; `addTopic` and `add` fill it in the request's order. */
  static of(
    version: number,
    acks: number,
    timeoutMs: number,
    failures: Failures,
    cluster: Cluster,
    listener: string,
  ): ProduceAnswer {
    const answer = kept.pop() ?? new ProduceAnswer();
    answer.#version = version;
    answer.isParked = false;
    answer.#recordErrors = 0;
    answer.#acks = acks;
    answer.#timeoutMs = timeoutMs;
    answer.#failures = failures;
    answer.#cluster = cluster;
    answer.#listener = listener;
    return answer;
  }

  addTopic(nameOrId: Buffer): void {
    this.#namesOrIds[this.#topicCount] = nameOrId;
    this.#ends[this.#topicCount++] = this.#count;
  }

  /** What came of a partition of the topic added last. */
  add(index: number, receipt: Receipt): void {
    this.#indexes[this.#count] = index;
    this.#receipts[this.#count++] = receipt;
    if (receipt.recordErrors !== NO_RECORD_ERRORS) this.#boundRecordErrors(receipt);
    this.#ends[this.#topicCount - 1] = this.#count;
  }

  #boundRecordErrors(receipt: Receipt): void {
    const left = MAX_RECORD_ERRORS - this.#recordErrors;
    if (receipt.recordErrors.length > left) receipt.recordErrors = receipt.recordErrors.slice(0, left);
    this.#recordErrors += receipt.recordErrors.length;
  }

  get leavesAtOnce(): boolean {
    if (this.#acks === Acks.none) return false;
    for (let i = 0; i < this.#count; i++) if (this.#receipts[i].issuer?.commitsAtOnce === false) return false;
    return true;
  }

  settled(): Promise<unknown> | null {
    let waits: Promise<unknown>[] | null = null;
    for (let i = 0; i < this.#count; i++) {
      const receipt = this.#receipts[i];
      const errorCode = this.#outcome(receipt);
      if (typeof errorCode === 'number') noteOutcome(receipt, errorCode);
      else (waits ??= []).push(errorCode.then((later) => noteOutcome(receipt, later)));
    }
    return waits === null ? null : Promise.all(waits);
  }

  #outcome(receipt: Receipt): number | Promise<number> {
    const { issuer } = receipt;
    if (issuer === null || (this.#acks === Acks.none && !this.isParked)) return receipt.errorCode;
    return this.#acks === Acks.all ? issuer.committed(receipt, this.#timeoutMs) : issuer.flushed(receipt);
  }

  encode(output: Writer, throttleTimeMs: number): void | typeof NO_REPLY {
    const failed = this.#countFailures();
    if (this.#acks === Acks.none) {
      if (failed !== null) throw failed;
      this.#keep();
      return NO_REPLY;
    }
    const isFlexible = this.#version >= FLEXIBLE_SINCE;
    const hints = this.#hints();
    writeCount(output, this.#topicCount, isFlexible);
    for (let topic = 0, i = 0; topic < this.#topicCount; topic++) {
      const end = this.#ends[topic];
      this.#writeNameOrId(output, this.#namesOrIds[topic]);
      writeCount(output, end - i, isFlexible);
      for (; i < end; i++) {
        writePartition(output, this.#indexes[i], this.#receipts[i], this.#version);
        if (isFlexible) this.#writePartitionTags(output, hints, topic, i);
      }
      if (isFlexible) output.int8(0);
    }
    output.int32(throttleTimeMs);
    if (hints !== null) hints.writeEndpoints(output);
    else if (isFlexible) output.int8(0);
    this.#keep();
  }

  /** Null where there is none to give, as nearly always. */
  #hints(): LeaderHints | null {
    if (this.#version < CURRENT_LEADER_SINCE) return null;
    for (let i = 0; i < this.#count; i++) {
      if (isElsewhere(this.#receipts[i])) return new LeaderHints(this.#cluster!.image, this.#listener);
    }
    return null;
  }

  #writePartitionTags(output: Writer, hints: LeaderHints | null, topic: number, i: number): void {
    if (hints === null || !isElsewhere(this.#receipts[i])) return output.int8(0);
    output.int8(1);
    const nameOrId = this.#namesOrIds[topic];
    const image =
      this.#version < TOPIC_IDS_SINCE
        ? hints.image.topicsByName.get(nameOrId.toString())
        : hints.image.topicsById.get(nameOrId.toString('base64url'));
    hints.writeLeader(output, CURRENT_LEADER_TAG, image, this.#indexes[i]);
  }

  /**
   * With acks=0 there is no answer to put an error into: Kafka closes the connection so that the producer asks for metadata anew.
   * @throws {InvalidRequest} when something of it was not appended
   */
  refuseFailed(): void {
    const failed = this.#countFailures();
    if (failed !== null) throw failed;
  }

  /** What the connection ends with where there is no answer to tell of them. */
  #countFailures(): InvalidRequest | null {
    let failed: number = ErrorCode.NONE;
    for (let i = 0; i < this.#count; i++) {
      if (this.#receipts[i].isAppended) continue;
      failed = this.#receipts[i].errorCode;
      this.#failures.produce++;
    }
    if (failed === ErrorCode.NONE || this.#acks !== Acks.none) return null;
    return new InvalidRequest(`a produce without acknowledgement failed with code ${failed}`);
  }

  #keep(): void {
    if (kept.length >= MOST_KEPT || this.#receipts.length > MOST_KEPT_PARTITIONS) return;
    for (let i = 0; i < this.#count; i++) this.#receipts[i] = NO_RECEIPT;
    this.#topicCount = 0;
    this.#count = 0;
    this.#cluster = null;
    kept.push(this);
  }

  #writeNameOrId(output: Writer, nameOrId: Buffer): void {
    if (this.#version < FLEXIBLE_SINCE) output.int16(nameOrId.length);
    else if (this.#version < TOPIC_IDS_SINCE) output.unsignedVarint(nameOrId.length + 1);
    output.bytes(nameOrId);
  }
}

/** As Kafka: offsets are told with an error too, except where nobody can say that the records are there. */
function noteOutcome(receipt: Receipt, errorCode: number): void {
  if (errorCode === ErrorCode.NONE) return;
  if (errorCode === ErrorCode.KAFKA_STORAGE_ERROR) receipt.lose(errorCode);
  else receipt.errorCode = errorCode;
}

function writePartition(output: Writer, index: number, receipt: Receipt, version: number): void {
  output.int32(index);
  output.int16(receipt.errorCode);
  output.int53(receipt.baseOffset);
  output.int53(receipt.logAppendTimeMs);
  if (version >= LOG_START_SINCE) output.int53(receipt.logStartOffset);
  if (version < RECORD_ERRORS_SINCE) return;
  const isFlexible = version >= FLEXIBLE_SINCE;
  writeCount(output, receipt.recordErrors.length, isFlexible);
  for (const { batchIndex, message } of receipt.recordErrors) {
    output.int32(batchIndex);
    if (!isFlexible) output.nullableString(message);
    else {
      output.compactNullableString(message);
      output.int8(0);
    }
  }
  if (isFlexible) output.compactNullableString(receipt.errorMessage);
  else output.nullableString(receipt.errorMessage);
}

function isElsewhere({ errorCode }: Receipt): boolean {
  return errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER;
}

function writeCount(output: Writer, count: number, isFlexible: boolean): void {
  if (isFlexible) output.unsignedVarint(count + 1);
  else output.int32(count);
}
