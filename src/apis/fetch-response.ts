/**
 * Writes Fetch's response by hand: records go from their file into the output without passing through an object. Up to
 * INLINE_BYTES of them are read right behind the header and leave in the same write; a longer response keeps its records in
 * their files until the client takes them, so that a slow client costs one piece of memory, not the whole response.
 * test/apis/fetch-response.test.ts holds it equal to the table.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import type { ClusterImage } from '../cluster/image.ts';
import type { FetchPartition, FetchedRange } from '../partitions/read.ts';
import type { Pieces } from '../platform/pieces.ts';
import type { Reply, Streamed } from './handler.ts';
import { LeaderHints } from './leader-hints.ts';
import { RecordRanges } from './record-ranges.ts';
import { MAX_RESPONSE_BYTES } from './size-limits.ts';
import { replyOf } from './written-response.ts';

const FLEXIBLE_SINCE = 12;
const TOPIC_IDS_SINCE = 13;
const PREFERRED_REPLICA_SINCE = 11;
const SESSIONS_SINCE = 7;
const LOG_START_SINCE = 5;
const CURRENT_LEADER_SINCE = 16; // from v12 on in the table, but Kafka's brokers say it from here on
const DIVERGING_EPOCH_TAG = 0;
const CURRENT_LEADER_TAG = 1;
/** Written between two pauses. */
const PARTITIONS_A_PIECE = 64;

export interface FetchAnswer {
  readonly errorCode: number;
  readonly sessionId: number;
  readonly throttleTimeMs: number;
  readonly readCommitted: boolean;
  readonly asked: readonly FetchPartition[];
  /** What was found for each of `asked`. */
  readonly found: readonly FetchedRange[];
  /** For partitions that others lead: the controller, and the listener by which the client came. */
  readonly cluster: { readonly image: ClusterImage };
  readonly listener: string;
}

/** The same into a buffer of its own, with pauses, for an answer about very many partitions. */
export function* fetchResponseInPieces(version: number, answer: FetchAnswer): Pieces<Reply> {
  const written = new Writer(1024, MAX_RESPONSE_BYTES);
  const writing = new FetchResponse(written, version, answer);
  for (let i = 0; i < answer.asked.length; i = writing.write(i, i + PARTITIONS_A_PIECE)) yield;
  const tail = writing.end();
  if (tail === undefined) return replyOf(written);
  const head = written.finish();
  return (output) => {
    output.bytes(head);
    return tail;
  };
}

export function writeFetchResponse(output: Writer, version: number, answer: FetchAnswer): Streamed | undefined {
  const writing = new FetchResponse(output, version, answer);
  writing.write(0, answer.asked.length);
  return writing.end();
}

/** Written from its head to its end, partition by partition. */
class FetchResponse {
  readonly #output: Writer;
  readonly #version: number;
  readonly #answer: FetchAnswer;
  readonly #isFlexible: boolean;
  readonly #records: RecordRanges;
  readonly #hints: LeaderHints | null;
  /** Where the topic ends that is being written. */
  #endOfTopic = 0;

  constructor(output: Writer, version: number, answer: FetchAnswer) {
    this.#output = output;
    this.#version = version;
    this.#answer = answer;
    this.#isFlexible = version >= FLEXIBLE_SINCE;
    this.#records = new RecordRanges(output, totalLength(answer.found));
    this.#hints = version >= CURRENT_LEADER_SINCE && answer.found.some(isElsewhere) ? hintsOf(answer) : null;
    output.int32(answer.throttleTimeMs);
    if (version >= SESSIONS_SINCE) {
      output.int16(answer.errorCode);
      output.int32(answer.sessionId);
    }
    writeCount(output, countTopics(answer.asked), this.#isFlexible);
  }

  /** Partitions from `from` on, up to `end` or to the last; answers where the next one is. */
  write(from: number, end: number): number {
    const output = this.#output;
    const { asked, found, readCommitted } = this.#answer;
    const until = Math.min(end, asked.length);
    let i = from;
    while (i < until) {
      if (i === this.#endOfTopic) this.#beginTopic(i);
      for (const stop = Math.min(until, this.#endOfTopic); i < stop; i++) {
        writePartition(output, this.#version, asked[i].partition, found[i], readCommitted, this.#records);
        if (this.#isFlexible) writeTags(output, asked[i], found[i], this.#hints);
      }
      if (this.#isFlexible && i === this.#endOfTopic) output.int8(0);
    }
    return i;
  }

  #beginTopic(first: number): void {
    const { asked } = this.#answer;
    this.#endOfTopic = endOfTopic(asked, first);
    writeTopic(this.#output, this.#version, asked[first]);
    writeCount(this.#output, this.#endOfTopic - first, this.#isFlexible);
  }

  end(): Streamed | undefined {
    if (this.#hints !== null) this.#hints.writeEndpoints(this.#output);
    else if (this.#isFlexible) this.#output.int8(0);
    return this.#records.rest();
  }
}

function writePartition(
  output: Writer,
  version: number,
  index: number,
  found: FetchedRange,
  readCommitted: boolean,
  records: RecordRanges,
): void {
  const isFlexible = version >= FLEXIBLE_SINCE;
  output.int32(index);
  output.int16(found.errorCode);
  output.int53(found.highWatermark);
  output.int53(found.lastStableOffset);
  if (version >= LOG_START_SINCE) output.int53(found.logStartOffset);
  const { abortedTransactions } = found;
  if (!readCommitted && abortedTransactions.length === 0 && !isErroneous(found)) {
    if (isFlexible)
      output.int8(0); // null: nobody asked
    else output.int32(-1);
  } else {
    writeCount(output, abortedTransactions.length, isFlexible);
    for (const { producerId, firstOffset } of abortedTransactions) {
      output.int53(producerId);
      output.int53(firstOffset);
      if (isFlexible) output.int8(0);
    }
  }
  if (version >= PREFERRED_REPLICA_SINCE) output.int32(found.preferredReplica ?? -1);
  writeCount(output, found.length, isFlexible);
  if (found.file !== null) records.put(found.file, found.position, found.length);
}

/** Kafka does not even read of these. */
export function isErroneous({ errorCode }: FetchedRange): boolean {
  return (
    errorCode === ErrorCode.UNKNOWN_TOPIC_ID ||
    errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED ||
    errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  );
}

function hintsOf({ cluster, listener }: FetchAnswer): LeaderHints {
  return new LeaderHints(cluster.image, listener);
}

function isElsewhere({ errorCode }: FetchedRange): boolean {
  return errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH;
}

function writeTags(
  output: Writer,
  { topic, topicId, partition }: FetchPartition,
  found: FetchedRange,
  hints: LeaderHints | null,
): void {
  if (hints !== null && isElsewhere(found)) {
    const { topicsById, topicsByName } = hints.image;
    output.int8(1);
    const image = topicId === null ? topicsByName.get(topic) : topicsById.get(topicId);
    return hints.writeLeader(output, CURRENT_LEADER_TAG, image, partition);
  }
  if (found.divergingEpoch === null) return output.int8(0);
  output.int8(1);
  const start = output.openTagged(DIVERGING_EPOCH_TAG);
  output.int32(found.divergingEpoch.epoch);
  output.int53(found.divergingEpoch.endOffset);
  output.int8(0);
  output.closeTagged(start);
}

function writeTopic(output: Writer, version: number, asked: FetchPartition): void {
  if (version >= TOPIC_IDS_SINCE) output.uuid(asked.topicId ?? ZERO_UUID);
  else if (version >= FLEXIBLE_SINCE) output.compactString(asked.topic);
  else output.string(asked.topic);
}

function writeCount(output: Writer, count: number, isFlexible: boolean): void {
  if (isFlexible) output.unsignedVarint(count + 1);
  else output.int32(count);
}

function totalLength(found: readonly FetchedRange[]): number {
  let total = 0;
  for (const { length } of found) total += length;
  return total;
}

function isSameTopic(a: FetchPartition, b: FetchPartition): boolean {
  return a.topicId === b.topicId && (a.topicId !== null || a.topic === b.topic);
}

function endOfTopic(asked: readonly FetchPartition[], start: number): number {
  let end = start + 1;
  while (end < asked.length && isSameTopic(asked[start], asked[end])) end++;
  return end;
}

function countTopics(asked: readonly FetchPartition[]): number {
  let count = 0;
  for (let i = 0; i < asked.length; i = endOfTopic(asked, i)) count++;
  return count;
}
