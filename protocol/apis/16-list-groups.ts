import { api, array, int16, int32, string } from '../schema.ts';

/** Lists the groups this broker coordinates. */
export const ListGroups = api(16, 'ListGroups', {
  versions: '0-5', // v3 flexible; v4 states (KIP-518); v5 types (KIP-848)
  flexible: '3+',
  request: {
    /** Empty: every state. */
    statesFilter: array(string).versions('4+').default([]),
    /** Empty: every type. */
    typesFilter: array(string).versions('5+').default([]),
  },
  response: {
    throttleTimeMs: int32.versions('1+').default(0),
    errorCode: int16,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: string.versions('4+').default(''),
      groupType: string.versions('5+').default(''),
    }),
  },
});
