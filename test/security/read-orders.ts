/** The ACL that tests begin with: alice may read 'orders'. */
import type { NewAcl } from '../../src/security/acls/alteration.ts';
import { Operation, Pattern, Permission, Resource } from '../../src/security/acls/codes.ts';

export const READ_ORDERS: NewAcl = {
  resourceType: Resource.TOPIC,
  resourceName: 'orders',
  patternType: Pattern.LITERAL,
  principal: 'User:alice',
  host: '*',
  operation: Operation.READ,
  permissionType: Permission.ALLOW,
};
