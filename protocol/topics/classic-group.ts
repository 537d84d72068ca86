/** Records of __consumer_offsets: a group of the classic protocol, whole in one record. */
import { array, bytes, int32, int53, message, string } from '../schema.ts';

export const GroupMetadataKey = message(
  'GroupMetadataKey',
  { apiKey: 2, versions: '0', flexible: 'none' },
  {
    group: string,
  },
);

// v1 rebalance timeout; v2 state timestamp; v3 static members (KIP-345); v4 flexible
export const GroupMetadataValue = message(
  'GroupMetadataValue',
  { apiKey: 2, versions: '0-4', flexible: '4+' },
  {
    protocolType: string,
    generation: int32,
    /** null in an empty group. */
    protocol: string.nullable(),
    /** The member id of the leader; null in an empty group. */
    leader: string.nullable(),
    /** When the group came into its state: an empty group expires from then on. */
    currentStateTimestamp: int53.versions('2+').default(-1),
    members: array({
      memberId: string,
      groupInstanceId: string.versions('3+').nullable().default(null),
      clientId: string,
      clientHost: string,
      rebalanceTimeout: int32.versions('1+').default(-1),
      sessionTimeout: int32,
      /** What the member sent when joining, for the protocol chosen. */
      subscription: bytes,
      assignment: bytes,
    }),
  },
);
