/** Keys and values of control records: transaction markers, and the quorum's own in the metadata log. */
import { array, int16, int32, int53, message, string, struct, uint16, uuid, ZERO_UUID } from './schema.ts';

const voter = {
  voterId: int32,
  voterDirectoryId: uuid.versions('1+').default(ZERO_UUID),
};

/**
 * The key of every control record, behind a version of 16 bits. Types: 0 abort, 1 commit, 2 leader change, 3 snapshot
 * header, 4 snapshot footer, 5 quorum version, 6 voters.
 */
export const ControlRecordTypeSchema = message(
  'ControlRecordTypeSchema',
  { versions: '0', flexible: 'none' },
  {
    type: int16,
  },
);

/** The value of both markers, behind a version of 16 bits. */
export const EndTxnMarker = message(
  'EndTxnMarker',
  { versions: '0', flexible: 'none' },
  {
    /** An older coordinator's markers are refused. */
    coordinatorEpoch: int32,
  },
);

// v1 directories (KIP-853)
export const LeaderChangeMessage = message(
  'LeaderChangeMessage',
  { versions: '0-1', flexible: '0+' },
  {
    /** As the version of this record. */
    version: int16,
    leaderId: int32,
    voters: array(voter),
    grantingVoters: array(voter),
  },
);

export const SnapshotHeaderRecord = message(
  'SnapshotHeaderRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16,
    lastContainedLogTimestamp: int53,
  },
);

export const SnapshotFooterRecord = message(
  'SnapshotFooterRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16,
  },
);

export const KRaftVersionRecord = message(
  'KRaftVersionRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16,
    kRaftVersion: int16,
  },
);

export const VotersRecord = message(
  'VotersRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16,
    voters: array({
      voterId: int32,
      voterDirectoryId: uuid,
      endpoints: array({ name: string, host: string, port: uint16 }),
      kRaftVersionFeature: struct({ minSupportedVersion: int16, maxSupportedVersion: int16 }),
    }),
  },
);
