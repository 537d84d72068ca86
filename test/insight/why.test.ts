import { describe, expect, it } from 'vitest';
import type {
  GroupSituation,
  Rebalance,
  SituatedMember,
  SituatedPartition,
} from '../../src/insight/group-situation.ts';
import { nearNames } from '../../src/insight/near-names.ts';
import { why } from '../../src/insight/why.ts';
import { span } from '../../src/insight/words.ts';

const NOW = 1_000_000;

const place = (over: Partial<SituatedPartition> = {}): SituatedPartition => ({
  topic: 'orders',
  partition: 0,
  start: 0,
  stable: 10,
  end: 10,
  committed: 4,
  unread: 6,
  hasAborted: false,
  fetched: null,
  openTransaction: null,
  ...over,
});

const member = (over: Partial<SituatedMember> = {}): SituatedMember => ({
  memberId: 'm-1',
  clientId: 'billing-1',
  subscribed: ['orders'],
  assigned: [{ topic: 'orders', partition: 0 }],
  target: null,
  pattern: null,
  isConnected: true,
  ...over,
});

const situation = (over: Partial<GroupSituation> = {}): GroupSituation => ({
  nowMs: NOW,
  id: 'billing',
  type: 'classic',
  state: 'Stable',
  members: [member()],
  partitions: [place()],
  topics: new Map([['orders', 1]]),
  similar: new Map(),
  similarGroups: [],
  lastDeparture: null,
  rebalance: null,
  hindrances: [],
  throttles: [],
  clockStandsStill: false,
  wire: null,
  ...over,
});

const rebalance = (over: Partial<Rebalance> = {}): Rebalance => ({
  phase: 'joining',
  sinceMs: NOW - 30_000,
  reason: 'member billing-2 joined',
  waitingFor: ['billing-2'],
  untilMs: NOW + 15_000,
  ...over,
});

const wire = (over: Partial<NonNullable<GroupSituation['wire']>>) => ({
  sinceMs: new Map([['billing-1', NOW - 60_000]]),
  lastFetchMs: new Map<string, number | null>(),
  lastHeartbeatMs: new Map<string, number | null>(),
  errors: [],
  readers: [],
  lostAfterMetadata: [],
  ...over,
});

const causes = (over: Partial<GroupSituation>): string[] => why(situation(over)).map(({ cause }) => cause);

describe('why a group gets nothing', () => {
  it('finds nothing amiss with a group that reads', () => {
    expect(why(situation())).toMatchObject([
      { cause: 'reading', sentence: expect.stringContaining('6 records are left') },
    ]);
  });

  it('tells that there is no such group, and nothing else', () => {
    expect(causes({ type: null, state: 'Dead', members: [], partitions: [] })).toEqual(['no-such-group']);
    const [finding] = why(situation({ type: null, members: [], partitions: [], similarGroups: ['billings'] }));
    expect(finding.evidence).toEqual(['Groups with such names: billings.']);
  });

  it('tells what kept a consumer from joining before it tells that there is no group', () => {
    const none = { type: null, state: 'Dead', members: [], partitions: [] };
    const told = { api: 'Metadata', clientId: 'app', times: 2, lastAtMs: NOW };
    const unknown = { ...told, error: 'UNKNOWN_TOPIC_OR_PARTITION', about: 'ordres' };
    const similar = new Map([['ordres', [{ name: 'orders', records: 3 }]]]);
    const found = why(situation({ ...none, similar, wire: wire({ errors: [unknown] }) }));
    expect(found.map(({ cause }) => cause)).toEqual(['topic-missing', 'no-such-group']);
    expect(found[0].evidence).toEqual(['Topics with such names: orders.']);
    const lostAfterMetadata = [{ clientId: 'app', toldAddress: 'kafka:9092' }];
    expect(causes({ ...none, wire: wire({ lostAfterMetadata }) })).toEqual(['lost-after-metadata', 'no-such-group']);
  });

  it('tells who left last, and why', () => {
    const lastDeparture = { clientId: 'billing-2', atMs: NOW - 5000, reason: 'it was not heard of for 45 s' };
    const [finding] = why(situation({ members: [], state: 'Empty', lastDeparture }));
    expect(finding.cause).toBe('no-members');
    expect(finding.evidence).toContain('The last member, billing-2, went 5 s ago: it was not heard of for 45 s.');
  });

  it('tells of a topic that is not there, with those of similar names', () => {
    const similar = new Map([['order', [{ name: 'orders', records: 3 }]]]);
    const found = why(
      situation({ members: [member({ subscribed: ['order'], assigned: [] })], partitions: [], similar }),
    );
    expect(found[0]).toMatchObject({ cause: 'topic-missing', evidence: ['Topics with such names: orders.'] });
  });

  it('tells for whom a rebalance waits, and how long yet', () => {
    const [finding] = why(situation({ state: 'PreparingRebalance', rebalance: rebalance() }));
    expect(finding.sentence).toBe('The group has been rebalancing for 30 s and waits for billing-2 to join again.');
    expect(finding.evidence).toEqual([
      'The state of the group is PreparingRebalance.',
      'It began because of this: member billing-2 joined.',
      'The coordinator goes on without waiting in 15 s at the latest.',
    ]);
    const told = (over: Partial<Rebalance>) => why(situation({ rebalance: rebalance(over) }))[0].sentence;
    expect(told({ phase: 'gathering', waitingFor: [] })).toMatch(/waits for more members to join/);
    expect(told({ phase: 'unknown', waitingFor: [], sinceMs: null })).toBe(
      'The group rebalances and waits for its members.',
    );
  });

  it('tells of a clock that stands still while a rebalance is to time out', () => {
    const gone = [member(), member({ memberId: 'm-2', clientId: 'billing-2', isConnected: false })];
    const stuck = { rebalance: rebalance(), members: gone, clockStandsStill: true };
    expect(causes(stuck)).toEqual(['clock-stands-still', 'rebalancing']);
    expect(causes({ rebalance: rebalance({ phase: 'gathering' }), clockStandsStill: true })[0]).toBe(
      'clock-stands-still',
    );
    expect(causes({ rebalance: rebalance(), clockStandsStill: true })).toEqual(['rebalancing']);
    expect(causes({ clockStandsStill: true })).toEqual(['reading']);
  });

  it('tells of a member whose process is gone, for it keeps its partitions', () => {
    const [finding] = why(situation({ members: [member({ isConnected: false })] }));
    expect(finding).toMatchObject({
      cause: 'not-connected',
      evidence: [expect.stringContaining('session.timeout.ms'), 'Until then it keeps orders[0].'],
    });
  });

  it('tells which quota makes a member wait', () => {
    const throttle = {
      clientId: 'billing-1',
      quota: 'consumer_byte_rate',
      api: 'Fetch',
      times: 3,
      lastAtMs: NOW - 500,
    };
    const [finding] = why(situation({ throttles: [{ ...throttle, throttleTimeMs: 2000 }] }));
    expect(finding).toMatchObject({
      cause: 'throttled',
      sentence: 'billing-1 is made to wait, for it uses more than its quota (consumer_byte_rate).',
      evidence: ['Fetch was throttled 3 times, the last time 500 ms ago for 2 s.'],
    });
  });

  it('tells of a pattern that no topic matches', () => {
    const members = [member({ subscribed: [], pattern: 'ordr.*', assigned: [], target: [] })];
    expect(causes({ type: 'consumer', members, partitions: [], topics: new Map() })[0]).toBe('topic-missing');
  });

  it('tells who has not given a partition up', () => {
    const orders0 = { topic: 'orders', partition: 0 };
    const members = [
      member({ target: [] }),
      member({ memberId: 'm-2', clientId: 'billing-2', assigned: [], target: [orders0] }),
    ];
    expect(why(situation({ type: 'consumer', members }))[0]).toMatchObject({
      cause: 'not-released',
      sentence: 'billing-2 waits for orders[0], which billing-1 has not given up.',
    });
  });

  it('does not take a member for one that waits for what it owns itself', () => {
    const orders0 = { topic: 'orders', partition: 0 };
    expect(causes({ type: 'consumer', members: [member({ target: [orders0] })] })).toEqual(['reading']);
  });

  it('tells of faults, errors and clients that did not come back', () => {
    const errors = [
      {
        error: 'NOT_LEADER_OR_FOLLOWER',
        api: 'Fetch',
        about: 'orders[0]',
        clientId: 'billing-1',
        times: 3,
        lastAtMs: NOW,
      },
    ];
    const lostAfterMetadata = [{ clientId: 'billing-9', toldAddress: 'broker:9092' }];
    expect(causes({ hindrances: ['a fault holds Fetch'], wire: wire({ errors, lostAfterMetadata }) })).toEqual([
      'hindered',
      'lost-after-metadata',
      'told-errors',
    ]);
  });

  it('tells of a member that lives and does not fetch', () => {
    const beats = new Map([['billing-1', NOW - 1000]]);
    const seen = (lastFetchMs: number | null) =>
      causes({ wire: wire({ lastHeartbeatMs: beats, lastFetchMs: new Map([['billing-1', lastFetchMs]]) }) });
    expect(seen(null)).toEqual(['no-fetches']);
    expect(seen(NOW - 60_000)).toEqual(['no-fetches']);
    expect(seen(NOW - 500)).toEqual(['reading']);
    const joinedNow = { lastHeartbeatMs: beats, sinceMs: new Map([['billing-1', NOW - 1000]]) };
    expect(causes({ wire: wire(joinedNow) })).toEqual(['reading']);
  });

  it('tells of a transaction that holds records back', () => {
    const openTransaction = { transactionalId: 'payments', producerId: 7, firstOffset: 6, sinceMs: NOW - 90_000 };
    const [finding] = why(situation({ partitions: [place({ stable: 6, committed: 6, unread: 0, openTransaction })] }));
    expect(finding.sentence).toBe(
      "A transaction of 'payments' has been open for 90 s and holds back orders[0] from offset 6 on.",
    );
    // It has not come there yet, and reads what stands before it.
    expect(causes({ partitions: [place({ stable: 6, unread: 2, openTransaction })] })).toEqual(['reading']);
  });

  it('tells that all was aborted, which is not the same as all read', () => {
    expect(causes({ partitions: [place({ unread: 0, hasAborted: true })] })).toEqual(['all-aborted', 'all-read']);
    // The marker of a transaction that was committed.
    expect(causes({ partitions: [place({ unread: 0 })] })).toEqual(['all-read']);
    expect(causes({ partitions: [place({ committed: 10, unread: 0 })] })).toEqual(['all-read']);
  });

  it('tells what was deleted before it was read', () => {
    expect(causes({ partitions: [place({ start: 8, committed: 4, unread: 2 })] })).toEqual(['below-start']);
  });

  it('tells that a group may have begun at the end', () => {
    const [finding] = why(situation({ partitions: [place({ committed: null, unread: null })] }));
    expect(finding).toMatchObject({ cause: 'began-at-end', evidence: ['orders[0] holds offsets 0 to 9.'] });
    const began = (first: number) =>
      causes({
        partitions: [
          place({ committed: null, unread: 6, fetched: { first, last: 10, began: null, isUncommitted: false } }),
        ],
      });
    expect(began(10)).toEqual(['began-at-end']);
    expect(began(0)).toEqual(['all-read']);
  });

  it('tells of records that may have gone to a topic of a similar name', () => {
    const topics = new Map([
      ['orders', 1],
      ['order', 1],
    ]);
    const partitions = [place({ stable: 0, end: 0, committed: null, unread: 0 })];
    const similar = (records: number | null) => new Map([['orders', [{ name: 'order', records }]]]);
    expect(causes({ topics, partitions, similar: similar(3) })).toEqual(['similar-topic', 'all-read']);
    expect(causes({ topics, partitions, similar: similar(null) })).toEqual(['similar-topic', 'all-read']);
    expect(causes({ topics, partitions, similar: similar(0) })).toEqual(['all-read']);
  });

  it('tells of members without a partition', () => {
    const members = [member(), member({ memberId: 'm-2', clientId: 'billing-2', assigned: [] })];
    expect(why(situation({ members }))[0]).toMatchObject({
      cause: 'idle-members',
      sentence: 'billing-2 has no partition: the group has 2 members for 1 partition.',
    });
  });

  it('ends every sentence, and says what to do', () => {
    const everything = situation({
      members: [member({ subscribed: ['ordres'] }), member({ memberId: 'm-2', assigned: [] })],
      partitions: [
        place({
          start: 6,
          stable: 8,
          openTransaction: { transactionalId: null, producerId: 7, firstOffset: 8, sinceMs: null },
        }),
      ],
      hindrances: ['a fault'],
      rebalance: rebalance(),
      throttles: [{ clientId: 'a', quota: 'q', api: 'Fetch', times: 1, lastAtMs: NOW, throttleTimeMs: 5 }],
      clockStandsStill: true,
    });
    for (const { sentence, evidence, next } of why(everything)) {
      for (const text of [sentence, next, ...evidence]) expect(text).toMatch(/\.$/);
    }
  });
});

describe('what is no cause', () => {
  const fetches = { first: 0, last: 0, began: null, isUncommitted: false };
  const openTransaction = { transactionalId: 'payments', producerId: 7, firstOffset: 4, sinceMs: NOW };

  it('an open transaction, or an aborted one, of a group that reads what is not committed', () => {
    const held = place({ stable: 4, committed: 10, unread: 0, openTransaction });
    expect(causes({ partitions: [held] })).toContain('open-transaction');
    const fetched = { ...fetches, last: 10, isUncommitted: true };
    expect(causes({ partitions: [{ ...held, fetched }] })).toEqual(['all-read']);
    const aborted = place({ committed: 4, unread: 0, hasAborted: true });
    expect(causes({ partitions: [aborted] })).toContain('all-aborted');
    expect(causes({ partitions: [{ ...aborted, fetched }] })).toEqual(['all-read']);
  });

  it('the end, for a group that has read since; Java’s consumers commit it before they have read anything', () => {
    const began = { ...fetches, first: 10, last: 10, began: 10 };
    expect(causes({ partitions: [place({ committed: 10, unread: 0, fetched: began })] })).toEqual(['began-at-end']);
    const later = { ...began, last: 12 };
    expect(causes({ partitions: [place({ stable: 12, end: 12, committed: 12, unread: 0, fetched: later })] })).toEqual([
      'all-read',
    ]);
    expect(causes({ partitions: [place({ committed: 10, unread: 0, fetched: { ...began, began: null } })] })).toEqual([
      'all-read',
    ]);
  });

  it('a rebalance that waits for nobody but members that are gone to ask for what they own', () => {
    const members = [member({ isConnected: false })];
    const waits = rebalance({ phase: 'reconciling', waitingFor: ['billing-1'] });
    expect(causes({ members, rebalance: waits })).toEqual(['not-connected']);
    expect(causes({ members, rebalance: waits, clockStandsStill: true })).toEqual(['clock-stands-still']);
    const another = { ...waits, waitingFor: ['billing-1', 'billing-2'] };
    expect(causes({ members, rebalance: another })).toEqual(['not-connected', 'rebalancing']);
    expect(causes({ members, rebalance: { ...waits, phase: 'joining' } })).toEqual(['not-connected', 'rebalancing']);
  });

  it('a group without members whose consumer was assigned partitions by its code', () => {
    const read = [place({ committed: 10, unread: 0 })];
    expect(causes({ members: [], state: 'Empty', partitions: read })[0]).toBe('no-members');
    expect(causes({ members: [], state: 'Empty', partitions: read, wire: wire({ readers: ['app'] }) })).toEqual([
      'all-read',
    ]);
  });

  it('nothing committed, where all was given', () => {
    const given = place({ committed: null, unread: 10, fetched: { ...fetches, last: 10 } });
    expect(why(situation({ partitions: [given] }))).toMatchObject([
      { cause: 'all-read', sentence: 'The group was given all that there is in orders[0], and has not committed it.' },
    ]);
  });
});

describe('what librdkafka and Java tell otherwise', () => {
  const told = { api: 'Metadata', clientId: 'billing-1', times: 2, lastAtMs: NOW };

  it('a topic that a member asked for in vain, which is in no subscription', () => {
    const errors = [{ ...told, error: 'UNKNOWN_TOPIC_OR_PARTITION', about: 'ordres' }];
    const idle = {
      members: [member({ subscribed: [], assigned: [] })],
      partitions: [],
      topics: new Map<string, number>(),
    };
    expect(causes({ ...idle, wire: wire({ errors }) })[0]).toBe('topic-missing');
    expect(causes({ wire: wire({ errors }) })).toEqual(['reading']); // its member reads another one
  });

  it('an offset that is deleted, before the error that tells of it', () => {
    const errors = [{ ...told, api: 'Fetch', error: 'OFFSET_OUT_OF_RANGE', about: 'orders[0]' }];
    expect(causes({ partitions: [place({ start: 6 })], wire: wire({ errors }) })).toEqual(['below-start']);
    expect(causes({ wire: wire({ errors }) })).toEqual(['told-errors']);
  });
});

describe('near names', () => {
  it('finds case, separators, plurals and slips, the nearest first', () => {
    expect(nearNames('order-events', ['orders', 'Order_Event', 'order.evnets', 'payments'])).toEqual([
      'Order_Event',
      'order.evnets',
    ]);
  });

  it('finds nothing in names that have nothing in common, however short', () => {
    expect(nearNames('a', ['xyz', 'payments'])).toEqual([]);
    expect(nearNames('audit', ['billing'])).toEqual([]);
  });
});

describe('a span of time in words', () => {
  it('is told in the unit that people would use', () => {
    expect([340, 12_000, 180_000, 7_200_000, -5].map(span)).toEqual(['340 ms', '12 s', '3 min', '2 h', '0 ms']);
  });
});
