import { expect, test } from 'vitest';
import {
  ConnectionQuotas,
  UNLIMITED,
  type LimitsInForce,
  type PendingConnection,
} from '../../src/net/connection-quotas.ts';
import { VirtualClock } from '../../src/platform/clock.ts';

class Guest implements PendingConnection {
  readonly listener: string;
  readonly address: string;
  state = 'new';

  constructor(address = '1.1.1.1', listener = 'PLAINTEXT') {
    this.address = address;
    this.listener = listener;
  }

  hold(): void {
    this.state = 'held';
  }

  admit(): void {
    this.state = 'in';
  }
}

const none = { maxConnections: UNLIMITED, creationRate: UNLIMITED };

function quotas(limits: Partial<LimitsInForce>) {
  const clock = new VirtualClock();
  const all = { ofBroker: () => none, ofListener: () => none, ofAddress: () => none, rateWindowSeconds: () => 1 };
  return { clock, room: new ConnectionQuotas(clock, { ...all, ...limits }) };
}

test('without limits everybody is in at once', () => {
  const { room } = quotas({});
  const guests = Array.from({ length: 100 }, () => new Guest());
  expect(guests.map((guest) => room.enter(guest))).toEqual(guests.map(() => null));
  expect(new Set(guests.map(({ state }) => state))).toEqual(new Set(['in']));
});

test('one too many of the broker waits until another has gone, in order', () => {
  const { room } = quotas({ ofBroker: () => ({ ...none, maxConnections: 2 }) });
  const [a, b, c, d] = Array.from({ length: 4 }, () => new Guest());
  for (const guest of [a, b, c, d]) expect(room.enter(guest)).toBeNull();
  expect([a, b, c, d].map(({ state }) => state)).toEqual(['in', 'in', 'held', 'held']);
  room.leave(b);
  expect([c.state, d.state]).toEqual(['in', 'held']);
  room.leave(c);
  expect(d.state).toBe('in');
});

test('one that waits and goes leaves its place in the row to the next', () => {
  const { room } = quotas({ ofBroker: () => ({ ...none, maxConnections: 1 }) });
  const [a, b, c] = Array.from({ length: 3 }, () => new Guest());
  for (const guest of [a, b, c]) room.enter(guest);
  room.leave(b);
  expect(c.state).toBe('held');
  room.leave(a);
  expect([b.state, c.state]).toEqual(['held', 'in']);
});

test('a full listener does not keep others waiting', () => {
  const ofListener = (name: string) => (name === 'SMALL' ? { ...none, maxConnections: 0 } : none);
  const { room } = quotas({ ofListener });
  const [small, large] = [new Guest('1.1.1.1', 'SMALL'), new Guest()];
  room.enter(small);
  room.enter(large);
  expect([small.state, large.state]).toEqual(['held', 'in']);
});

test('one too many from an address has to go, and takes no place', () => {
  const ofAddress = (address: string) => ({ ...none, maxConnections: address === '2.2.2.2' ? 0 : 1 });
  const { room } = quotas({ ofAddress });
  const first = new Guest();
  expect(room.enter(first)).toBeNull();
  expect(room.enter(new Guest())).toMatchObject({
    reason: expect.stringMatching(/max\.connections\.per\.ip/),
    afterMs: 0,
  });
  expect(room.enter(new Guest('2.2.2.2'))).toMatchObject({ reason: expect.stringMatching(/2\.2\.2\.2 has 0/) });
  expect(room.enter(new Guest('3.3.3.3'))).toBeNull();
  room.leave(first);
  expect(room.enter(new Guest())).toBeNull();
});

test('those that come too fast wait for their time', async () => {
  const { room, clock } = quotas({ ofBroker: () => ({ ...none, creationRate: 10 }) });
  const guests = Array.from({ length: 13 }, () => new Guest());
  for (const guest of guests) room.enter(guest);
  const held = () => guests.filter(({ state }) => state === 'held').length;
  expect(held()).toBe(3);
  await clock.advance(99);
  expect(held()).toBe(3);
  await clock.advance(1);
  expect(held()).toBe(2);
  await clock.advance(200);
  expect(held()).toBe(0);
  expect(clock.waiting).toBe(0);
});

test('one above the quota of its address is closed once that would have let it in', async () => {
  const { room, clock } = quotas({ ofAddress: () => ({ ...none, creationRate: 2 }) });
  expect(room.enter(new Guest())).toBeNull();
  expect(room.enter(new Guest())).toBeNull();
  const reason: unknown = expect.stringMatching(/connection_creation_rate of 2 /);
  expect(room.enter(new Guest())).toEqual({ reason, afterMs: 500 });
  await clock.advance(500);
  expect(room.enter(new Guest())).toBeNull();
});

test('a limit that is raised lets in those that wait', () => {
  let maxConnections = 0;
  const { room } = quotas({ ofBroker: () => ({ ...none, maxConnections }) });
  const guest = new Guest();
  room.enter(guest);
  expect(guest.state).toBe('held');
  maxConnections = 1;
  room.limitsChanged();
  expect(guest.state).toBe('in');
});
