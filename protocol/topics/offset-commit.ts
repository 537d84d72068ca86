/** Records of __consumer_offsets: the offsets that groups commit, of whatever type the group is. */
import { int32, int53, message, string, uuid } from '../schema.ts';

export const OffsetCommitKey = message(
  'OffsetCommitKey',
  { apiKey: 1, versions: '0', flexible: 'none' },
  {
    group: string,
    topic: string,
    partition: int32,
  },
);

// v2 no expiry; v3 leader epoch (KIP-320); v4 flexible, topic id; since KIP-915 only tagged fields are added
export const OffsetCommitValue = message(
  'OffsetCommitValue',
  { apiKey: 1, versions: '0-4', flexible: '4+' },
  {
    offset: int53,
    leaderEpoch: int32.versions('3+').default(-1),
    metadata: string,
    /** Milliseconds since 1970. */
    commitTimestamp: int53,
    /** Set by clients that ask for a retention time of their own; -1 otherwise. */
    expireTimestamp: int53.versions('1').default(-1),
    /** All zero where the commit did not name it. */
    topicId: uuid.versions('4+').tagged(0),
  },
);

/** Record type 0, which only very old brokers wrote. */
export const LegacyOffsetCommitKey = message(
  'LegacyOffsetCommitKey',
  { apiKey: 0, versions: '0', flexible: 'none' },
  {
    group: string,
    topic: string,
    partition: int32,
  },
);

export const LegacyOffsetCommitValue = message(
  'LegacyOffsetCommitValue',
  {
    apiKey: 0,
    versions: '0',
    flexible: 'none',
  },
  {
    offset: int53,
    metadata: string,
    commitTimestamp: int53,
  },
);
