/** Lists the groups this broker coordinates. */
import { ListGroups } from '../../protocol/apis/16-list-groups.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const listGroups = handler(ListGroups, {
  *handle({ statesFilter, typesFilter }, _context, { groups }: Parts<'groups'>) {
    const listed = yield* groups.listGroupsInPieces(statesFilter, typesFilter);
    return groups.whenAllCommitted(listed, (errorCode) => ({ errorCode, groups: [] }));
  },
  refuse: (_request, errorCode) => ({ errorCode, groups: [] }),
});
