import { SyncGroup } from '../../protocol/apis/index.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { joined, type JoinOptions } from './members.ts';
import type { Side } from './side.ts';

type SyncSide = typeof SyncGroup extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** Syncs as the only member of a group that has just joined. */
function sync(
  change: (memberId: string) => Partial<RequestDraft<typeof SyncGroup>>,
  options: JoinOptions = { sync: false },
) {
  return async (side: SyncSide) => {
    const groupId = side.name('group');
    const { memberId, generationId } = await joined(side, groupId, options);
    await side.ask({
      groupId,
      generationId,
      memberId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId, assignment: Buffer.from('mine') }],
      ...change(memberId),
    });
  };
}

differential(SyncGroup, {
  'as the leader': sync(() => ({})),
  'as the leader, again': sync(() => ({}), { sync: true }),
  'without assignments': sync(() => ({ assignments: [] })),
  'for a stranger only': sync(() => ({ assignments: [{ memberId: 'stranger', assignment: Buffer.from('x') }] })),
  'for itself twice': sync((memberId) => ({
    assignments: ['one', 'two'].map((text) => ({ memberId, assignment: Buffer.from(text) })),
  })),
  'another generation': sync(() => ({ generationId: 9 })),
  'generation -1': sync(() => ({ generationId: -1 })),
  'a stranger': sync(() => ({ memberId: 'stranger' })),
  nobody: sync(() => ({ memberId: '' })),
  'another protocol type': sync(() => ({ protocolType: 'connect' })),
  'another protocol': sync(() => ({ protocolName: 'sticky' })),
  'no protocol type': sync(() => ({ protocolType: null })),
  'no protocol': sync(() => ({ protocolName: null })),
  neither: sync(() => ({ protocolType: null, protocolName: null })),
  'an instance id it has not': sync(() => ({ groupInstanceId: 'i' })),
  'a static member': sync(() => ({ groupInstanceId: 'i' }), { groupInstanceId: 'i', sync: false }),
  'a static member by another id': sync(() => ({ groupInstanceId: 'i', memberId: 'stranger' }), {
    groupInstanceId: 'i',
    sync: false,
  }),
  'a group without a name': sync(() => ({ groupId: '' })),
  'a group that is not there': sync(() => ({ groupId: 'no-such-group' })),
});
