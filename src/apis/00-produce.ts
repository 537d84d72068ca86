/**
 * Appends batches. By hand instead of through the table, for this is where a broker spends its time: request and response
 * list topics and partitions in the same order, so one walk reads the one and writes the other, and no object is made for
 * either (5 to 15 times less CPU than decoding; docs/decisions). test/apis/00-produce.test.ts holds it equal to the table.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest, type Reader } from '../../protocol/reader.ts';
import { Produce } from '../../protocol/apis/00-produce.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import type { Writer } from '../../protocol/writer.ts';
import { isInternalTopic } from '../cluster/topic-name.ts';
import type { AppendResult, ProduceOptions } from '../partitions/append.ts';
import { appendProduced, refusedAppend } from '../partitions/append.ts';
import type { Topic } from '../partitions/partitions.ts';
import { EPOCH_BUMP_VERSION } from '../transactions/transaction-state.ts';
import { admitted } from './transaction-errors.ts';
import { DurableReply } from './durable-reply.ts';
import { NO_REPLY, reportBug, type Context, type Handler } from './handler.ts';

const TOPIC_IDS_SINCE = 13;
const FLEXIBLE_SINCE = 9;
const RECORD_ERRORS_SINCE = 8;
const LOG_START_SINCE = 5;
/** KIP-890: TRANSACTION_ABORTABLE; then a write takes its partition into the transaction. */
const ABORTABLE_SINCE = 11;
const IMPLICIT_ADD_SINCE = 12;
const ACKS_NONE = 0;
const ACKS_ALL = -1;
const UUID_BYTES = 16;
const INDEX_BYTES = 4;
/** The client id that Kafka lets write to internal topics. */
const ADMIN_CLIENT = '__admin_client';
const MAX_STRING_BYTES = 0x7fff;

type Admit = NonNullable<ProduceOptions['admit']> | null;

export const produce: Handler = {
  api: Produce,
  versions: Produce.versions,
  // librdkafka before 2.8 takes a minimum above 2 to mean "no compression codecs": Kafka says 0 too (KAFKA-18659).
  advertised: { first: 0, last: Produce.versions.last },

  serve(reader, context, output) {
    checkShape(reader, context.apiVersion);
    const isFlexible = context.apiVersion >= FLEXIBLE_SINCE;
    const transactionalId = isFlexible ? reader.compactNullableString() : reader.nullableString();
    const admit = transactionalId === null ? null : admission(context, transactionalId);
    const acks = reader.int16();
    reader.int32(); // the time-out of acks=all: a single replica has acknowledged when the append returns
    let worst: number = ErrorCode.NONE;
    let durable: DurableReply | null = null;
    const start = output.position;
    const offsets = context.apiVersion >= LOG_START_SINCE ? 3 : 2;
    const { unsettled } = context.broker.partitions;

    const topics = readCount(reader, isFlexible);
    writeCount(output, topics, isFlexible);
    for (let t = 0; t < topics; t++) {
      const topic = copyTopic(reader, output, context, isFlexible);
      const partitions = readCount(reader, isFlexible);
      writeCount(output, partitions, isFlexible);
      for (let p = 0; p < partitions; p++) {
        const index = reader.int32();
        const length = readLength(reader, isFlexible);
        const result = append(context, topic, index, reader.buffer, reader.position, length, acks, admit);
        reader.position += Math.max(0, length);
        if (isFlexible) reader.skipTaggedFields();
        const place = output.position + INDEX_BYTES;
        if (result.errorCode === ErrorCode.NONE && acks !== ACKS_NONE) unsettled.answer(output, place, offsets);
        if (result.committed !== null) (durable ??= new DurableReply(unsettled)).add(place, result.committed);
        writeResult(output, index, result, context.apiVersion);
        if (result.errorCode !== ErrorCode.NONE) {
          worst = result.errorCode;
          context.broker.partitions.failures.produce++;
        }
      }
      if (isFlexible) {
        reader.skipTaggedFields();
        output.int8(0);
      }
    }
    output.int32(0); // throttleTimeMs
    if (isFlexible) output.int8(0);
    if (acks !== ACKS_NONE) return durable?.sent(output, start, offsets);
    // There is no answer to put an error into; Kafka closes the connection so that the producer asks for metadata anew.
    if (worst !== ErrorCode.NONE)
      throw new InvalidRequest(`a produce without acknowledgement failed with code ${worst}`);
    return NO_REPLY;
  },

  refuse: ({ topicData }: RequestOf<typeof Produce>, errorCode): ResponseDraft<typeof Produce> => ({
    responses: topicData.map(({ partitionData, ...topic }) => ({
      ...topic,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode, baseOffset: -1 })),
    })),
  }),
};

function admission({ broker, apiVersion }: Context, transactionalId: string): Admit {
  return ({ topic, index }, producerId, producerEpoch) =>
    admitted(
      broker.transactions.admit(
        transactionalId,
        { producerId, producerEpoch },
        { topic, partition: index },
        apiVersion >= IMPLICIT_ADD_SINCE ? EPOCH_BUMP_VERSION : 0,
      ),
      apiVersion >= ABORTABLE_SINCE,
    );
}

function append(
  context: Context,
  topic: Topic | number,
  index: number,
  bytes: Buffer,
  at: number,
  length: number,
  acks: number,
  admit: Admit,
): AppendResult {
  if (typeof topic === 'number') return refusedAppend(topic);
  const partition = topic.partitions[index];
  if (partition === undefined) return refusedAppend(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  if (acks < ACKS_ALL || acks > 1) return refusedAppend(ErrorCode.INVALID_REQUIRED_ACKS);
  if (isInternalTopic(topic.name) && context.clientId !== ADMIN_CLIENT) {
    return refusedAppend(ErrorCode.INVALID_TOPIC_EXCEPTION, 'Only the broker writes to its internal topics');
  }
  try {
    return appendProduced(context.broker.partitions, partition, bytes, at, length, {
      apiVersion: context.apiVersion,
      isAcksAll: acks === ACKS_ALL,
      admit,
      nowMs: context.broker.clock.now(),
    });
  } catch (error) {
    reportBug(context, 'Produce', error);
    return refusedAppend(ErrorCode.UNKNOWN_SERVER_ERROR);
  }
}

/** Copies a topic's name or id from request to response; answers the topic, or the error of all its partitions. */
function copyTopic(reader: Reader, output: Writer, context: Context, isFlexible: boolean): Topic | number {
  const { partitions } = context.broker;
  const start = reader.position;
  if (context.apiVersion >= TOPIC_IDS_SINCE) {
    reader.position += UUID_BYTES;
    copyBytes(reader, output, start);
    const id = reader.buffer.toString('base64url', start, start + UUID_BYTES);
    return partitions.topicById(id) ?? ErrorCode.UNKNOWN_TOPIC_ID;
  }
  const length = isFlexible ? reader.unsignedVarint() - 1 : reader.int16();
  const nameAt = reader.position;
  reader.position += length;
  copyBytes(reader, output, start);
  return partitions.topicByBytes(reader.buffer, nameAt, length) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}

function copyBytes(reader: Reader, output: Writer, start: number): void {
  output.ensure(reader.position - start);
  reader.buffer.copy(output.buffer, output.position, start, reader.position);
  output.position += reader.position - start;
}

function writeResult(output: Writer, index: number, result: AppendResult, version: number): void {
  output.int32(index);
  output.int16(result.errorCode);
  output.int53(result.baseOffset);
  output.int53(result.logAppendTimeMs);
  if (version >= LOG_START_SINCE) output.int53(result.logStartOffset);
  if (version < RECORD_ERRORS_SINCE) return;
  const isFlexible = version >= FLEXIBLE_SINCE;
  writeCount(output, result.recordErrors.length, isFlexible);
  for (const { batchIndex, message } of result.recordErrors) {
    output.int32(batchIndex);
    if (!isFlexible) output.nullableString(message);
    else {
      output.compactNullableString(message);
      output.int8(0);
    }
  }
  if (!isFlexible) return output.nullableString(result.errorMessage);
  output.compactNullableString(result.errorMessage);
  output.int8(0);
}

/** Walks the whole request once before anything is appended, so that a malformed frame appends nothing. */
function checkShape(reader: Reader, version: number): void {
  const start = reader.position;
  const isFlexible = version >= FLEXIBLE_SINCE;
  skipString(reader, isFlexible);
  skip(reader, 2 + 4);
  for (let topics = readCount(reader, isFlexible); topics > 0; topics--) {
    if (version >= TOPIC_IDS_SINCE) skip(reader, UUID_BYTES);
    else if (skipString(reader, isFlexible) < 0) throw new InvalidRequest('a topic name is null: name every topic');
    for (let partitions = readCount(reader, isFlexible); partitions > 0; partitions--) {
      skip(reader, 4);
      skip(reader, Math.max(0, readLength(reader, isFlexible)));
      if (isFlexible) reader.skipTaggedFields();
    }
    if (isFlexible) reader.skipTaggedFields();
  }
  if (isFlexible) reader.skipTaggedFields();
  reader.position = start;
}

function skip(reader: Reader, length: number): void {
  if (length > reader.remaining()) {
    throw new InvalidRequest(
      `${length} bytes are announced and ${reader.remaining()} are left: the request is cut short`,
    );
  }
  reader.position += length;
}

/** Answers its length, -1 for null. */
function skipString(reader: Reader, isFlexible: boolean): number {
  const length = isFlexible ? reader.unsignedVarint() - 1 : reader.int16();
  if (length > MAX_STRING_BYTES) throw new InvalidRequest(`a string of ${length} bytes is longer than Kafka allows`);
  skip(reader, Math.max(0, length));
  return length;
}

/** -1 for null. */
function readLength(reader: Reader, isFlexible: boolean): number {
  return isFlexible ? reader.unsignedVarint() - 1 : reader.int32();
}

function readCount(reader: Reader, isFlexible: boolean): number {
  return isFlexible ? reader.compactArrayCount(1) : reader.arrayCount(1);
}

function writeCount(output: Writer, count: number, isFlexible: boolean): void {
  if (isFlexible) output.unsignedVarint(count + 1);
  else output.int32(count);
}
