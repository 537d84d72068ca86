/** Lists the groups this broker coordinates. */
import { ListGroups } from '../../protocol/apis/16-list-groups.ts';
import { handler } from './handler.ts';

export const listGroups = handler(ListGroups, {
  handle: ({ statesFilter, typesFilter }, { broker }) => broker.groups.listGroups(statesFilter, typesFilter),
  refuse: (_request, errorCode) => ({ errorCode, groups: [] }),
});
