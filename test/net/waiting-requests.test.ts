import { describe, expect, test } from 'vitest';
import { echo, Room, silent, wait } from './connection-room.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a request that waits', () => {
  test('is answered before those that came after it, which are handled only then', async () => {
    const room = new Room();
    room.socket.deliver(
      Buffer.concat([echo(1, 'one'), wait(2, 'two'), echo(3, 'three'), silent(4, 'four'), echo(5, 'five')]),
    );
    expect(room.answers()).toEqual([[1, 'one']]);
    expect(room.handled).toEqual(['one', 'two']);
    room.waiting[0]('now');
    await turn();
    expect(room.answers()).toEqual([
      [1, 'one'],
      [2, 'now'],
      [3, 'three'],
      [5, 'five'],
    ]);
    expect(room.handled).toEqual(['one', 'two', 'three', 'four', 'five']);
  });

  test.each([0, 1, 3, 4, 9, 20])(
    'lets frames behind it come in pieces, cut after %i bytes when it is answered',
    async (cut) => {
      const room = new Room();
      const behind = Buffer.concat([echo(2, 'two'), echo(3, 'three')]);
      room.socket.deliver(wait(1, 'one'));
      room.socket.deliver(behind.subarray(0, cut));
      room.waiting[0]('now');
      await turn();
      // The network still holds the buffer it was given while the request waited.
      room.socket.deliver(behind.subarray(cut));
      room.socket.deliver(echo(4, 'four'));
      expect(room.answers()).toEqual([
        [1, 'now'],
        [2, 'two'],
        [3, 'three'],
        [4, 'four'],
      ]);
    },
  );

  test('shares no memory with other connections while the network holds a buffer', async () => {
    const room = new Room();
    room.socket.deliver(wait(1, 'one'));
    room.socket.deliver(echo(2, 'two'));
    room.waiting[0]('now');
    await turn();
    const pooled = [10, 11, 12].map((size) => room.buffers.take(1 << size).fill(0x55)); // another connection's
    room.socket.deliver(echo(3, 'three'));
    expect(room.answers()).toEqual([
      [1, 'now'],
      [2, 'two'],
      [3, 'three'],
    ]);
    for (const buffer of pooled) expect(buffer.every((byte) => byte === 0x55)).toBe(true);
  });

  test('may be followed by others that wait', async () => {
    const room = new Room();
    room.socket.deliver(Buffer.concat([wait(1, 'a'), wait(2, 'b'), echo(3, 'c')]));
    for (const [i, text] of ['first', 'second'].entries()) {
      room.waiting[i](text);
      await turn();
    }
    expect(room.answers()).toEqual([
      [1, 'first'],
      [2, 'second'],
      [3, 'c'],
    ]);
  });

  test('for the disk is joined by the appends that came with it; all are answered in order, and then the rest', async () => {
    const room = new Room();
    const together = [silent(1, 'disk a'), silent(2, 'now b'), silent(3, 'disk c'), silent(4, 'x'), silent(5, 'now d')];
    room.socket.deliver(Buffer.concat([...together, echo(6, 'six'), silent(7, 'disk e')]));
    room.socket.deliver(silent(8, 'disk f'));
    expect(room.handled).toEqual(['disk a', 'now b', 'disk c', 'x', 'now d']);
    room.waiting[1]('three');
    await turn();
    expect(room.answers()).toEqual([]);
    room.waiting[0]('one');
    await turn();
    expect(room.answers().map(([id]) => id)).toEqual([1, 2, 3, 5, 6]);
    expect(room.answers().map(([, text]) => text)).toEqual(['one', 'now b', 'three', 'now d', 'six']);
    expect(room.handled.slice(5)).toEqual(['six', 'disk e', 'disk f']);
  });

  test.each([
    ['no frame', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['no request', silent(2, 'bad')],
  ])('for the disk is answered before the connection ends at what is %s', async (_what, bytes) => {
    const room = new Room();
    room.socket.deliver(Buffer.concat([silent(1, 'disk a'), bytes, silent(3, 'now b')]));
    expect(room.closedFor).toEqual([]);
    room.waiting[0]('one');
    await turn();
    expect(room.answers()).toEqual([[1, 'one']]);
    expect(room.handled).not.toContain('now b');
    expect(room.closedFor).toHaveLength(1);
  });

  test('for the disk is answered before the connection ends at a frame that is too large, whole as it came', async () => {
    const room = new Room(undefined, 2000);
    room.socket.deliver(Buffer.concat([silent(1, 'disk a'), silent(2, 'now b'), silent(3, 'x'.repeat(5000))]));
    expect(room.closedFor).toEqual([]);
    room.waiting[0]('one');
    await turn();
    expect(room.answers()).toEqual([
      [1, 'one'],
      [2, 'now b'],
    ]);
    expect(room.handled).toEqual(['disk a', 'now b']);
    expect(room.closedFor).toEqual([expect.stringContaining('socket.request.max.bytes')]);
  });

  test('bounds what is read ahead', async () => {
    const room = new Room();
    room.socket.deliver(wait(1, 'one'));
    const behind = Buffer.concat(Array.from({ length: 300 }, (_, i) => echo(i + 2, 'x'.repeat(10_000))));
    for (let at = 0; at < behind.length; at += 1000) room.socket.deliver(behind.subarray(at, at + 1000));
    expect(room.socket.paused).toBe(true);
    expect(behind.length - room.socket.unread).toBeLessThan(200_000);
    expect(room.handled.length).toBe(1);
    room.waiting[0]('now');
    await turn();
    expect(room.socket.unread).toBe(0);
    expect(room.answers().map(([id]) => id)).toEqual(Array.from({ length: 301 }, (_, i) => i + 1));
  });

  test('whose client goes is told so, and what it answers is dropped', async () => {
    const room = new Room();
    let gone = 0;
    room.socket.deliver(Buffer.concat([wait(1, 'one'), echo(2, 'two')]));
    room.contexts.waits.add(() => void gone++);
    room.socket.destroy();
    await turn();
    expect([gone, room.closedFor]).toEqual([1, [null]]);
    room.waiting[0]('too late');
    await turn();
    expect([gone, room.handled, room.output.position, room.answers()]).toEqual([1, ['one'], 0, []]);
  });

  test('that has been answered is not told when its client goes later', async () => {
    const room = new Room();
    let gone = 0;
    room.socket.deliver(wait(1, 'one'));
    room.contexts.waits.add(() => void gone++);
    room.waiting[0]('now');
    await turn();
    room.socket.destroy();
    await turn();
    expect(gone).toBe(0);
  });

  test('and fails ends the connection', async () => {
    const room = new Room();
    room.socket.deliver(wait(1, 'one'));
    room.failing[0](new Error('a bug'));
    await turn();
    expect(room.closedFor).toEqual(['a bug']);
  });
});
