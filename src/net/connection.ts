/**
 * One client connection: cuts frames from its bytes, has them dispatched one after the other, sends the responses in order.
 * All of it happens inside the read callback, until a request has to wait or the client does not take its responses: then the
 * connection reads no further until that is over. That is all the back-pressure there is, and all there needs to be.
 *
 *      reading ──frame──▶ dispatch ──responded──▶ reading
 *                           │  │└──staged──▶ settled with others, then encoded ──▶ reading
 *                           │  └──waits──▶ waiting ──answer──▶ reading
 *                           └──kernel full──▶ sending ──drained──▶ reading        any ──malformed, gone──▶ closed
 *
 * Where requests have kept the event loop for long, the connection rests: what it has read is handled in a later turn.
 */
import type { X509Certificate } from 'node:crypto';
import { InvalidRequest, MAX_REQUEST_ELEMENTS, type Reader } from '../../protocol/reader.ts';
import type { Timer } from '../platform/clock.ts';
import type { LoopTurn } from '../platform/loop-turn.ts';
import type { Receiver, Socket } from '../platform/network.ts';
import { LARGE_REQUEST_BYTES } from '../apis/size-limits.ts';
import { LastAnswer, type Answer, type Dispatcher } from './dispatch.ts';
import { answerToBrowser, oversize } from './foreign-speech.ts';
import { FrameBuffer, SIZE_BYTES } from './frame-buffer.ts';
import type { RequestContexts } from './request-contexts.ts';
import type { RequestMemory } from './request-memory.ts';
import { ResponseWriter, type ResponseWriterShared } from './response-writer.ts';
import { StagedResponses } from './staged-responses.ts';

/**
 * Pipelined responses are sent on when so many bytes have gathered, however many requests still stand in the buffer: few
 * enough that behind them a Fetch response with 1 MiB of records still fits into the output. It grew for each one before,
 * and fresh memory cost three times the fetch (docs/performance.md).
 */
const SEND_ABOVE_BYTES = 1 << 16;
/**
 * And when requests of so many bytes have been handled: the client prepares its next ones meanwhile. Five requests of 15 KB
 * under way were 30 % more a second for the same processor time; answered one by one they would cost a tenth more of that.
 */
const SEND_AFTER_BYTES = 1 << 15;
/** Frames that wait behind a waiting one are still read up to here, so that a client's going away is seen at once. */
const READ_AHEAD_BYTES = 1 << 16;

/** What all connections of a broker share. */
export interface ConnectionShared extends ResponseWriterShared {
  readonly dispatcher: Dispatcher;
  readonly reader: Reader;
  /** socket.request.max.bytes: a larger frame ends the connection before any of it is kept. */
  readonly maxFrameBytes: number;
  /** queued.max.request.bytes: a frame that did not come whole waits for it, and so does what follows. */
  readonly memory: RequestMemory;
  readonly turn: LoopTurn;
  readonly after: (delayMs: number, run: () => void) => Timer;
  /** Runs `run`, which handles requests, in a later turn; see LoopTurn. */
  readonly handleLater: (run: () => void) => void;
  /** The same for an answer that has come. */
  readonly answerLater: (run: () => void) => void;
  /** Writes what requests have appended; called before anything is told of it. */
  readonly settle: () => void;
  /** Where a browser that comes here by mistake is sent; null where the broker has no page. */
  readonly pageUrl: () => string | null;
  closed(connection: Connection, reason: string | null): void;
}

export class Connection implements Receiver {
  readonly contexts: RequestContexts;
  /** Milliseconds without a byte from the client; the listener, which watches for idle connections, adds to it. */
  quietMs = 0;
  /** Set by the listener, where it begins with a handshake. */
  onSecured: ((certificate: X509Certificate | null) => void) | null = null;
  readonly #socket: Socket;
  readonly #shared: ConnectionShared;
  readonly #frames: FrameBuffer;
  readonly #writer: ResponseWriter;
  readonly #staged: StagedResponses;
  /** The network was given the frame buffer to read into; it keeps a buffer until bytes come, however long that takes. */
  #isFrameLent = false;
  #isHeld = false;
  #isWaiting = false;
  /** Lets others have their turn before the next request. */
  #isResting = false;
  /** A request that waits still needs the frame buffer, which holds nothing else. */
  #isFrameKept = false;
  /** Of a request that waits with what it brought, in the memory that all connections share. */
  #heldBytes = 0;
  #isClosed = false;
  /** Why the connection ends as soon as what came before has been answered. */
  #ending: Error | null = null;
  #reason: string | null = null;

  constructor(socket: Socket, contexts: RequestContexts, shared: ConnectionShared) {
    this.#socket = socket;
    this.contexts = contexts;
    this.#shared = shared;
    this.#frames = new FrameBuffer(shared.buffers, shared.memory, () => this.#socket.resume());
    this.#writer = new ResponseWriter(socket, shared, () => this.#continue(), this);
    this.#staged = new StagedResponses(shared.dispatcher);
  }

  buffer(): Uint8Array {
    const { buffers, memory } = this.#shared;
    // What a blocked connection keeps is handled, and given back, as soon as it is free again: that may be before bytes come.
    this.#isFrameLent = !this.#isBlocked && this.#frames.isReadInPlace;
    if (this.#isFrameLent) return this.#frames.rest();
    // What is read at once has to be kept, memory or not: so it is little where memory is bounded.
    return this.#isBlocked || memory.isBounded ? buffers.receive.subarray(0, READ_AHEAD_BYTES) : buffers.receive;
  }

  received(count: number): void {
    if (this.#isClosed || this.#ending !== null) return;
    this.quietMs = 0;
    try {
      if (this.#isFrameLent) {
        this.#frames.received(count);
        this.#handleFrames();
      } else {
        this.#handleReceived(count);
      }
      this.#send();
    } catch (error) {
      return this.#fail(error);
    }
    const reads = this.#isBlocked ? this.#frames.length <= READ_AHEAD_BYTES : this.#frames.mayGrow();
    if (!reads) this.#socket.pause();
  }

  /** Whether the broker owes it an answer, or the client has not taken one. A throttle is no work, and may last for days. */
  get isBusy(): boolean {
    return this.#isWaiting || this.#isResting || this.#ending !== null || this.#writer.isBusy;
  }

  /** Until `resume` nothing is read from it. For one that has just come: its network begins to read after this. */
  hold(): void {
    queueMicrotask(() => {
      if (this.#isHeld) this.#socket.pause();
    });
    this.#isHeld = true;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (!this.#isClosed) this.#socket.resume();
  }

  drained(): void {
    if (this.#isClosed || !this.#writer.isFull) return;
    this.#writer.drained();
    this.#continue();
  }

  secured(certificate: X509Certificate | null): void {
    this.onSecured?.(certificate);
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.contexts.throttle.end();
    this.#frames.release();
    this.#giveHeld();
    this.#writer.drop();
    this.#staged.clear();
    this.contexts.waits.end();
    this.#shared.closed(this, this.#reason);
  }

  close(reason: string): void {
    this.#reason ??= reason;
    this.#socket.destroy();
    this.closed();
  }

  get #isBlocked(): boolean {
    return this.isBusy || this.contexts.throttle.isOn;
  }

  #handleReceived(count: number): void {
    const { receive } = this.#shared.buffers;
    const frames = this.#frames;
    let at = 0;
    while (frames.bytes !== null && at < count) {
      const end = this.#isBlocked ? count : Math.min(count, at + frames.missing);
      frames.append(receive, at, end);
      at = end;
      if (!this.#isBlocked) this.#handleFrames();
    }
    if (at === count || this.#isClosed) return;
    const handled = this.#handle(receive, at, count);
    if (handled < count && !this.#isClosed && this.#ending === null)
      frames.keep(receive, handled, count, !this.#isBlocked);
  }

  #handleFrames(): void {
    const frames = this.#frames;
    const handled = this.#handle(frames.bytes!, 0, frames.length);
    this.#settle(); // batches that lie in the frame buffer are written from there
    if (this.#isClosed) return;
    if (this.#isFrameKept) frames.leave();
    else frames.consume(handled);
    this.#isFrameKept = false;
  }

  /** Handles the whole frames in buffer[at, end), and says where the first byte stands that was not handled. */
  #handle(buffer: Buffer, at: number, end: number): number {
    const { reader, output, dispatcher, turn } = this.#shared;
    const { contexts } = this;
    const staged = this.#staged;
    let sentUpTo = at;
    while (end - at >= SIZE_BYTES && !this.#isBlocked && !this.#isClosed) {
      if (turn.isOver) {
        this.#rest();
        break;
      }
      const size = buffer.readInt32BE(at);
      const start = at + SIZE_BYTES;
      if (size < 0 || size > (contexts.gate?.maxFrameBytes ?? this.#shared.maxFrameBytes)) {
        this.#refuseSize(size);
        break;
      }
      if (end - start < size) break;
      // A request that does not join others in their write must find what those before it have appended.
      if (!staged.isEmpty && !dispatcher.joinsWrites(buffer, start, size)) {
        this.#settle();
        if (this.#isBlocked) break;
      }
      at = start + size;
      if (size > LARGE_REQUEST_BYTES && !dispatcher.joinsWrites(buffer, start, size))
        this.#dispatchLarge(buffer, start, at);
      else {
        reader.reset(buffer, start, at, MAX_REQUEST_ELEMENTS);
        this.#dispatch();
      }
      if (staged.isParked) this.#park(size);
      const isLong = at - sentUpTo > SEND_AFTER_BYTES && (output.position > 0 || staged.canLeave);
      if (isLong || output.position > SEND_ABOVE_BYTES || this.#writer.isBusy) {
        this.#send();
        sentUpTo = at;
      }
    }
    return at;
  }

  #refuseSize(size: number): void {
    const { gate } = this.contexts;
    const { maxFrameBytes } = this.#shared;
    if (gate === null || gate.maxFrameBytes === null) {
      const answer = answerToBrowser(size, this.#shared.pageUrl());
      if (answer !== null) this.#shared.output.bytes(answer);
      this.#ending = new InvalidRequest(oversize(size, maxFrameBytes));
    } else
      this.#wait(
        gate.refuseSize(size).then(
          ({ closes }) =>
            () =>
              new LastAnswer(closes ?? 'too large a frame'),
        ),
      );
  }

  #dispatch(): void {
    const { reader, output, dispatcher } = this.#shared;
    const start = output.position;
    try {
      const result = dispatcher.dispatch(reader, this.contexts, output, this.#staged);
      if (result instanceof Promise) this.#wait(result);
      else if (result !== undefined) this.#writer.stream(result);
    } catch (error) {
      output.position = start; // whatever stands there of its response
      this.#ending = error as Error;
    }
  }

  /** It may wait, and needs its bytes until it is answered. */
  #dispatchLarge(buffer: Buffer, start: number, end: number): void {
    const { reader } = this.#shared;
    const isAlone = buffer === this.#frames.bytes && end === this.#frames.length;
    const bytes = isAlone ? buffer : Buffer.from(buffer.subarray(start, end));
    reader.reset(bytes, isAlone ? start : 0, isAlone ? end : end - start, MAX_REQUEST_ELEMENTS);
    this.#dispatch();
    if (!this.#isWaiting) return;
    this.#isFrameKept = isAlone;
    this.#hold(end - start);
  }

  #wait(answer: Promise<Answer>): void {
    this.#isWaiting = true;
    answer.then(
      (write) => this.#resume(() => this.#take(write(this.#shared.output))),
      (error: unknown) => this.#fail(error),
    );
  }

  #take(tail: ReturnType<Answer>): void {
    if (tail instanceof LastAnswer) this.#ending = new InvalidRequest(tail.reason);
    else this.#writer.stream(tail ?? undefined);
  }

  /** Others have their turn, and then what has been read is handled. */
  #rest(): void {
    this.#isResting = true;
    this.#shared.handleLater(() => {
      this.#isResting = false;
      this.#continue();
    });
  }

  /** The request of `size` bytes goes on without its frame: its batches are validated in slices, and those behind it wait. */
  #park(size: number): void {
    this.#settle();
    if (this.#isWaiting) this.#hold(size);
  }

  /** Until the request that waits is answered. */
  #hold(bytes: number): void {
    this.#heldBytes = bytes;
    this.#shared.memory.hold(bytes);
  }

  #giveHeld(): void {
    const held = this.#heldBytes;
    this.#heldBytes = 0;
    if (held > 0) this.#shared.memory.give(held);
  }

  /** Writes what was appended, then encodes the responses that tell of it, as far as they wait for nothing else. */
  #settle(): void {
    if (this.#staged.isEmpty || this.#isWaiting) return;
    this.#shared.settle();
    this.#staged.settle();
    this.#encodeStaged();
  }

  #encodeStaged(): void {
    try {
      const waits = this.#staged.encode(this.#shared.output);
      if (waits === null) return;
      this.#isWaiting = true;
      void waits.then(() => this.#resume(() => this.#encodeStaged()));
    } catch (error) {
      this.#ending = error as Error;
    }
  }

  /** Something that was waited for has come; to thousands of connections perhaps, in one turn. */
  #resume(respond: () => void): void {
    const { turn, answerLater } = this.#shared;
    if (turn.isOver) return answerLater(() => this.#respond(respond));
    this.#respond(respond);
    turn.look();
  }

  #respond(respond: () => void): void {
    if (this.#isClosed) return;
    this.#isWaiting = false;
    this.#giveHeld();
    this.contexts.waits.clear();
    try {
      respond();
      this.#send();
    } catch (error) {
      return this.#fail(error);
    }
    this.#continue();
  }

  #send(): void {
    this.#settle();
    this.#writer.send();
    if (this.#ending !== null && !this.#isWaiting && !this.#writer.isBusy) this.#fail(this.#ending);
    else if (!this.#isWaiting) this.contexts.throttle.begin(this.#shared.after, () => this.#continue());
  }

  /** Goes on after a wait or a full kernel: the tail first, then frames that were kept, then reading. */
  #continue(): void {
    if (this.#isClosed) return;
    try {
      if (this.#isBlocked) this.#send();
      if (!this.#isBlocked && !this.#isClosed && this.#frames.bytes !== null) {
        this.#handleFrames();
        this.#send();
      }
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#isClosed || this.#writer.isFull) return;
    const reads = this.#isBlocked ? this.#frames.length <= READ_AHEAD_BYTES : this.#frames.mayGrow();
    if (reads) this.#socket.resume();
  }

  #fail(error: unknown): void {
    this.#shared.output.position = 0;
    this.close(error instanceof Error ? error.message : String(error));
  }
}
