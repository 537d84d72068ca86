/** Creates ACLs. Without an authorizer each is refused. */
import { CreateAcls } from '../../protocol/apis/30-create-acls.ts';
import { checkKnown, NO_AUTHORIZER } from './acls-disabled.ts';
import { handler } from './handler.ts';

export const createAcls = handler(CreateAcls, {
  forwarded: true,
  handle: ({ creations }) => ({
    results: creations.map(({ resourceType, resourcePatternType, operation, permissionType }) => {
      checkKnown([resourceType, resourcePatternType, operation, permissionType]);
      return NO_AUTHORIZER;
    }),
  }),
  refuse: ({ creations }, errorCode) => ({ results: creations.map(() => ({ errorCode, errorMessage: null })) }),
});
