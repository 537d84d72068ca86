/** Deletes ACLs. Without an authorizer each filter is refused. */
import { DeleteAcls } from '../../protocol/apis/31-delete-acls.ts';
import { checkKnown, NO_AUTHORIZER } from './acls-disabled.ts';
import { handler } from './handler.ts';

export const deleteAcls = handler(DeleteAcls, {
  forwarded: true,
  handle: ({ filters }) => ({
    filterResults: filters.map(({ resourceTypeFilter, patternTypeFilter, operation, permissionType }) => {
      checkKnown([resourceTypeFilter, patternTypeFilter, operation, permissionType]);
      return { ...NO_AUTHORIZER, matchingAcls: [] };
    }),
  }),
  refuse: ({ filters }, errorCode) => ({
    filterResults: filters.map(() => ({ errorCode, errorMessage: null, matchingAcls: [] })),
  }),
});
