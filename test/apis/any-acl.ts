/** The filter of DescribeAcls and DeleteAcls that every ACL fits: each field 1, which means any, or null. */
export const anyAcl = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};
