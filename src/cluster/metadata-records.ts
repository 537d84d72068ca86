/** The changes that a cluster's state is made of: Kafka's own metadata records, decoded. Wire tables: protocol/metadata. */
import { readMetadataRecord, writeMetadataRecord } from '../../protocol/metadata/index.ts';
import {
  BrokerRegistrationChangeRecord,
  FenceBrokerRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  UnfenceBrokerRecord,
  UnregisterBrokerRecord,
  UnregisterControllerRecord,
} from '../../protocol/metadata/broker-records.ts';
import { ClientQuotaRecord, ConfigRecord, FeatureLevelRecord } from '../../protocol/metadata/config-records.ts';
import {
  AbortTransactionRecord,
  BeginTransactionRecord,
  EndTransactionRecord,
  NoOpRecord,
  ProducerIdsRecord,
  ZkMigrationStateRecord,
} from '../../protocol/metadata/log-records.ts';
import {
  AccessControlEntryRecord,
  DelegationTokenRecord,
  RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord,
  RemoveUserScramCredentialRecord,
  UserScramCredentialRecord,
} from '../../protocol/metadata/security-records.ts';
import {
  ClearElrRecord,
  PartitionChangeRecord,
  PartitionRecord,
  RemoveTopicRecord,
  TopicRecord,
} from '../../protocol/metadata/topic-records.ts';
import type { Reader } from '../../protocol/reader.ts';
import type { AnyMessage, Draft, Values } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';

/** All records of Kafka 4.4, and the version of each that is written: Kafka 4.2 and later read them. */
export const recordTables = {
  RegisterBrokerRecord: { message: RegisterBrokerRecord, version: 3 },
  UnregisterBrokerRecord: { message: UnregisterBrokerRecord, version: 0 },
  FenceBrokerRecord: { message: FenceBrokerRecord, version: 0 },
  UnfenceBrokerRecord: { message: UnfenceBrokerRecord, version: 0 },
  BrokerRegistrationChangeRecord: { message: BrokerRegistrationChangeRecord, version: 2 },
  RegisterControllerRecord: { message: RegisterControllerRecord, version: 0 },
  UnregisterControllerRecord: { message: UnregisterControllerRecord, version: 0 },
  TopicRecord: { message: TopicRecord, version: 0 },
  PartitionRecord: { message: PartitionRecord, version: 2 },
  PartitionChangeRecord: { message: PartitionChangeRecord, version: 2 },
  RemoveTopicRecord: { message: RemoveTopicRecord, version: 0 },
  ClearElrRecord: { message: ClearElrRecord, version: 0 },
  ConfigRecord: { message: ConfigRecord, version: 0 },
  ClientQuotaRecord: { message: ClientQuotaRecord, version: 0 },
  FeatureLevelRecord: { message: FeatureLevelRecord, version: 0 },
  UserScramCredentialRecord: { message: UserScramCredentialRecord, version: 0 },
  RemoveUserScramCredentialRecord: { message: RemoveUserScramCredentialRecord, version: 0 },
  AccessControlEntryRecord: { message: AccessControlEntryRecord, version: 0 },
  RemoveAccessControlEntryRecord: { message: RemoveAccessControlEntryRecord, version: 0 },
  DelegationTokenRecord: { message: DelegationTokenRecord, version: 0 },
  RemoveDelegationTokenRecord: { message: RemoveDelegationTokenRecord, version: 0 },
  ProducerIdsRecord: { message: ProducerIdsRecord, version: 0 },
  BeginTransactionRecord: { message: BeginTransactionRecord, version: 0 },
  EndTransactionRecord: { message: EndTransactionRecord, version: 0 },
  AbortTransactionRecord: { message: AbortTransactionRecord, version: 0 },
  ZkMigrationStateRecord: { message: ZkMigrationStateRecord, version: 0 },
  NoOpRecord: { message: NoOpRecord, version: 0 },
} as const;

export type MetadataRecordName = keyof typeof recordTables;
type FieldsOf<Name extends MetadataRecordName> = (typeof recordTables)[Name]['message']['fields'];

/** As read back: every field there. */
export type RecordOf<Name extends MetadataRecordName> = { readonly type: Name } & Readonly<Values<FieldsOf<Name>>>;
export type MetadataRecord = { [Name in MetadataRecordName]: RecordOf<Name> }[MetadataRecordName];

/** As written: fields with a default may be left out. */
export type DraftOf<Name extends MetadataRecordName> = { readonly type: Name } & Draft<FieldsOf<Name>>;
export type MetadataDraft = { [Name in MetadataRecordName]: DraftOf<Name> }[MetadataRecordName];

/** The value of a record in the metadata log. */
export function encodeRecord(draft: MetadataDraft): Buffer {
  const writer = new Writer();
  writeRecord(writer, draft);
  return writer.finish();
}

/** Appends the value of a record to what a writer has. */
export function writeRecord(writer: Writer, draft: MetadataDraft): void {
  writeMetadataRecord(writer, recordTables[draft.type].message as AnyMessage, versionOf(draft), draft);
}

/** Cordoned directories (KIP-1066) came with versions that older brokers cannot read: they are written where there are any. */
function versionOf(draft: MetadataDraft): number {
  const { version } = recordTables[draft.type];
  const cordoned = 'cordonedLogDirs' in draft ? draft.cordonedLogDirs : null;
  return (cordoned ?? null) === null ? version : version + 1;
}

/** Of a value at which a reader stands. @throws {InvalidRequest} for a type or version of a newer Kafka */
export function readRecord(reader: Reader): MetadataRecord {
  const { message, record } = readMetadataRecord(reader);
  const typed = record as { type: string };
  typed.type = message.name; // no copy: a lost broker of a large cluster is ten thousand records
  return typed as MetadataRecord;
}
