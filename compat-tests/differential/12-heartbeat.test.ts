import { Heartbeat } from '../../protocol/apis/index.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { joined, type JoinOptions } from './members.ts';
import type { Side } from './side.ts';

type BeatSide = typeof Heartbeat extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** Beats as the only member of a group. */
function beat(change: Partial<RequestDraft<typeof Heartbeat>>, options: JoinOptions = {}) {
  return async (side: BeatSide) => {
    const groupId = side.name('group');
    const member = await joined(side, groupId, options);
    await side.ask({ groupId, ...member, groupInstanceId: options.groupInstanceId, ...change });
  };
}

differential(Heartbeat, {
  'of a member': beat({}),
  'of a member that has not synced': beat({}, { sync: false }),
  'of another generation': beat({ generationId: 8 }),
  'of generation -1': beat({ generationId: -1 }),
  'of a stranger': beat({ memberId: 'stranger' }),
  'of nobody': beat({ memberId: '' }),
  'with an instance id it has not': beat({ groupInstanceId: 'i' }),
  'of a static member': beat({}, { groupInstanceId: 'i' }),
  'of a static member by another id': beat({ memberId: 'stranger' }, { groupInstanceId: 'i' }),
  'of a static member without its instance id': beat({ groupInstanceId: null }, { groupInstanceId: 'i' }),
  'to a group that is not there': (side) => side.ask({ groupId: side.name('none'), generationId: 1, memberId: 'm' }),
  'to a group without a name': (side) => side.ask({ groupId: '', generationId: 1, memberId: 'm' }),
});
