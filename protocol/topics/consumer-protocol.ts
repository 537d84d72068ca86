/**
 * What consumers put into the opaque bytes of JoinGroup and SyncGroup, behind a version of 16 bits; a newer version
 * is read as v3.
 */
import { array, bytes, int32, message, string } from '../schema.ts';

// v1 owned partitions (KIP-429); v2 generation (KIP-792); v3 rack (KIP-881)
export const ConsumerProtocolSubscription = message(
  'ConsumerProtocolSubscription',
  {
    versions: '0-3',
    flexible: 'none',
  },
  {
    topics: array(string),
    userData: bytes.nullable().default(null),
    /** What a cooperative member still holds (KIP-429). */
    ownedPartitions: array({ topic: string, partitions: array(int32) })
      .versions('1+')
      .default([]),
    /** In which it got them; -1: unknown. */
    generationId: int32.versions('2+').default(-1),
    rackId: string.versions('3+').nullable().default(null),
  },
);

export const ConsumerProtocolAssignment = message(
  'ConsumerProtocolAssignment',
  { versions: '0-3', flexible: 'none' },
  {
    assignedPartitions: array({ topic: string, partitions: array(int32) }),
    userData: bytes.nullable().default(null),
  },
);
