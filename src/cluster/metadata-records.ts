/** The changes that a cluster's state is made of: Kafka's own metadata records, decoded. Wire tables: protocol/metadata. */
import {
  BrokerRegistrationChangeRecord,
  RegisterBrokerRecord,
  UnfenceBrokerRecord,
  UnregisterBrokerRecord,
} from '../../protocol/metadata/broker-records.ts';
import { ClientQuotaRecord, ConfigRecord, FeatureLevelRecord } from '../../protocol/metadata/config-records.ts';
import { NoOpRecord, ProducerIdsRecord } from '../../protocol/metadata/log-records.ts';
import {
  RemoveUserScramCredentialRecord,
  UserScramCredentialRecord,
} from '../../protocol/metadata/security-records.ts';
import {
  PartitionChangeRecord,
  PartitionRecord,
  RemoveTopicRecord,
  TopicRecord,
} from '../../protocol/metadata/topic-records.ts';
import type { Draft, Values } from '../../protocol/schema.ts';

/** The records that the image understands, and the version of each that is written (metadata.version 4.3 and 4.4 read them). */
export const recordTables = {
  RegisterBrokerRecord: { message: RegisterBrokerRecord, version: 3 },
  UnfenceBrokerRecord: { message: UnfenceBrokerRecord, version: 0 },
  BrokerRegistrationChangeRecord: { message: BrokerRegistrationChangeRecord, version: 2 },
  UnregisterBrokerRecord: { message: UnregisterBrokerRecord, version: 0 },
  TopicRecord: { message: TopicRecord, version: 0 },
  PartitionRecord: { message: PartitionRecord, version: 2 },
  PartitionChangeRecord: { message: PartitionChangeRecord, version: 2 },
  RemoveTopicRecord: { message: RemoveTopicRecord, version: 0 },
  ConfigRecord: { message: ConfigRecord, version: 0 },
  ClientQuotaRecord: { message: ClientQuotaRecord, version: 0 },
  UserScramCredentialRecord: { message: UserScramCredentialRecord, version: 0 },
  RemoveUserScramCredentialRecord: { message: RemoveUserScramCredentialRecord, version: 0 },
  ProducerIdsRecord: { message: ProducerIdsRecord, version: 0 },
  FeatureLevelRecord: { message: FeatureLevelRecord, version: 0 },
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
