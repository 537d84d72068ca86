/** Records of the metadata log: ACLs, SCRAM credentials and delegation tokens. */
import { array, bytes, int32, int53, int8, message, string, uuid } from '../schema.ts';

export const AccessControlEntryRecord = message(
  'AccessControlEntryRecord',
  {
    apiKey: 18,
    versions: '0',
    flexible: '0+',
  },
  {
    id: uuid,
    resourceType: int8,
    resourceName: string,
    patternType: int8,
    principal: string,
    host: string,
    operation: int8,
    permissionType: int8,
  },
);

export const RemoveAccessControlEntryRecord = message(
  'RemoveAccessControlEntryRecord',
  {
    apiKey: 19,
    versions: '0',
    flexible: '0+',
  },
  {
    id: uuid,
  },
);

export const UserScramCredentialRecord = message(
  'UserScramCredentialRecord',
  {
    apiKey: 11,
    versions: '0',
    flexible: '0+',
  },
  {
    name: string,
    /** 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
    mechanism: int8,
    salt: bytes,
    storedKey: bytes,
    serverKey: bytes,
    iterations: int32,
  },
);

export const RemoveUserScramCredentialRecord = message(
  'RemoveUserScramCredentialRecord',
  {
    apiKey: 22,
    versions: '0',
    flexible: '0+',
  },
  {
    name: string,
    mechanism: int8,
  },
);

export const DelegationTokenRecord = message(
  'DelegationTokenRecord',
  { apiKey: 10, versions: '0', flexible: '0+' },
  {
    owner: string,
    requester: string,
    renewers: array(string),
    issueTimestamp: int53,
    maxTimestamp: int53,
    expirationTimestamp: int53,
    tokenId: string,
  },
);

export const RemoveDelegationTokenRecord = message(
  'RemoveDelegationTokenRecord',
  {
    apiKey: 26,
    versions: '0',
    flexible: '0+',
  },
  {
    tokenId: string,
  },
);
