import { DescribeGroups, LeaveGroup } from '../../protocol/apis/index.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { joined, type JoinOptions } from './members.ts';
import type { Side } from './side.ts';

type LeaveSide = typeof LeaveGroup extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Members = RequestDraft<typeof LeaveGroup>['members'];

/** Takes members out of a group of one; up to v2 only the first can be named. */
function leave(members: (memberId: string) => NonNullable<Members>, options: JoinOptions = {}) {
  return async (side: LeaveSide) => {
    const groupId = side.name('group');
    const { memberId } = await joined(side, groupId, options);
    const leaving = members(memberId);
    await side.ask({ groupId, memberId: leaving[0]?.memberId ?? '', members: leaving });
    await side.askOf(DescribeGroups, 5, { groups: [groupId] });
  };
}

differential(LeaveGroup, {
  'a member': leave((memberId) => [{ memberId }]),
  'a member, with a reason': leave((memberId) => [{ memberId, reason: 'for the test' }]),
  'a member before it has synced': leave((memberId) => [{ memberId }], { sync: false }),
  'a stranger': leave(() => [{ memberId: 'stranger' }]),
  nobody: leave(() => [{ memberId: '' }]),
  'no members': leave(() => []),
  'a member and a stranger': leave((memberId) => [{ memberId }, { memberId: 'stranger' }]),
  'a member twice': leave((memberId) => [{ memberId }, { memberId }]),
  'a static member by its instance id': leave(() => [{ memberId: '', groupInstanceId: 'i' }], { groupInstanceId: 'i' }),
  'a static member by both': leave((memberId) => [{ memberId, groupInstanceId: 'i' }], { groupInstanceId: 'i' }),
  'a static member by its member id': leave((memberId) => [{ memberId }], { groupInstanceId: 'i' }),
  'a static member by a wrong member id': leave(() => [{ memberId: 'stranger', groupInstanceId: 'i' }], {
    groupInstanceId: 'i',
  }),
  'an unknown instance id': leave(() => [{ memberId: '', groupInstanceId: 'j' }], { groupInstanceId: 'i' }),
  'a group that is not there': (side) =>
    side.ask({ groupId: side.name('none'), memberId: 'm', members: [{ memberId: 'm' }] }),
  'a group without a name': (side) => side.ask({ groupId: '', memberId: 'm', members: [{ memberId: 'm' }] }),
});
