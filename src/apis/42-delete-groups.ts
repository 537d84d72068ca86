/** Deletes groups without members, with the offsets they have committed. */
import { DeleteGroups } from '../../protocol/apis/42-delete-groups.ts';
import { errorMessageOrNull } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { allOf, andThen } from '../coordination/answers.ts';
import { mapInPieces, setInPieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { remove } from '../security/needs.ts';

export const deleteGroups = handler(DeleteGroups, {
  parts: {
    list: 'groupsNames',
    needs: () => (groupId) => remove.group(groupId),
    refused: (groupId, errorCode) => ({ groupId, errorCode, errorMessage: null }),
    answers: 'results',
    place: 'last',
  },
  *handle({ groupsNames }, _context, { groups }: Parts<'groups'>) {
    // A group that the request names twice has one result.
    const results = yield* mapInPieces(yield* setInPieces(groupsNames, (groupId) => groupId), (groupId) =>
      andThen(groups.deleteGroup(groupId), (errorCode) => result(groupId, errorCode)),
    );
    return andThen(allOf(results), (all) => ({ results: all }));
  },
  refuse: ({ groupsNames }, errorCode) => ({ results: groupsNames.map((groupId) => result(groupId, errorCode)) }),
});

function result(groupId: string, errorCode: number) {
  return { groupId, errorCode, errorMessage: errorMessageOrNull(errorCode) };
}
