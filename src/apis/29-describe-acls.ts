/** Lists ACLs. Without an authorizer the answer is SECURITY_DISABLED, from which tools know it. */
import { DescribeAcls } from '../../protocol/apis/29-describe-acls.ts';
import { checkKnown, NO_AUTHORIZER } from './acls-disabled.ts';
import { handler } from './handler.ts';

export const describeAcls = handler(DescribeAcls, {
  handle: ({ resourceTypeFilter, patternTypeFilter, operation, permissionType }) => {
    checkKnown([resourceTypeFilter, patternTypeFilter, operation, permissionType]);
    return { ...NO_AUTHORIZER, resources: [] };
  },
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: null, resources: [] }),
});
