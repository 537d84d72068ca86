/** One connection to a broker of a few handlers: one echoes, one never answers, one waits, one streams, one throws. */
import { Produce } from '../../protocol/apis/00-produce.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { Heartbeat } from '../../protocol/apis/12-heartbeat.ts';
import { LeaveGroup } from '../../protocol/apis/13-leave-group.ts';
import { SyncGroup } from '../../protocol/apis/14-sync-group.ts';
import { frame, FrameCutter } from '../../protocol/frame.ts';
import { writeRequestHeader } from '../../protocol/header.ts';
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import type { AnyApi } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { handler, NO_REPLY } from '../../src/apis/handler.ts';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import type { DirectHandler, Handler, Reply, StagedAnswer } from '../../src/apis/handler.ts';
import { Buffers, OUTPUT_BYTES } from '../../src/net/buffers.ts';
import { Connection } from '../../src/net/connection.ts';
import { UnsentResponses } from '../../src/net/unsent-responses.ts';
import { Dispatcher } from '../../src/net/dispatch.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { LoopTurn } from '../../src/platform/loop-turn.ts';
import { RequestMemory } from '../../src/net/request-memory.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { FakeSocket } from './fake-socket.ts';
import { sessionOf } from '../apis/request-context.ts';
import { RequestContexts } from '../../src/net/request-contexts.ts';

export const MAX_FRAME_BYTES = 8 << 20;

/** A broker of a few handlers, and one connection to it. */
export class Room {
  readonly socket = new FakeSocket();
  /** What handlers were called with, in order. */
  readonly handled: string[] = [];
  /** Requests that wait, oldest first: answered by calling them. */
  readonly waiting: ((text: string) => void)[] = [];
  readonly failing: ((error: Error) => void)[] = [];
  /** What became of staged answers, in order. */
  readonly stages: string[] = [];
  readonly closedFor: (string | null)[] = [];
  readonly logged: string[] = [];
  readonly taken: number[] = [];
  readonly buffers: Buffers;
  readonly output = new Writer(OUTPUT_BYTES);
  readonly contexts = new RequestContexts(1, sessionOf({ clientHost: 'x' }));
  readonly memory: RequestMemory;
  readonly connection: Connection;
  settled = 0;
  /** What the connection wants to do after others have had their turn. */
  readonly later: (() => void)[] = [];
  nowMs = 0;
  onHandled = (): void => {};
  readonly turn = new LoopTurn({ monotonic: () => this.nowMs });
  readonly clock = new VirtualClock();

  constructor(memory = new RequestMemory(-1), maxFrameBytes = MAX_FRAME_BYTES) {
    this.memory = memory;
    const { taken } = this;
    this.buffers = new (class extends Buffers {
      override take(bytes: number): Buffer {
        taken.push(bytes);
        return super.take(bytes);
      }
    })((bytes) => Buffer.alloc(bytes));
    const logger = { ...silentLogger, error: (event: string) => void this.logged.push(event) };
    const parts = { logger } as BrokerParts;
    const settle = () => void this.settled++;
    this.connection = new Connection(this.socket, this.contexts, {
      unsent: new UnsentResponses(),
      dispatcher: new Dispatcher({ handlers: this.#handlers(), parts, settle, turn: this.turn }),
      buffers: this.buffers,
      output: this.output,
      reader: new Reader(),
      pageUrl: () => null,
      maxFrameBytes,
      memory: this.memory,
      turn: this.turn,
      settle,
      after: (delayMs, run) => this.clock.after(delayMs, run),
      handleLater: (run) => void this.later.push(run),
      answerLater: (run) => void this.later.push(run),
      sendLater: (run) => void this.later.push(run),
      closed: (_connection, reason) => void this.closedFor.push(reason),
    });
    this.socket.attach(this.connection);
  }

  /** Correlation id and text of each answer the client has got. */
  answers(): [number, string][] {
    const frames = new FrameCutter(1 << 30).push(this.socket.received);
    return frames.map((bytes) => [bytes.readInt32BE(0), bytes.toString('latin1', 4)]);
  }

  /** Answers its own text, or what a test says later; nothing unless it begins with 'now', 'disk' or 'late'. */
  #staged(said: string): StagedAnswer {
    let answer = said;
    return {
      isParked: false,
      leavesAtOnce: said.startsWith('now'),
      settled: () => {
        this.stages.push(`settled ${said}`);
        if (!said.startsWith('disk')) return null;
        return new Promise((resolve) => {
          this.waiting.push((later) => {
            answer = later;
            resolve(undefined);
          });
        });
      },
      encode: (output) => {
        this.stages.push(`encoded ${said}`);
        if (said.startsWith('late')) throw new InvalidRequest('lost');
        if (said.startsWith('bug')) throw new Error('a bug');
        if (!said.startsWith('now') && !said.startsWith('disk')) return NO_REPLY;
        output.bytes(Buffer.from(answer, 'latin1'));
      },
    };
  }

  #handlers(): Handler[] {
    const facts = (api: unknown) => ({
      api: api as AnyApi,
      versions: (api as AnyApi).versions,
      advertised: (api as AnyApi).versions,
      permissions: { open: 'a test' },
      refuse: () => ({}),
    });
    const of = (api: unknown, serve: DirectHandler['serve']): Handler => ({ ...facts(api), kind: 'direct', serve });
    const text = (reader: Reader): string => {
      const said = reader.view(reader.remaining()).toString('latin1');
      this.handled.push(said.length > 20 ? `${said.length} bytes` : said);
      this.onHandled();
      return said;
    };
    const wait = () =>
      new Promise<Reply>((resolve, reject) => {
        this.waiting.push((answer) => resolve((output) => output.bytes(Buffer.from(answer))));
        this.failing.push(reject);
      });
    return [
      of(Heartbeat, (reader, _context, output) => output.bytes(Buffer.from(text(reader), 'latin1'))),
      {
        ...facts(Produce),
        kind: 'staging',
        stage: (reader) => {
          const said = text(reader);
          if (said.startsWith('bad')) throw new InvalidRequest('bad');
          return this.#staged(said);
        },
      },
      of(SyncGroup, (reader) => {
        text(reader);
        return wait();
      }),
      of(Fetch, (reader, _context, output) => {
        const total = Number(text(reader));
        output.bytes(Buffer.from('head'));
        return streamOf(total);
      }),
      handler(LeaveGroup, {
        open: 'a test',
        handle: (): never => {
          this.handled.push('throws');
          throw new Error('a bug');
        },
        refuse: (_request, errorCode) => ({ errorCode, members: [] }),
      }),
    ];
  }
}

/** `total` bytes that count up. */
export function streamOf(total: number) {
  let done = 0;
  return {
    get remaining() {
      return total - done;
    },
    fill(into: Buffer, at: number, length: number) {
      const count = Math.min(length, total - done);
      for (let i = 0; i < count; i++) into[at + i] = (done + i) & 0xff;
      done += count;
      return count;
    },
  };
}

export function request(
  api: { key: number; flexible: AnyApi['flexible'] },
  version: number,
  correlationId: number,
  body: string | Buffer,
): Buffer {
  const writer = new Writer();
  writeRequestHeader(writer, api, version, correlationId, 'c');
  writer.bytes(Buffer.from(body as string, 'latin1'));
  return frame(writer.finish());
}

export const echo = (id: number, text: string) => request(Heartbeat, 0, id, text);
/** Not answered, unless its text begins with 'now' (by it), 'disk' (waits), 'bad' (is no request) or 'late' (fails when settled). */
export const silent = (id: number, text: string) => request(Produce, 3, id, text);
export const wait = (id: number, text: string) => request(SyncGroup, 0, id, text);
export const stream = (id: number, bytes: number) => request(Fetch, 4, id, String(bytes));
