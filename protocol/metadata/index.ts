/**
 * Every record of the metadata log (__cluster_metadata), and the form it has there: a frame version, the record's type
 * and its version, each an unsigned varint, then the record itself.
 */
import { messageCodec } from '../compile.ts';
import { InvalidRequest, Reader } from '../reader.ts';
import type { AnyMessage, Draft, Fields, Message } from '../schema.ts';
import { includes } from '../schema.ts';
import { Writer } from '../writer.ts';
import {
  BrokerRegistrationChangeRecord,
  FenceBrokerRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  UnfenceBrokerRecord,
  UnregisterBrokerRecord,
  UnregisterControllerRecord,
} from './broker-records.ts';
import {
  ClearElrRecord,
  PartitionChangeRecord,
  PartitionRecord,
  RemoveTopicRecord,
  TopicRecord,
} from './topic-records.ts';
import { ClientQuotaRecord, ConfigRecord, FeatureLevelRecord } from './config-records.ts';
import {
  AccessControlEntryRecord,
  DelegationTokenRecord,
  RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord,
  RemoveUserScramCredentialRecord,
  UserScramCredentialRecord,
} from './security-records.ts';
import {
  AbortTransactionRecord,
  BeginTransactionRecord,
  EndTransactionRecord,
  NoOpRecord,
  ProducerIdsRecord,
  ZkMigrationStateRecord,
} from './log-records.ts';

/** By ascending type. */
export const metadataRecords: readonly AnyMessage[] = [
  RegisterBrokerRecord,
  UnregisterBrokerRecord,
  TopicRecord,
  PartitionRecord,
  ConfigRecord,
  PartitionChangeRecord,
  FenceBrokerRecord,
  UnfenceBrokerRecord,
  RemoveTopicRecord,
  DelegationTokenRecord,
  UserScramCredentialRecord,
  FeatureLevelRecord,
  ClientQuotaRecord,
  ProducerIdsRecord,
  BrokerRegistrationChangeRecord,
  AccessControlEntryRecord,
  RemoveAccessControlEntryRecord,
  NoOpRecord,
  ZkMigrationStateRecord,
  RemoveUserScramCredentialRecord,
  BeginTransactionRecord,
  EndTransactionRecord,
  AbortTransactionRecord,
  RemoveDelegationTokenRecord,
  RegisterControllerRecord,
  ClearElrRecord,
  UnregisterControllerRecord,
];

const FRAME_VERSION = 1;
const byType = new Map(metadataRecords.map((message) => [message.apiKey, message]));
const writer = new Writer();

/** The value of a metadata record; the bytes belong to the caller. */
export function encodeMetadataRecord<F extends Fields>(message: Message<F>, version: number, draft: Draft<F>): Buffer {
  writer.reset();
  writeMetadataRecord(writer, message, version, draft);
  return writer.finish();
}

/** Appends the value to what a writer has. */
export function writeMetadataRecord<F extends Fields>(
  to: Writer,
  message: Message<F>,
  version: number,
  draft: Draft<F>,
): void {
  to.unsignedVarint(FRAME_VERSION);
  to.unsignedVarint(message.apiKey);
  to.unsignedVarint(version);
  messageCodec(message, version).encode(to, draft);
}

/** Throws InvalidRequest for a type or version that is in no table. */
export function decodeMetadataRecord(value: Buffer): { message: AnyMessage; version: number; record: unknown } {
  return readMetadataRecord(new Reader(value));
}

/** The same of a value at which a reader stands. */
export function readMetadataRecord(reader: Reader): { message: AnyMessage; version: number; record: unknown } {
  const frameVersion = reader.unsignedVarint();
  const type = reader.unsignedVarint();
  const version = reader.unsignedVarint();
  const message = byType.get(type);
  if (frameVersion !== FRAME_VERSION || message === undefined || !includes(message.versions, version)) {
    throw new InvalidRequest(
      `metadata record type ${type} v${version} in frame v${frameVersion} is not known: this log is of a newer Kafka`,
    );
  }
  try {
    return { message, version, record: messageCodec(message, version).decode(reader) };
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    throw new InvalidRequest(`${message.name} v${version} does not decode: ${error.message}`);
  }
}
