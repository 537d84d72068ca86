import { describe, expect, test } from 'vitest';
import { Heartbeat } from '../../protocol/apis/12-heartbeat.ts';
import { LeaveGroup } from '../../protocol/apis/13-leave-group.ts';
import { requestCodec } from '../../protocol/compile.ts';
import { frame } from '../../protocol/frame.ts';
import { Writer } from '../../protocol/writer.ts';
import { OUTPUT_BYTES, RECEIVE_BYTES } from '../../src/net/buffers.ts';
import { GeneratedValues } from '../protocol/generated-values.ts';
import { echo, MAX_FRAME_BYTES, request, Room, silent, stream, streamOf } from './connection-room.ts';

const HELLO = Buffer.from('160301020001', 'hex'); // how a TLS client begins

/** Lets promises settle. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('frames', () => {
  test('cut in two at every byte, requests are answered alike', () => {
    const bytes = Buffer.concat([echo(1, 'one'), echo(2, ''), silent(3, 'nothing'), echo(4, 'four')]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const room = new Room();
      room.socket.deliver(bytes.subarray(0, cut));
      room.socket.deliver(bytes.subarray(cut));
      expect(room.answers()).toEqual([
        [1, 'one'],
        [2, ''],
        [4, 'four'],
      ]);
      expect(room.handled).toEqual(['one', '', 'nothing', 'four']);
    }
  });

  test('that come byte by byte are answered one after the other', () => {
    const room = new Room();
    for (const byte of Buffer.concat([echo(1, 'one'), echo(2, 'two')])) room.socket.deliver(Buffer.of(byte));
    expect(room.answers()).toEqual([
      [1, 'one'],
      [2, 'two'],
    ]);
  });

  test('that come in pieces of any size, small and large ones mixed, are all answered in order', () => {
    const values = new GeneratedValues(Heartbeat.request, 0, 5);
    const room = new Room();
    const sizes = Array.from(
      { length: 60 },
      () => [values.below(50), values.below(3000), values.below(200_000)][values.below(3)],
    );
    const bytes = Buffer.concat(sizes.map((size, i) => echo(i, String.fromCharCode(97 + (i % 26)).repeat(size))));
    for (let at = 0; at < bytes.length;) {
      const piece = [1 + values.below(10), 1 + values.below(5000), 1 + values.below(300_000)][values.below(3)];
      room.socket.deliver(bytes.subarray(at, at + piece));
      at += piece;
    }
    const answers = room.answers();
    expect(answers.map(([id, text]) => [id, text.length])).toEqual(sizes.map((size, i) => [i, size]));
    expect(answers.every(([id, text]) => text === String.fromCharCode(97 + (id % 26)).repeat(text.length))).toBe(true);
  });

  test('many in one read are settled once and answered in one write', () => {
    const room = new Room();
    room.socket.deliver(Buffer.concat(Array.from({ length: 500 }, (_, i) => silent(i, 'x'))));
    expect(room.handled.length).toBe(500);
    expect(room.settled).toBe(1);
    const other = new Room();
    other.socket.deliver(Buffer.concat(Array.from({ length: 500 }, (_, i) => echo(i, `${i}`))));
    expect(other.answers()).toEqual(Array.from({ length: 500 }, (_, i) => [i, `${i}`]));
    expect(other.socket.sends).toBe(1);
  });

  test('large ones in one read are answered some at a time, so that the client can go on meanwhile', () => {
    const room = new Room();
    const large = silent(0, 'x'.repeat(15_000));
    room.socket.deliver(Buffer.concat([large, echo(1, 'a'), large, large, echo(2, 'b'), large, echo(3, 'c')]));
    expect(room.answers().map(([id]) => id)).toEqual([1, 2, 3]);
    expect(room.socket.sends).toBe(2);
  });

  test('larger than the receive buffer are handled whole', () => {
    const room = new Room();
    const text = 'abcdefghij'.repeat(RECEIVE_BYTES / 4);
    room.socket.deliver(Buffer.concat([echo(1, 'small'), echo(2, text), echo(3, 'after')]));
    expect(room.answers().map(([id, answer]) => [id, answer.length])).toEqual([
      [1, 5],
      [2, text.length],
      [3, 5],
    ]);
    expect(room.answers()[1][1]).toBe(text);
  });

  test('whose part has come take memory for what came, not for what they announce', () => {
    const room = new Room();
    const announced = Buffer.alloc(4);
    announced.writeInt32BE(MAX_FRAME_BYTES);
    room.socket.deliver(announced);
    room.socket.deliver(Buffer.alloc(100));
    expect(Math.max(...room.taken)).toBeLessThanOrEqual(1 << 20);
  });
});

describe('what is no request', () => {
  test('a browser is told that this is the port of clients, and its connection ends', () => {
    const room = new Room();
    room.socket.deliver(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(room.socket.received.toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*the port for Kafka clients/);
    expect(room.closedFor).toEqual([expect.stringContaining('it looks like a browser')]);
  });

  const size = (bytes: number) => {
    const head = Buffer.alloc(4);
    head.writeInt32BE(bytes);
    return head;
  };
  test.each([
    ['a size of -1', size(-1), /-1 bytes/],
    ['a size of 0', size(0), /cut short/],
    ['a size above socket.request.max.bytes', size(MAX_FRAME_BYTES + 1), /socket\.request\.max\.bytes/],
    ['the hello of a TLS client', HELLO, /it looks like TLS/],
    ['another text', Buffer.from('HELO mail\r\n'), /socket\.request\.max\.bytes/],
    ['an API nobody knows', request({ key: 999, flexible: Heartbeat.flexible }, 0, 1, ''), /999/],
    ['a negative API key', request({ key: -7, flexible: Heartbeat.flexible }, 0, 1, ''), /-7/],
    ['a version nobody serves', request(Heartbeat, 99, 1, ''), /v99/],
    ['a header cut short', frame(Buffer.from([0, 12, 0])), /cut short/],
  ])('%s ends the connection, and costs no memory', (_what, bytes, reason) => {
    const room = new Room();
    room.socket.deliver(bytes);
    expect(room.socket.destroyed).toBe(true);
    expect(room.closedFor).toEqual([expect.stringMatching(reason)]);
    expect([room.taken, room.output.position, room.socket.received.length]).toEqual([[], 0, 0]);
  });

  test('is preceded by the answers to what was a request', () => {
    const room = new Room();
    room.socket.deliver(
      Buffer.concat([echo(1, 'one'), silent(2, 'x'), request(Heartbeat, 99, 3, ''), echo(4, 'four')]),
    );
    expect(room.answers()).toEqual([[1, 'one']]);
    expect(room.handled).toEqual(['one', 'x']);
    expect(room.closedFor.length).toBe(1);
  });

  test('leaves no answer to others behind when it comes in the midst of one', () => {
    const room = new Room();
    const body = Buffer.from([0, 3, 97]); // a group id that is cut short
    room.socket.deliver(Buffer.concat([echo(1, 'one'), request(LeaveGroup, 0, 2, body)]));
    expect(room.answers()).toEqual([[1, 'one']]);
    expect(room.output.position).toBe(0);
  });
});

describe('a client that does not read', () => {
  test('stops being read from until it does', async () => {
    const room = new Room();
    room.socket.room = 0;
    room.socket.deliver(echo(1, 'one'));
    expect(room.socket.paused).toBe(true);
    room.socket.deliver(Buffer.concat([echo(2, 'two'), echo(3, 'three')]));
    expect(room.handled).toEqual(['one']);
    room.socket.drain();
    await turn();
    expect(room.answers()).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ]);
  });

  test('keeps its answer, however much others are sent through the shared output', () => {
    const room = new Room();
    room.socket.room = 0;
    room.socket.deliver(echo(1, 'one'));
    room.output.buffer.fill(0xee);
    room.socket.drain();
    expect(room.answers()).toEqual([[1, 'one']]);
  });

  test('handles no further frame of the same read', async () => {
    const room = new Room();
    room.socket.room = 0;
    const large = 'x'.repeat((1 << 20) + 1);
    room.socket.deliver(Buffer.concat([echo(1, large), echo(2, 'two')]));
    expect(room.handled.length).toBe(1);
    room.socket.drain();
    await turn();
    expect(room.answers().map(([id, text]) => [id, text.length])).toEqual([
      [1, large.length],
      [2, 3],
    ]);
  });

  test('gets a streamed answer piece by piece, and what it asks next after it', async () => {
    const room = new Room();
    const total = 5 * OUTPUT_BYTES + 123;
    room.socket.room = OUTPUT_BYTES;
    room.socket.deliver(Buffer.concat([stream(1, total), echo(2, 'two')]));
    expect(room.handled).toEqual([String(total)]);
    for (let pieces = 0; room.answers().length < 2 && pieces < 20; pieces++) {
      if (room.later.length > 0) room.later.shift()!();
      else room.socket.drain(OUTPUT_BYTES);
      await turn();
    }
    const [[id, text], second] = room.answers();
    expect([id, text.length, text.slice(0, 4), second]).toEqual([1, total + 4, 'head', [2, 'two']]);
    expect(Buffer.from(text.slice(4), 'latin1').equals(expectedStream(total))).toBe(true);
  });

  test('not slowly enough gets one piece a turn all the same: others have theirs between', () => {
    const room = new Room();
    room.socket.deliver(Buffer.concat([stream(1, 3 * OUTPUT_BYTES), echo(2, 'two')]));
    const pieces = [room.socket.received.length];
    while (room.later.length > 0) {
      expect(room.later).toHaveLength(1);
      room.later.shift()!();
      pieces.push(room.socket.received.length - pieces.reduce((sum, each) => sum + each));
    }
    expect(pieces.map((bytes) => Math.floor(bytes / OUTPUT_BYTES))).toEqual([1, 1, 1]);
    expect(room.answers()[1]).toEqual([2, 'two']);
  });

  test('and goes leaves nothing to be sent', async () => {
    const room = new Room();
    room.socket.room = 0;
    room.socket.deliver(stream(1, 100));
    room.socket.destroy();
    await turn();
    expect(room.closedFor).toEqual([null]);
    room.connection.drained();
    expect(room.socket.received.length).toBe(0);
  });
});

function expectedStream(total: number): Buffer {
  const bytes = Buffer.alloc(total);
  streamOf(total).fill(bytes, 0, total);
  return bytes;
}

test('a handler that throws costs its request an UNKNOWN_SERVER_ERROR, and the connection lives on', () => {
  const room = new Room();
  const writer = new Writer();
  requestCodec(LeaveGroup, 0).encode(writer, { groupId: 'g', memberId: 'm' });
  room.socket.deliver(Buffer.concat([request(LeaveGroup, 0, 1, writer.finish()), echo(2, 'two')]));
  expect(room.answers()).toEqual([
    [1, '\xff\xff'],
    [2, 'two'],
  ]);
  expect(room.logged).toEqual(['request-failed']);
});

test('an append without an answer that is lost ends the connection, behind the answers before it', () => {
  const room = new Room();
  room.socket.deliver(Buffer.concat([silent(1, 'now a'), silent(2, 'x'), silent(3, 'late'), silent(4, 'now b')]));
  expect(room.closedFor).toEqual(['lost']);
  expect([room.answers(), room.output.position]).toEqual([[[1, 'now a']], 0]);
});

test('a bug in an answer that is staged ends the connection behind the answers before it, with a line in the log', () => {
  const room = new Room();
  room.socket.deliver(Buffer.concat([silent(1, 'now a'), silent(2, 'bug'), silent(3, 'now b')]));
  expect([room.answers(), room.closedFor, room.logged]).toEqual([[[1, 'now a']], ['a bug'], ['request-failed']]);
});

test('answers that are staged are settled together, and encoded only then', () => {
  const room = new Room();
  room.socket.deliver(Buffer.concat([silent(1, 'now a'), silent(2, 'now b'), echo(3, 'c')]));
  expect(room.stages).toEqual(['settled now a', 'settled now b', 'encoded now a', 'encoded now b']);
  expect(room.settled).toBe(1);
});

test('a request that reads finds what those before it appended settled; appends in a row are not settled one by one', () => {
  const room = new Room();
  room.socket.deliver(Buffer.concat([silent(1, 'x'), silent(2, 'y')]));
  expect(room.settled).toBe(1);
  room.socket.deliver(Buffer.concat([silent(3, 'x'), echo(4, 'y')]));
  expect(room.settled).toBe(2);
});

test('a connection that is closed by the broker says why, once', async () => {
  const room = new Room();
  room.socket.deliver(echo(1, 'one').subarray(0, 6));
  room.connection.close('the broker stops');
  room.connection.close('again');
  await turn();
  expect(room.closedFor).toEqual(['the broker stops']);
  room.connection.received(5); // bytes that were under way
  expect(room.handled).toEqual([]);
});
