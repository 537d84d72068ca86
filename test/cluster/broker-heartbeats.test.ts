/** When a broker counts as alive, and what its heartbeats are answered: every rule of the machine, in virtual time. */
import { beforeEach, describe, expect, test } from 'vitest';
import { BrokerHeartbeats, type Heartbeat } from '../../src/cluster/broker-heartbeats.ts';
import { emptyImage, type BrokerImage, type ClusterImage, type PartitionImage } from '../../src/cluster/image.ts';
import { topicImage } from '../../src/cluster/replica-index.ts';

const SESSION = 9000;
const INTERVAL = 2000;

function broker(id: number, change: Partial<BrokerImage> = {}): BrokerImage {
  return {
    id,
    epoch: 10 + id,
    incarnationId: `incarnation ${id}`,
    rack: null,
    listeners: [],
    features: [],
    fenced: false,
    inControlledShutdown: false,
    logDirectoryIds: [],
    cordonedLogDirectoryIds: [],
    ...change,
  };
}

const PARTITION: PartitionImage = {
  leader: 1,
  leaderEpoch: 0,
  leaderRecoveryState: 0,
  partitionEpoch: 0,
  replicas: [1, 2],
  isr: [1, 2],
  elr: [],
  lastKnownElr: [],
  addingReplicas: [],
  removingReplicas: [],
  directories: [],
};

function imageOf(brokers: BrokerImage[], leader = 1): ClusterImage {
  const topic = topicImage('t', 't', [{ ...PARTITION, leader }]);
  return {
    ...emptyImage('c'),
    revision: 50,
    brokers: new Map(brokers.map((each) => [each.id, each])),
    topicsById: new Map([['t', topic]]),
  };
}

const BOTH = imageOf([broker(1), broker(2)]);

function heartbeat(brokerId: number, change: Partial<Heartbeat> = {}): Heartbeat {
  return {
    brokerId,
    brokerEpoch: 10 + brokerId,
    currentMetadataOffset: 50,
    wantFence: false,
    wantShutDown: false,
    ...change,
  };
}

let heartbeats: BrokerHeartbeats;
beforeEach(() => {
  heartbeats = new BrokerHeartbeats(() => ({ sessionTimeoutMs: SESSION, intervalMs: INTERVAL }));
});

/** What is due, as '12 probe 2' with the time; each second from 0 until `untilMs`. Probes find what `probe` says. */
function due(untilMs: number, probe: 'refused' | 'accepted' | 'silent' | null, image = BOTH, stepMs = 500): string[] {
  const events: string[] = [];
  for (let nowMs = 0; nowMs <= untilMs; nowMs += stepMs) {
    for (const { action, brokerId, brokerEpoch } of heartbeats.due(image, nowMs)) {
      events.push(`${nowMs} ${action} ${brokerId}`);
      if (action === 'probe' && probe !== null) heartbeats.probed(brokerId, brokerEpoch, probe, nowMs);
      if (action === 'fence') return events;
    }
  }
  return events;
}

describe('after a takeover', () => {
  test('nobody is fenced at once, and who says nothing for 500 ms is looked for', () => {
    heartbeats.begin(BOTH, 0);
    expect(heartbeats.due(BOTH, 499)).toEqual([]);
    expect(heartbeats.nextDueMs(BOTH)).toBe(500);
    heartbeats.heartbeat(heartbeat(1), BOTH, 300);
    expect(heartbeats.due(BOTH, 500)).toEqual([{ action: 'probe', brokerId: 2, brokerEpoch: 12 }]);
    expect(heartbeats.due(BOTH, 501)).toEqual([]); // until the outcome is told
  });

  test('nobody listens: fenced at once', () => {
    heartbeats.begin(BOTH, 0);
    expect(due(SESSION, 'refused')).toEqual(['500 probe 1', '500 probe 2', '1000 fence 1']);
  });

  test.each(['accepted', 'silent'] as const)('the probe is %s: the session decides', (outcome) => {
    heartbeats.begin(imageOf([broker(2)]), 0);
    const events = due(2 * SESSION, outcome, imageOf([broker(2)]));
    expect(events.filter((each) => each.includes('fence'))).toEqual([`${SESSION} fence 2`]);
  });

  test('a probe whose outcome never comes does not hold up the session', () => {
    heartbeats.begin(imageOf([broker(2)]), 0);
    expect(due(2 * SESSION, null, imageOf([broker(2)]))).toEqual(['500 probe 2', `${SESSION} fence 2`]);
  });

  test('another process may have the id of one that has said nothing yet, where it listens at the same address', () => {
    const at = (port: number) => broker(2, { listeners: [{ name: 'L', host: 'h', port, securityProtocol: 0 }] });
    heartbeats.begin(imageOf([at(1)]), 0);
    expect([1, 2].map((port) => heartbeats.hasLiveSession(at(port), 100))).toEqual([false, true]);
    heartbeats.heartbeat(heartbeat(2), imageOf([at(1)]), 200);
    expect([1, 2].map((port) => heartbeats.hasLiveSession(at(port), 300))).toEqual([true, true]);
  });

  test('the broker beside the controller before has been silent for as long as its lease, but for half a session at most', () => {
    const fencedAt = (silentMs: number): string[] => {
      heartbeats.begin(BOTH, 0, { nodeId: 2, silentMs });
      return due(2 * SESSION, 'silent').filter((each) => each.includes('fence'));
    };
    expect(fencedAt(3000)).toEqual([`${SESSION - 3000} fence 2`]);
    expect(fencedAt(60_000)).toEqual([`${SESSION / 2} fence 2`]);
  });

  test('the broker beside the controller before is looked for at once', () => {
    heartbeats.begin(BOTH, 0, { nodeId: 2, silentMs: 3000 });
    expect(due(SESSION, 'refused')).toEqual(['0 probe 2', '500 probe 1', '500 fence 2']); // in steps of 500 ms
  });

  test('a broker that was fenced before is left alone', () => {
    const image = imageOf([broker(1, { fenced: true })]);
    heartbeats.begin(image, 0);
    expect(due(3 * SESSION, 'refused', image)).toEqual([]);
    expect(heartbeats.nextDueMs(image)).toBe(Infinity);
  });
});

describe('a controller that cannot be reached', () => {
  const FIVE = imageOf([1, 2, 3, 4, 5].map((id) => broker(id)));
  const HALF = SESSION / 2;

  /** When these brokers alone are heard of after a takeover, and probes of the others find what `outcome` says. */
  function isCutOffAt(nowMs: number, heard: readonly number[], outcome: 'accepted' | 'silent' | 'refused'): boolean {
    heartbeats.begin(FIVE, 0);
    for (const id of heard) heartbeats.heartbeat(heartbeat(id), FIVE, nowMs - 1000);
    for (const { brokerId, brokerEpoch } of heartbeats.due(FIVE, 500))
      heartbeats.probed(brokerId, brokerEpoch, outcome, 500);
    return heartbeats.isCutOff(FIVE, nowMs);
  }

  test.each(['accepted', 'silent'] as const)('does not hear of most brokers for half a session (%s)', (outcome) => {
    expect(isCutOffAt(HALF - 1, [1, 2], outcome)).toBe(false);
    expect(isCutOffAt(HALF, [1, 2], outcome)).toBe(true);
    expect(isCutOffAt(HALF, [1, 2, 3], outcome)).toBe(false);
  });

  test('is not one whose brokers are dead', () => {
    expect(isCutOffAt(HALF, [1], 'refused')).toBe(false);
  });

  test('is not one that has slept: it looks for brokers first', () => {
    heartbeats.begin(FIVE, 0);
    expect(heartbeats.isCutOff(FIVE, SESSION - 1)).toBe(false);
  });

  test('counts half of two brokers as no majority', () => {
    heartbeats.begin(BOTH, 0);
    heartbeats.heartbeat(heartbeat(1), BOTH, HALF);
    heartbeats.probed(2, 12, 'silent', 500);
    expect(heartbeats.isCutOff(BOTH, SESSION - 1)).toBe(false);
  });

  test('knows in its next term when it heard of brokers', () => {
    heartbeats.begin(BOTH, 0);
    heartbeats.heartbeat(heartbeat(1), BOTH, 3000);
    const heard = heartbeats.heard();
    heartbeats.begin(BOTH, 5000, null, heard);
    expect(heartbeats.heard()).toEqual(heard);
    heartbeats.begin(imageOf([broker(1, { epoch: 60 })]), 5000, null, heard); // another process
    expect([...heartbeats.heard()]).toEqual([[60, 5000]]);
  });
});

test('a broker that has sent no heartbeat since it registered gives way to another process, as in Apache Kafka', () => {
  heartbeats.registered(broker(1), 0);
  expect(heartbeats.hasLiveSession(broker(1), 1)).toBe(false);
  heartbeats.heartbeat(heartbeat(1, { wantFence: true }), imageOf([broker(1, { fenced: true })]), 2);
  expect(heartbeats.hasLiveSession(broker(1), 3)).toBe(true);
});

describe('a broker that was heard of', () => {
  beforeEach(() => void heartbeats.heartbeat(heartbeat(1), BOTH, 0));

  test('is looked for after two intervals', () => {
    expect(due(SESSION, 'refused', BOTH, 100)).toEqual([`${2 * INTERVAL} probe 1`, `${2 * INTERVAL + 100} fence 1`]);
  });

  test('is looked for as soon as its connection ends', () => {
    expect(heartbeats.connectionClosed(1, 11, 100)).toBe(true);
    expect(heartbeats.due(BOTH, 100)).toMatchObject([{ action: 'probe' }]);
    heartbeats.probed(1, 11, 'refused', 101);
    expect(heartbeats.due(BOTH, 101)).toEqual([{ action: 'fence', brokerId: 1, brokerEpoch: 11 }]);
  });

  test('is not doubted for the connection of its former life', () => {
    expect(heartbeats.connectionClosed(1, 3, 100)).toBe(false);
    expect(heartbeats.hasLiveSession(broker(1), 100)).toBe(true);
  });

  test('is believed when it speaks while a probe is under way', () => {
    heartbeats.connectionClosed(1, 11, 100);
    heartbeats.due(BOTH, 100);
    heartbeats.heartbeat(heartbeat(1), BOTH, 150);
    heartbeats.probed(1, 11, 'refused', 160);
    expect(heartbeats.due(BOTH, 160)).toEqual([]);
  });

  test('has a session, until its time is over, its connection has ended or nobody listens there', () => {
    expect([0, SESSION - 1, SESSION].map((nowMs) => heartbeats.hasLiveSession(broker(1), nowMs))).toEqual([
      true,
      true,
      false,
    ]);
    heartbeats.connectionClosed(1, 11, 100);
    expect(heartbeats.hasLiveSession(broker(1), 100)).toBe(false);
    heartbeats.heartbeat(heartbeat(1), BOTH, 200);
    expect(heartbeats.hasLiveSession(broker(1), 200)).toBe(true);
    expect(heartbeats.hasLiveSession(broker(7), 200)).toBe(false);
  });
});

describe('a heartbeat', () => {
  const answer = (image: ClusterImage, change: Partial<Heartbeat> = {}) =>
    heartbeats.heartbeat(heartbeat(1, change), image, 0);
  const fenced = imageOf([broker(1, { fenced: true }), broker(2)], 2);
  const leaving = imageOf([broker(1, { inControlledShutdown: true }), broker(2)], 2);

  test.each([
    ['of a broker that runs', BOTH, {}, null, { isCaughtUp: true, isFenced: false, shouldShutDown: false }],
    ['fences who wants it', BOTH, { wantFence: true }, 'fence', { isFenced: true, shouldShutDown: false }],
    [
      'moves the leaders of one that stops',
      BOTH,
      { wantShutDown: true },
      'begin-controlled-shutdown',
      { isFenced: false, shouldShutDown: false },
    ],
    [
      'stops one that leads nothing',
      imageOf([broker(1), broker(2)], 2),
      { wantShutDown: true },
      'fence',
      { isFenced: true, shouldShutDown: true },
    ],
    [
      'stops one at once that wants to be fenced',
      BOTH,
      { wantFence: true, wantShutDown: true },
      'fence',
      { shouldShutDown: true },
    ],
    [
      'unfences one that has caught up',
      fenced,
      { currentMetadataOffset: 11 },
      'unfence',
      { isCaughtUp: true, isFenced: false },
    ],
    [
      'does not unfence one that has not',
      fenced,
      { currentMetadataOffset: 10 },
      null,
      { isCaughtUp: false, isFenced: true },
    ],
    [
      'does not unfence one that does not want it',
      fenced,
      { wantFence: true },
      null,
      { isCaughtUp: true, isFenced: true },
    ],
    ['lets a fenced one stop', fenced, { wantShutDown: true }, null, { isFenced: true, shouldShutDown: true }],
  ] as const)('%s', (_what, image, change, expected, reply) => {
    expect(answer(image, change)).toMatchObject({ change: expected, reply });
  });

  test('of another life, or of nobody, is stale', () => {
    expect(answer(BOTH, { brokerEpoch: 3 })).toBeNull();
    expect(heartbeats.heartbeat(heartbeat(7), BOTH, 0)).toBeNull();
  });

  test('lets a broker stop when all that run have read who leads instead', () => {
    heartbeats.heartbeat(heartbeat(1, { wantShutDown: true }), BOTH, 0);
    heartbeats.committed(1, 'begin-controlled-shutdown', 60);
    heartbeats.heartbeat(heartbeat(2, { currentMetadataOffset: 59 }), leaving, 1);
    expect(answer(leaving, { wantShutDown: true })).toMatchObject({ change: null, reply: { shouldShutDown: false } });
    heartbeats.heartbeat(heartbeat(2, { currentMetadataOffset: 60 }), leaving, 2);
    expect(answer(leaving, { wantShutDown: true })).toMatchObject({ change: 'fence', reply: { shouldShutDown: true } });
    expect(heartbeats.connectionClosed(1, 11, 3)).toBe(false); // it goes as it was told
  });

  test('lets it stop as soon as their fetches tell that they have', () => {
    const read = new Map([[2, 59]]);
    const times = { sessionTimeoutMs: SESSION, intervalMs: INTERVAL };
    heartbeats = new BrokerHeartbeats(
      () => times,
      (brokerId) => read.get(brokerId) ?? -1,
    );
    heartbeats.heartbeat(heartbeat(1, { wantShutDown: true }), BOTH, 0);
    heartbeats.committed(1, 'begin-controlled-shutdown', 60);
    expect(answer(leaving, { wantShutDown: true })?.reply.shouldShutDown).toBe(false);
    read.set(2, 60);
    expect(answer(leaving, { wantShutDown: true })?.reply.shouldShutDown).toBe(true);
  });

  test('does not let a broker stop that still leads', () => {
    const stillLeads = imageOf([broker(1, { inControlledShutdown: true }), broker(2)], 1);
    heartbeats.heartbeat(heartbeat(2, { currentMetadataOffset: 99 }), stillLeads, 0);
    expect(answer(stillLeads, { wantShutDown: true })).toMatchObject({
      change: null,
      reply: { shouldShutDown: false },
    });
  });
});
