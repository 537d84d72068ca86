/** queued.max.request.bytes: what frames that have begun to arrive may take, over all connections. */
import { describe, expect, test } from 'vitest';
import { Buffers } from '../../src/net/buffers.ts';
import { RequestMemory } from '../../src/net/request-memory.ts';
import { echo, Room, wait } from './connection-room.ts';

const MIB = 1 << 20;
const PIECE = 64 << 10;

describe('the memory of requests', () => {
  const waiter = () => {
    const told = { admitted: () => void told.count++, count: 0 };
    return told;
  };

  test('takes in as long as anything is left, also a frame larger than all of it', () => {
    const memory = new RequestMemory(10);
    expect(memory.take(9, waiter())).toBe(true);
    expect(memory.take(50, waiter())).toBe(true);
    expect(memory.take(1, waiter())).toBe(false);
    expect(memory.used).toBe(59);
  });

  test('admits those who wait in their order, as far as it goes', () => {
    const memory = new RequestMemory(10);
    memory.take(10, waiter());
    const [a, b, c] = [waiter(), waiter(), waiter()];
    for (const [who, bytes] of [
      [a, 4],
      [b, 20],
      [c, 1],
    ] as const)
      expect(memory.take(bytes, who)).toBe(false);
    memory.give(10);
    expect([a.count, b.count, c.count]).toEqual([1, 1, 0]);
    expect(memory.used).toBe(24);
    memory.give(20);
    expect(c.count).toBe(1);
  });

  test('forgets who has left', () => {
    const memory = new RequestMemory(1);
    memory.take(1, waiter());
    const gone = waiter();
    memory.take(1, gone);
    memory.leave(gone);
    memory.give(1);
    expect([gone.count, memory.used]).toEqual([0, 0]);
  });

  test('has no bound unless one is set', () => {
    expect([-1, 0, 1].map((limit) => new RequestMemory(limit).isBounded)).toEqual([false, false, true]);
    expect(new RequestMemory(-1).take(Number.MAX_SAFE_INTEGER, waiter())).toBe(true);
  });
});

describe('connections with bounded memory', () => {
  const text = 'x'.repeat(4 * MIB);

  /** So many clients that have sent the first MiB of 4, as far as they are read. */
  function begun(count: number, limit: number) {
    const memory = new RequestMemory(limit);
    const rooms = Array.from({ length: count }, () => new Room(memory));
    const bytes = echo(1, text);
    for (const { socket } of rooms) socket.deliver(bytes.subarray(0, MIB));
    return { memory, rooms, rest: bytes.subarray(MIB) };
  }

  test('read no more frames at once than it allows, and a piece of each other one', () => {
    const { memory, rooms } = begun(10, 8 * MIB);
    expect(rooms.filter(({ socket }) => socket.unread === 0)).toHaveLength(2);
    expect(rooms.filter(({ socket }) => socket.paused && socket.unread === MIB - PIECE)).toHaveLength(8);
    expect(memory.used).toBeLessThan(9 * MIB);
  });

  test('hold buffers of that size and no larger ones', () => {
    const { rooms } = begun(10, 8 * MIB);
    for (const { taken, socket } of rooms) {
      expect(Math.max(...taken)).toBeLessThanOrEqual(socket.paused ? PIECE : 2 * MIB);
    }
  });

  test('answer all of them in the end', async () => {
    const { memory, rooms, rest } = begun(10, 8 * MIB);
    for (const { socket } of rooms) socket.deliver(rest);
    await expect.poll(() => rooms.every((room) => room.answers().length === 1)).toBe(true);
    expect(memory.used).toBe(0);
  });

  test('that go, or break off, leave their share to others', async () => {
    const { memory, rooms } = begun(4, 4 * MIB);
    expect(rooms.map(({ socket }) => socket.paused)).toEqual([false, true, true, true]);
    rooms[1].connection.close('gone while it waited');
    rooms[0].connection.close('gone with a share');
    await expect.poll(() => rooms[2].socket.unread).toBe(0);
    expect(rooms[3].socket.paused).toBe(true);
    rooms[2].socket.deliver(Buffer.alloc(0));
    rooms[2].connection.close('gone');
    rooms[3].connection.close('gone');
    expect(memory.used).toBe(0);
  });

  test('never wait with small frames, nor with one that came whole', () => {
    const memory = new RequestMemory(1);
    memory.take(1, { admitted: () => {} });
    const room = new Room(memory);
    room.socket.deliver(Buffer.concat([echo(1, 'a'), echo(2, 'b')]));
    expect(room.answers()).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  test('are charged for frames behind one that waits only once these are read on', async () => {
    const memory = new RequestMemory(MIB);
    const room = new Room(memory);
    const large = echo(2, 'y'.repeat(2 * MIB));
    room.socket.deliver(Buffer.concat([wait(1, 'parked'), large]));
    expect(memory.used).toBe(0);
    expect(room.socket.paused).toBe(true);
    room.waiting[0]('done');
    await expect.poll(() => room.answers().length).toBe(2);
    expect(memory.used).toBe(0);
  });
});

test('a fetch that is parked holds no buffer', () => {
  const room = new Room();
  room.socket.deliver(wait(1, 'parked'));
  expect(room.handled).toEqual(['parked']);
  expect(room.taken).toEqual([]);
  expect(room.buffers).toBeInstanceOf(Buffers);
});
