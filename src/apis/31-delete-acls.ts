/** Deletes ACLs, all that fit one of the filters together. Without an authorizer each filter is refused. */
import { DeleteAcls } from '../../protocol/apis/31-delete-acls.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { deleteAcls as decide } from '../security/acls/alteration.ts';
import { checkKnown, NO_AUTHORIZER } from './acl-request.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

const DELETED = { errorCode: ErrorCode.NONE, errorMessage: null };

export const deleteAcls = handler(DeleteAcls, {
  needs: () => alter.cluster(),
  forwarded: true,
  handle: ({ filters }, { access }, { controller }: Parts<'controller'>) => {
    for (const { resourceTypeFilter, patternTypeFilter, operation, permissionType } of filters) {
      checkKnown([resourceTypeFilter, patternTypeFilter, operation, permissionType]);
    }
    if (access === null) return { filterResults: filters.map(() => ({ ...NO_AUTHORIZER, matchingAcls: [] })) };
    return controller
      .alterAcls(({ accessControlEntries }) => decide(filters, accessControlEntries))
      .then((results) => ({
        filterResults: results.map(({ matchingAcls, ...result }) => ({
          ...result,
          matchingAcls: matchingAcls.map(({ id: _id, ...acl }) => ({ ...DELETED, ...acl })),
        })),
      }));
  },
  refuse: ({ filters }, errorCode) => ({
    filterResults: filters.map(() => ({ errorCode, errorMessage: errorMessage(errorCode), matchingAcls: [] })),
  }),
});
