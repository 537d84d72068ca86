/**
 * One client connection: cuts frames from its bytes, has them dispatched one after the other, sends the answers in order.
 * All of it happens inside the read callback, until a request has to wait or the client does not take its answers: then the
 * connection reads no further until that is over. That is all the back-pressure there is, and all there needs to be.
 *
 *      reading ──frame──▶ dispatch ──answered──▶ reading
 *                           │  └──waits──▶ waiting ──answer──▶ reading
 *                           └──kernel full──▶ sending ──drained──▶ reading        any ──malformed, gone──▶ closed
 */
import { InvalidRequest, type Reader } from '../../protocol/reader.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { Context, Streamed } from '../apis/handler.ts';
import type { Receiver, Socket } from '../platform/network.ts';
import { type Buffers, OUTPUT_BYTES } from './buffers.ts';
import type { Answer, Dispatcher } from './dispatch.ts';
import type { Admitted, RequestMemory } from './request-memory.ts';
import { WaitingAnswers } from './waiting-answers.ts';

const SIZE_BYTES = 4;
/**
 * Pipelined answers are sent on when so many bytes have gathered, however many requests still stand in the buffer: few
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
/** Memory for an announced frame is taken at once up to here, and beyond only as its bytes really come. */
const TRUSTED_FRAME_BYTES = 1 << 20;
/** From here on the rest of a frame is read straight to its place; less is copied there, with what follows it in one read. */
const READ_IN_PLACE_BYTES = 1 << 14;

/** What all connections of a broker share. */
export interface ConnectionShared {
  readonly dispatcher: Dispatcher;
  readonly buffers: Buffers;
  readonly output: Writer;
  readonly reader: Reader;
  /** socket.request.max.bytes: a larger frame ends the connection before any of it is kept. */
  readonly maxFrameBytes: number;
  /** queued.max.request.bytes: a frame that did not come whole waits for it, and so does what follows. */
  readonly memory: RequestMemory;
  /** Called when a batch of requests is handled and before their answers leave: makes their writes real, or throws. */
  readonly settle: () => void;
  /** Runs `run` after other connections have had their turn. */
  readonly later: (run: () => void) => void;
  closed(connection: Connection, reason: string | null): void;
}

export class Connection implements Receiver, Admitted {
  readonly context: Context;
  /** Milliseconds without a byte from the client; whoever watches for idle connections adds to it. */
  quietMs = 0;
  readonly #socket: Socket;
  readonly #shared: ConnectionShared;
  /** The start of a frame that has not come whole, or frames behind a request that waits. */
  #carry: Buffer | null = null;
  #carried = 0;
  /** The network was given the carry to read into; it keeps a buffer until bytes come, however long that takes. */
  #lentCarry = false;
  /** Of the carried frame, in the shared memory. */
  #charged = 0;
  /** Waits for that memory, and is not read from. */
  #starved = false;
  #isHeld = false;
  #waiting = false;
  #closed = false;
  #reason: string | null = null;
  /** Where the last whole response in the shared output ends. */
  #answeredUpTo = 0;
  /** Buffers that the kernel has not taken yet. */
  #unsent: Buffer[] = [];
  #tail: Streamed | undefined;
  /** Lets others have their turn before the next piece of the tail. */
  #resting = false;

  constructor(socket: Socket, context: Context, shared: ConnectionShared) {
    this.#socket = socket;
    this.context = context;
    this.#shared = shared;
  }

  buffer(): Uint8Array {
    const { buffers, memory } = this.#shared;
    // A blocked connection's carry is handled, and given back, as soon as it is free again: that may be before bytes come.
    this.#lentCarry = !this.#blocked && !this.#starved && this.#missing >= READ_IN_PLACE_BYTES;
    if (this.#lentCarry) return this.#restOfFrame();
    // What is read at once has to be kept, memory or not: so it is little where memory is bounded.
    return this.#blocked || memory.isBounded ? buffers.receive.subarray(0, READ_AHEAD_BYTES) : buffers.receive;
  }

  received(count: number): void {
    if (this.#closed) return;
    this.quietMs = 0;
    try {
      if (this.#lentCarry) {
        this.#carried += count;
        this.#handleCarried();
      } else {
        this.#handleReceived(count);
      }
      this.#send();
    } catch (error) {
      return this.#refuse(error);
    }
    if (this.#blocked && this.#carried > READ_AHEAD_BYTES) this.#socket.pause();
    else if (!this.#mayReadOn()) this.#socket.pause();
  }

  /** Another frame has made room for ours. */
  admitted(): void {
    this.#charged = SIZE_BYTES + this.#carry!.readInt32BE(0);
    this.#starved = false;
    this.#socket.resume();
  }

  /** Whether the broker owes it an answer, or the client has not taken one. */
  get isBusy(): boolean {
    return this.#blocked;
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
    if (!this.#closed) this.#socket.resume();
  }

  drained(): void {
    if (this.#closed || this.#unsent.length === 0) return;
    for (const buffer of this.#unsent) this.#shared.buffers.giveOutput(buffer);
    this.#unsent = [];
    this.#continue();
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#carry !== null) this.#giveCarry(this.#carry);
    this.#shared.memory.leave(this);
    this.#unsent = []; // what a dying socket still holds is left to the collector
    this.#tail = undefined;
    this.context.onGone?.();
    this.context.onGone = null;
    this.#shared.closed(this, this.#reason);
  }

  close(reason: string): void {
    this.#reason ??= reason;
    this.#socket.destroy();
    this.closed();
  }

  get #blocked(): boolean {
    return this.#waiting || this.#unsent.length > 0 || this.#tail !== undefined;
  }

  /** How many bytes the carried frame lacks, or its size does. */
  get #missing(): number {
    if (this.#carry === null) return 0;
    if (this.#carried < SIZE_BYTES) return SIZE_BYTES - this.#carried;
    return Math.max(0, SIZE_BYTES + this.#carry.readInt32BE(0) - this.#carried);
  }

  #handleReceived(count: number): void {
    const { receive } = this.#shared.buffers;
    let at = 0;
    while (this.#carry !== null && at < count) {
      const end = this.#blocked ? count : Math.min(count, at + this.#missing);
      this.#carryOn(receive, at, end);
      at = end;
      if (!this.#blocked) this.#handleCarried();
    }
    if (at === count || this.#closed) return;
    const handled = this.#handle(receive, at, count);
    if (handled < count && !this.#closed) this.#keep(receive, handled, count);
  }

  /** Handles the whole frames in buffer[at, end), and says where the first byte stands that was not handled. */
  #handle(buffer: Buffer, at: number, end: number): number {
    const { reader, output, maxFrameBytes, dispatcher, settle } = this.#shared;
    let sentUpTo = at;
    let waits: WaitingAnswers | null = null;
    while (end - at >= SIZE_BYTES && !this.#blocked && !this.#closed) {
      this.#answeredUpTo = output.position;
      const size = buffer.readInt32BE(at);
      const start = at + SIZE_BYTES;
      const isWhole = end - start >= size;
      const joins = isWhole && dispatcher.mayJoin(buffer, start, size);
      if (waits !== null && !joins) break;
      if (size < 0 || size > maxFrameBytes) throw new InvalidRequest(oversize(size, maxFrameBytes));
      if (!isWhole) break;
      at = start + size;
      reader.reset(buffer, start, at);
      try {
        const result = dispatcher.dispatch(reader, this.context, output);
        if (result instanceof Promise) (waits ??= new WaitingAnswers(settle)).add(result);
        else if (waits !== null) waits.takeFrom(output, this.#answeredUpTo);
        else if (result !== undefined) this.#tail = result;
      } catch (error) {
        if (waits === null) throw error;
        waits.refuse(error, output, this.#answeredUpTo);
        break;
      }
      if (waits !== null && !joins) break;
      const isLong = at - sentUpTo > SEND_AFTER_BYTES && output.position > 0;
      if (isLong || output.position > SEND_ABOVE_BYTES || this.#tail !== undefined) {
        this.#send();
        sentUpTo = at;
      }
    }
    if (waits !== null) this.#wait(waits);
    return at;
  }

  #handleCarried(): void {
    const carry = this.#carry!;
    const handled = this.#handle(carry, 0, this.#carried);
    this.#shared.settle(); // batches that lie in the carry are written from there
    if (this.#carry === null) return; // closed meanwhile
    if (handled === this.#carried) {
      this.#giveCarry(carry);
    } else if (handled > 0) {
      this.#discharge();
      carry.copyWithin(0, handled, this.#carried);
      this.#carried -= handled;
    }
  }

  #wait(waits: WaitingAnswers): void {
    this.#waiting = true;
    waits.all().then(
      (answers) => this.#answer(answers),
      (error: unknown) => this.#fail(error),
    );
  }

  #answer(answers: readonly Answer[]): void {
    if (this.#closed) return;
    this.#waiting = false;
    this.context.onGone = null;
    try {
      const { output } = this.#shared;
      for (const answer of answers) {
        this.#answeredUpTo = output.position;
        this.#tail = answer(output) ?? undefined;
      }
      this.#send();
    } catch (error) {
      return this.#refuse(error);
    }
    this.#continue();
  }

  /** Sends what stands in the shared output, then the tail of a streamed response as far as the kernel takes it. */
  #send(): void {
    const { output, buffers, settle } = this.#shared;
    settle();
    if (output.position > 0) {
      const whole = output.buffer;
      if (!this.#socket.send(whole.subarray(0, output.position))) {
        this.#unsent.push(whole);
        output.buffer = buffers.takeOutput();
      } else if (whole.length > OUTPUT_BYTES) {
        output.buffer = buffers.takeOutput(); // one huge answer does not keep its memory for ever
      }
      output.position = 0;
    }
    if (this.#tail !== undefined && this.#unsent.length === 0 && !this.#resting) {
      const piece = buffers.takeOutput();
      const count = this.#tail.fill(piece, 0, OUTPUT_BYTES);
      if (this.#tail.remaining === 0) this.#tail = undefined;
      if (!this.#socket.send(piece.subarray(0, count))) this.#unsent.push(piece);
      else {
        buffers.giveOutput(piece);
        if (this.#tail !== undefined) this.#rest();
      }
    }
    if (this.#unsent.length > 0) this.#socket.pause();
  }

  /** One piece at a time: a client that takes them as fast as they come would have the broker to itself. */
  #rest(): void {
    this.#resting = true;
    this.#shared.later(() => {
      this.#resting = false;
      this.#continue();
    });
  }

  /** Goes on after a wait or a full kernel: the tail first, then frames that were kept, then reading. */
  #continue(): void {
    if (this.#closed) return;
    try {
      if (this.#tail !== undefined) this.#send();
      if (!this.#blocked && this.#carry !== null) {
        this.#handleCarried();
        this.#send();
      }
    } catch (error) {
      return this.#refuse(error);
    }
    if (this.#closed || this.#unsent.length > 0) return;
    if (this.#blocked ? this.#carried <= READ_AHEAD_BYTES : this.#mayReadOn()) this.#socket.resume();
  }

  /** Takes memory for the rest of a frame that has begun; false: none is left, and `admitted` will say when. */
  #mayReadOn(): boolean {
    if (this.#starved) return false;
    if (this.#carry === null || this.#charged > 0 || this.#blocked || this.#carried < SIZE_BYTES) return true;
    const bytes = SIZE_BYTES + this.#carry.readInt32BE(0);
    if (this.#shared.memory.take(bytes, this)) this.#charged = bytes;
    else this.#starved = true;
    return !this.#starved;
  }

  #discharge(): void {
    const bytes = this.#charged;
    this.#charged = 0;
    if (bytes > 0) this.#shared.memory.give(bytes);
  }

  #giveCarry(carry: Buffer): void {
    this.#shared.buffers.give(carry);
    this.#carry = null;
    this.#carried = 0;
    this.#discharge();
  }

  /** Takes bytes that cannot be handled yet out of the shared buffer. */
  #keep(from: Buffer, start: number, end: number): void {
    const count = end - start;
    const isPartOfFrame = !this.#blocked && count >= SIZE_BYTES;
    const wanted = isPartOfFrame ? SIZE_BYTES + from.readInt32BE(start) : SIZE_BYTES;
    const { buffers, memory } = this.#shared;
    const trusted = memory.isBounded ? count : TRUSTED_FRAME_BYTES; // bounded, it takes more once it is admitted
    this.#carry = buffers.take(Math.max(count, Math.min(wanted, trusted)));
    this.#carryOn(from, start, end);
  }

  #carryOn(from: Buffer, start: number, end: number): void {
    const carried = this.#carried + end - start;
    if (carried > this.#carry!.length) this.#growCarry(carried);
    from.copy(this.#carry!, this.#carried, start, end);
    this.#carried = carried;
  }

  /** Room in the carry for the rest of its frame, or for a part of it where the frame is large. */
  #restOfFrame(): Uint8Array {
    const frameBytes = this.#carried + this.#missing;
    const { length } = this.#carry!;
    if (this.#carried === length || length < Math.min(frameBytes, TRUSTED_FRAME_BYTES)) {
      this.#growCarry(Math.min(frameBytes, Math.max(TRUSTED_FRAME_BYTES, length * 2)));
    }
    return this.#carry!.subarray(this.#carried, Math.min(frameBytes, this.#carry!.length));
  }

  #growCarry(bytes: number): void {
    const larger = this.#shared.buffers.take(bytes);
    this.#carry!.copy(larger, 0, 0, this.#carried);
    this.#shared.buffers.give(this.#carry!);
    this.#carry = larger;
  }

  /** Ends the connection at bytes that are no request; those before them were, and are answered. */
  #refuse(error: unknown): void {
    try {
      if (error instanceof InvalidRequest) {
        this.#shared.output.position = this.#answeredUpTo;
        this.#send();
      } else {
        this.#shared.settle(); // what was appended before a bug stays appended, and others shall see it
      }
      this.#fail(error);
    } catch (failed) {
      this.#fail(failed);
    }
  }

  #fail(error: unknown): void {
    this.#shared.output.position = 0;
    this.close(error instanceof Error ? error.message : String(error));
  }
}

function oversize(size: number, limit: number): string {
  return `a frame of ${size} bytes is announced, 0 to ${limit} (socket.request.max.bytes) are allowed`;
}
