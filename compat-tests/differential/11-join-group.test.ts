import { JoinGroup } from '../../protocol/apis/index.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { joined, subscription } from './members.ts';
import type { Side } from './side.ts';

type JoinSide = typeof JoinGroup extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Draft = RequestDraft<typeof JoinGroup>;

const RANGE = [{ name: 'range', metadata: subscription }];
const TIMES = { sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000 };

/** Joins an empty group, a second time with the member id it got if it must. */
function join(change: Partial<Draft> = {}) {
  return async (side: JoinSide) => {
    const draft = {
      groupId: side.name('group'),
      ...TIMES,
      memberId: '',
      protocolType: 'consumer',
      protocols: RANGE,
      ...change,
    };
    const answer = await side.ask(draft);
    if (answer?.errorCode === 79) await side.ask({ ...draft, memberId: answer.memberId });
  };
}

/** Joins a group that has a stable member. */
function second(change: (memberId: string) => Partial<Draft>) {
  return async (side: JoinSide) => {
    const groupId = side.name('group');
    const { memberId } = await joined(side, groupId);
    await side.ask({ groupId, ...TIMES, memberId, protocolType: 'consumer', protocols: RANGE, ...change(memberId) });
  };
}

differential(JoinGroup, {
  'an empty group': join(),
  'a group without a name': join({ groupId: '' }),
  'a member id that nobody has': join({ memberId: 'stranger' }),
  'a static member': join({ groupInstanceId: 'i' }),
  'a static member with a member id': join({ groupInstanceId: 'i', memberId: 'stranger' }),
  'an empty instance id': join({ groupInstanceId: '' }),
  'a dot as instance id': join({ groupInstanceId: '.' }),
  'an instance id with a space': join({ groupInstanceId: 'a b' }),
  'no protocols': join({ protocols: [] }),
  'no protocol type': join({ protocolType: '' }),
  'another protocol type': join({ protocolType: 'connect' }),
  'two protocols': join({ protocols: [{ name: 'sticky', metadata: subscription }, ...RANGE] }),
  'a protocol twice': join({ protocols: [...RANGE, ...RANGE] }),
  'a protocol without a name': join({ protocols: [{ name: '', metadata: subscription }] }),
  'a session of 10 ms': join({ sessionTimeoutMs: 10 }),
  'a session of -1 ms': join({ sessionTimeoutMs: -1 }),
  'a session of a day': join({ sessionTimeoutMs: 86_400_000 }),
  'a rebalance of 0 ms': join({ rebalanceTimeoutMs: 0 }),
  'a rebalance of -5 ms': join({ rebalanceTimeoutMs: -5 }),
  'a reason': join({ reason: 'for the test' }),
  'again as the leader': second(() => ({})),
  'again as the leader with other metadata': second(() => ({
    protocols: [{ name: 'range', metadata: Buffer.concat([subscription, Buffer.of(0)]) }],
  })),
  'a group with members, as a stranger': second(() => ({ memberId: 'stranger' })),
  'a group with members, of another type': second(() => ({ memberId: '', protocolType: 'connect' })),
  'a group with members, with no common protocol': second(() => ({
    memberId: '',
    protocols: [{ name: 'other', metadata: subscription }],
  })),
  'a group with members, with an instance id it has not': second(() => ({ groupInstanceId: 'i' })),
  'a static member that comes back': async (side) => {
    if (side.version < 5) return; // no static members yet: it would be a second member, and wait for the first
    const groupId = side.name('group');
    await joined(side, groupId, { groupInstanceId: 'i' });
    await side.ask({
      groupId,
      ...TIMES,
      memberId: '',
      groupInstanceId: 'i',
      protocolType: 'consumer',
      protocols: RANGE,
    });
  },
});
