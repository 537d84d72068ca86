/** Lists the groups this broker coordinates. */
import { ListGroups } from '../../protocol/apis/16-list-groups.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { filterInPieces } from '../platform/pieces.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import type { Access } from '../security/access.ts';
import { describe, quietly, type Need } from '../security/needs.ts';

export const listGroups = handler(ListGroups, {
  byHand: [describe.cluster(), describe.group('groups[].groupId of the response')],
  *handle({ statesFilter, typesFilter }, { access }, { groups }: Parts<'groups'>) {
    const listed = yield* groups.listGroupsInPieces(statesFilter, typesFilter);
    const shown =
      access === null ? listed : { ...listed, groups: yield* filterInPieces(listed.groups, visible(access)) };
    return groups.whenAllCommitted(shown, (errorCode) => ({ errorCode, groups: [] }));
  },
  refuse: (_request, errorCode) => ({ errorCode, groups: [] }),
});

/** Which groups a client sees: all, where it may describe the cluster. */
function visible(access: Access): (group: { readonly groupId: string }) => boolean {
  const sees = (need: Need) => access.errorOf(quietly(need), ListGroups.name) === ErrorCode.NONE;
  const seesAll = sees(describe.cluster());
  return ({ groupId }) => seesAll || sees(describe.group(groupId));
}
