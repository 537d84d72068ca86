/** Lists the groups this broker coordinates. */
import { ListGroups } from '../../protocol/apis/16-list-groups.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const listGroups = handler(ListGroups, {
  handle: ({ statesFilter, typesFilter }, _context, { groups }: Parts<'groups'>) =>
    groups.whenAllCommitted(groups.listGroups(statesFilter, typesFilter), (errorCode) => ({ errorCode, groups: [] })),
  refuse: (_request, errorCode) => ({ errorCode, groups: [] }),
});
