import { api, array, int16, int32, string } from '../schema.ts';

/** Deletes groups without members, and their offsets (KIP-229). */
export const DeleteGroups = api(42, 'DeleteGroups', {
  versions: '0-3', // v3 says what is wrong
  flexible: '2+',
  request: { groupsNames: array(string) },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      groupId: string,
      errorCode: int16,
      errorMessage: string.versions('3+').nullable().default(null),
    }),
  },
});
