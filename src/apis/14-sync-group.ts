/** Takes the assignment from the leader of a classic group, and answers each member its part. */
import { SyncGroup } from '../../protocol/apis/14-sync-group.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { syncError } from '../groups/classic/state.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { read } from '../security/needs.ts';

export const syncGroup = handler(SyncGroup, {
  needs: ({ groupId }) => read.group(groupId),
  handle: (request, { apiVersion }, { groups }: Parts<'groups'>) => {
    // From v5 on a request must have both (KIP-559).
    if (apiVersion >= 5 && (request.protocolType === null || request.protocolName === null)) {
      return syncError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
    return groups.sync(request);
  },
  refuse: (_request, errorCode) => syncError(errorCode),
});
