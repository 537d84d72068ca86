import { describe, expect, it } from 'vitest';
import type { Rebalance } from '../../src/insight/group-situation.ts';
import { worded, type Happening } from '../../src/insight/happening.ts';
import { rebalancesOf } from '../../src/insight/rebalances.ts';

const at = (atMs: number, event: string, facts: Happening['facts'] = {}): Happening => ({
  number: atMs,
  atMs,
  event,
  level: 'info',
  facts: { group: 'billing', generation: 3, ...facts },
  times: 1,
  lastAtMs: atMs,
});

const under: Rebalance = { phase: 'joining', sinceMs: 200, reason: 'x', waitingFor: ['slow'], untilMs: 900 };

describe('the rebalances of a group', () => {
  it('have a reason, phases with whom each waited for, and an end', () => {
    const events = [
      at(100, 'group.rebalance', { reason: 'member b joined' }),
      at(120, 'group.member-left', { client: 'a', reason: 'it did not join again in time' }),
      at(140, 'group.joined', { last: 'slow' }),
      at(150, 'group.stable', { last: 'leader', members: 1 }),
      at(155, 'group.rebalance', { group: 'other', reason: 'not this one' }),
    ];
    expect(rebalancesOf('billing', events, null)).toEqual([
      {
        startMs: 100,
        endMs: 150,
        reason: 'member b joined',
        generation: 3,
        outcome: 'stable',
        untilMs: null,
        left: [{ clientId: 'a', reason: 'it did not join again in time' }],
        phases: [
          { phase: 'joining', fromMs: 100, toMs: 140, waitedFor: ['slow'] },
          { phase: 'assigning', fromMs: 140, toMs: 150, waitedFor: ['leader'] },
        ],
      },
    ]);
  });

  it('come newest first; one that began again has ended, and the one under way tells whom it waits for', () => {
    const events = [
      at(100, 'group.rebalance', { reason: 'first' }),
      at(110, 'group.joined', { last: 'a' }),
      at(200, 'group.rebalance', { reason: 'second' }),
    ];
    const [second, first] = rebalancesOf('billing', events, under);
    expect(first).toMatchObject({ endMs: 200, outcome: 'again' });
    expect(second).toMatchObject({
      endMs: null,
      outcome: null,
      untilMs: 900,
      phases: [{ phase: 'joining', fromMs: 200, toMs: null, waitedFor: ['slow'] }],
    });
  });

  it('of the consumer protocol are assigned, then reconciled', () => {
    const events = [
      at(100, 'group.rebalance', { reason: 'member a joined' }),
      at(100, 'group.assigned', { members: 2 }),
      at(160, 'group.stable', { members: 2 }),
    ];
    expect(rebalancesOf('billing', events, null)[0].phases.map(({ phase }) => phase)).toEqual([
      'assigning',
      'reconciling',
    ]);
  });
});

describe('what has happened, in words', () => {
  const text = (event: string, facts: Happening['facts']): string | undefined =>
    worded({ ...at(1, event), facts })?.text;

  it('is told of topics, settings, leaders, groups and disks', () => {
    expect(text('topic.created', { topic: 'a', partitions: 1 })).toBe("topic 'a' was created with 1 partition");
    expect(text('partition.leader', { topic: 'a', partition: 0, leader: 2, before: 1 })).toBe(
      'broker 2 leads a[0], as broker 1 did before',
    );
    const set = { resource: '2:a', setting: 'retention.ms', isSet: true };
    expect(text('setting.changed', { ...set, value: '5', before: '4' })).toBe(
      "retention.ms of topic 'a' was set to 5, before 4",
    );
    expect(text('group.rebalance', { group: 'g', reason: 'member x joined' })).toBe(
      "group 'g' rebalances: member x joined",
    );
    expect(text('group.joined', { group: 'g' })).toBeUndefined();
  });

  it('is told by its name and facts where it has no words', () => {
    expect(worded(at(1, 'log-found-twice', { path: '/x' }))).toMatchObject({
      kind: 'disk',
      text: expect.stringContaining('log found twice'),
    });
  });
});
