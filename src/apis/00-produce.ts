/**
 * Appends batches. By hand instead of through the table, for this is where a broker spends its time: one walk over the request
 * appends its batches where they lie, and keeps their receipts alone (5 to 15 times less CPU than decoding; docs/decisions).
 * test/apis/00-produce.test.ts holds it equal to the table.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest, type Reader } from '../../protocol/reader.ts';
import { Produce } from '../../protocol/apis/00-produce.ts';
import * as batch from '../../protocol/records/batch.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { isInternalTopic } from '../cluster/topic-name.ts';
import { andThen } from '../coordination/answers.ts';
import { appendProduced, type ProduceOptions } from '../partitions/append.ts';
import { hostedPartition } from '../partitions/hosted-partition.ts';
import type { Topic } from '../partitions/topic-registry.ts';
import { Receipt } from '../partitions/receipt.ts';
import { EPOCH_BUMP_VERSION } from '../transactions/transaction-state.ts';
import type { Access } from '../security/access.ts';
import { write } from '../security/needs.ts';
import type { Parts } from './broker-parts.ts';
import { reportBug, type StagingHandler } from './handler.ts';
import { Acks, FLEXIBLE_SINCE, ProduceAnswer, TOPIC_IDS_SINCE } from './produce-answer.ts';
import type { RequestContext } from './request-context.ts';
import { LARGE_REQUEST_BYTES } from './size-limits.ts';
import { admitted } from './transaction-errors.ts';

/** KIP-890: TRANSACTION_ABORTABLE; then a write takes its partition into the transaction. */
const ABORTABLE_SINCE = 11;
const IMPLICIT_ADD_SINCE = 12;
const UUID_BYTES = 16;
/** The client id that Kafka lets write to internal topics. */
const ADMIN_CLIENT = '__admin_client';
const MAX_STRING_BYTES = 0x7fff;
/** Topics and partitions of one request: it is walked, and what it does not append is parked, in one go. Kafka has no such limit. */
const MAX_PRODUCE_ELEMENTS = 1 << 14;

type Broker = Parts<'clock' | 'metadata' | 'logger' | 'partitions' | 'transactionAdmission'>;
type Admit = NonNullable<ProduceOptions['admit']> | null;

export const produce: StagingHandler<Broker> = {
  api: Produce,
  versions: Produce.versions,
  // librdkafka before 2.8 takes a minimum above 2 to mean "no compression codecs": Kafka says 0 too (KAFKA-18659).
  advertised: { first: 0, last: Produce.versions.last },
  kind: 'staging',
  permissions: { byHand: [write.transactionalId('transactionalId'), write.topic('topicData[].name')] },

  stage(reader, context, broker) {
    checkShape(reader, context.apiVersion);
    if (reader.remaining() > LARGE_REQUEST_BYTES) broker.partitions.turn.look(); // the turn begins before its first batch
    const isFlexible = context.apiVersion >= FLEXIBLE_SINCE;
    const transactionalId = isFlexible ? reader.compactNullableString() : reader.nullableString();
    const admit = transactionalId === null ? null : admission(broker, context.apiVersion, transactionalId);
    const acks = reader.int16();
    const timeoutMs = reader.int32();
    const refusal = context.access === null ? ErrorCode.NONE : refusalOf(reader, context, transactionalId);
    const { partitions, clock, metadata } = broker;
    const options: ProduceOptions = {
      apiVersion: context.apiVersion,
      isAcksAll: acks === Acks.all,
      admit,
      nowMs: clock.now(),
    };
    const answer = ProduceAnswer.of(
      context.apiVersion,
      acks,
      timeoutMs,
      partitions.failures,
      metadata,
      context.session.listenerName,
    );
    for (let topics = readCount(reader, isFlexible); topics > 0; topics--) {
      appendToTopic(reader, broker, context, acks, options, answer, refusal);
    }
    const { parked } = options;
    if (parked !== undefined) {
      answer.isParked = true;
      context.waits.add(() => void (parked.isCancelled = true));
    }
    // A producer that wants no answer learns of what was not even appended before its next request is looked at.
    if (acks === Acks.none) answer.refuseFailed();
    return answer;
  },

  refuse: ({ topicData }: RequestOf<typeof Produce>, errorCode): ResponseDraft<typeof Produce> => ({
    responses: topicData.map(({ partitionData, ...topic }) => ({
      ...topic,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode, baseOffset: -1 })),
    })),
  }),
};

function appendToTopic(
  reader: Reader,
  broker: Broker,
  context: RequestContext,
  acks: number,
  options: ProduceOptions,
  answer: ProduceAnswer,
  refusal: number,
): void {
  const isFlexible = context.apiVersion >= FLEXIBLE_SINCE;
  const start = reader.position;
  const found = readTopic(reader, broker, context.apiVersion);
  const topic =
    context.access === null ? found : refusal || allowedTopic(found, reader, start, context.access, context.apiVersion);
  if (typeof topic === 'number') answer.addTopic(nameOrIdAt(reader, start, context.apiVersion));
  else answer.addTopic(context.apiVersion >= TOPIC_IDS_SINCE ? topic.idBytes : topic.nameBytes);
  for (let partitions = readCount(reader, isFlexible); partitions > 0; partitions--) {
    const index = reader.int32();
    const length = readLength(reader, isFlexible);
    answer.add(index, append(broker, context, topic, index, reader.buffer, reader.position, length, acks, options));
    reader.position += Math.max(0, length);
    if (isFlexible) reader.skipTaggedFields();
  }
  if (isFlexible) reader.skipTaggedFields();
}

/** The topic, or why the client may not write to it. An id that no topic has is told to everybody. */
function allowedTopic(
  found: Topic | number,
  reader: Reader,
  start: number,
  access: Access,
  apiVersion: number,
): Topic | number {
  if (found === ErrorCode.UNKNOWN_TOPIC_ID) return found;
  const name = typeof found === 'number' ? nameOrIdAt(reader, start, apiVersion).toString() : found.name;
  return access.errorOf(write.topic(name), Produce.name) || found;
}

function admission(broker: Broker, apiVersion: number, transactionalId: string): Admit {
  const clientVersion = apiVersion >= IMPLICIT_ADD_SINCE ? EPOCH_BUMP_VERSION : 0;
  return ({ topic, index: partition }, producerId, producerEpoch, askedAgain) => {
    const producer = { producerId, producerEpoch };
    const place = { topic, partition };
    const asked = broker.transactionAdmission.admit(transactionalId, producer, place, clientVersion, askedAgain);
    return andThen(asked, (errorCode) => admitted(errorCode, apiVersion >= ABORTABLE_SINCE));
  };
}

function append(
  broker: Broker,
  context: RequestContext,
  topic: Topic | number,
  index: number,
  bytes: Buffer,
  at: number,
  length: number,
  acks: number,
  options: ProduceOptions,
): Receipt {
  if (typeof topic === 'number') return Receipt.refused(topic);
  const partition = hostedPartition(topic, index);
  if (typeof partition === 'number') return Receipt.refused(partition);
  if (acks < Acks.all || acks > Acks.leader) return Receipt.refused(ErrorCode.INVALID_REQUIRED_ACKS);
  if (isInternalTopic(topic.name) && context.clientId !== ADMIN_CLIENT) {
    return Receipt.refused(ErrorCode.INVALID_TOPIC_EXCEPTION, 'Only the broker writes to its internal topics');
  }
  try {
    return appendProduced(broker.partitions, partition, bytes, at, length, options);
  } catch (error) {
    reportBug(broker.logger, context, 'Produce', error);
    return Receipt.refused(ErrorCode.UNKNOWN_SERVER_ERROR);
  }
}

/** The topic, or the error of all its partitions. */
function readTopic(reader: Reader, { partitions }: Broker, apiVersion: number): Topic | number {
  if (apiVersion >= TOPIC_IDS_SINCE) {
    const start = reader.position;
    reader.position += UUID_BYTES;
    return partitions.topicByIdBytes(reader.buffer, start) ?? ErrorCode.UNKNOWN_TOPIC_ID;
  }
  const length = readNameLength(reader, apiVersion);
  const nameAt = reader.position;
  reader.position += length;
  return partitions.topicByBytes(reader.buffer, nameAt, length) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}

/** Why all of the request is refused: it has transactional batches, and the client may not use the transactional id. */
function refusalOf(reader: Reader, { access, apiVersion }: RequestContext, transactionalId: string | null): number {
  if (access === null || !hasTransactionalBatch(reader, apiVersion)) return ErrorCode.NONE;
  return transactionalId === null
    ? ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    : access.errorOf(write.transactionalId(transactionalId), Produce.name);
}

/** Of a request whose shape has been checked; `reader` stands before its topics, and stays there. */
function hasTransactionalBatch(reader: Reader, version: number): boolean {
  const { position: start, elementsLeft } = reader;
  const isFlexible = version >= FLEXIBLE_SINCE;
  let isFound = false;
  for (let topics = readCount(reader, isFlexible); topics > 0; topics--) {
    if (version >= TOPIC_IDS_SINCE) skip(reader, UUID_BYTES);
    else skipString(reader, isFlexible);
    for (let partitions = readCount(reader, isFlexible); partitions > 0; partitions--) {
      skip(reader, 4);
      const length = readLength(reader, isFlexible);
      isFound ||=
        length >= batch.BATCH_OVERHEAD && batch.isTransactional(batch.attributes(reader.buffer, reader.position));
      skip(reader, Math.max(0, length));
      if (isFlexible) reader.skipTaggedFields();
    }
    if (isFlexible) reader.skipTaggedFields();
  }
  reader.position = start;
  reader.elementsLeft = elementsLeft;
  return isFound;
}

/** A copy of what was read from `start` on: there is no topic that has it. */
function nameOrIdAt(reader: Reader, start: number, apiVersion: number): Buffer {
  const end = reader.position;
  reader.position = start;
  if (apiVersion < TOPIC_IDS_SINCE) readNameLength(reader, apiVersion);
  const nameOrId = Buffer.from(reader.buffer.subarray(reader.position, end));
  reader.position = end;
  return nameOrId;
}

function readNameLength(reader: Reader, apiVersion: number): number {
  return apiVersion >= FLEXIBLE_SINCE ? reader.unsignedVarint() - 1 : reader.int16();
}

/** Walks the whole request once before anything is appended, so that a malformed frame appends nothing. */
function checkShape(reader: Reader, version: number): void {
  const { position: start, elementsLeft } = reader;
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
  if (elementsLeft - reader.elementsLeft > MAX_PRODUCE_ELEMENTS) {
    throw new InvalidRequest(`a Produce names more than ${MAX_PRODUCE_ELEMENTS} topics and partitions: send several`);
  }
  reader.position = start;
  reader.elementsLeft = elementsLeft;
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
