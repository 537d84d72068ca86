/**
 * One client connection: cuts frames from its bytes, has them dispatched one after the other, sends the answers in order.
 * All of it happens inside the read callback, until a request has to wait or the client does not take its answers: then the
 * connection reads no further until that is over. That is all the back-pressure there is, and all there needs to be.
 *
 *      reading ──frame──▶ dispatch ──answered──▶ reading
 *                           │  └──waits──▶ waiting ──answer──▶ reading
 *                           └──kernel full──▶ sending ──drained──▶ reading        any ──malformed, gone──▶ closed
 */
import type { Reader } from '../../protocol/reader.ts';
import { InvalidRequest } from '../../protocol/reader.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { Context, Streamed } from '../apis/handler.ts';
import type { Receiver, Socket } from '../platform/network.ts';
import { type Buffers, OUTPUT_BYTES } from './buffers.ts';
import type { Answer, Dispatcher } from './dispatch.ts';

const SIZE_BYTES = 4;
/** Pipelined answers are sent on when so many bytes have gathered, however many requests still stand in the buffer. */
const SEND_ABOVE_BYTES = 1 << 20;
/** Frames that wait behind a waiting one are still read up to here, so that a client's going away is seen at once. */
const READ_AHEAD_BYTES = 1 << 16;
/** Memory for an announced frame is taken at once up to here, and beyond only as its bytes really come. */
const TRUSTED_FRAME_BYTES = 1 << 20;

/** What all connections of a broker share. */
export interface ConnectionShared {
  readonly dispatcher: Dispatcher;
  readonly buffers: Buffers;
  readonly output: Writer;
  readonly reader: Reader;
  /** socket.request.max.bytes: a larger frame ends the connection before any of it is kept. */
  readonly maxFrameBytes: number;
  /** Called when a batch of requests is handled and before their answers leave: makes their writes real, or throws. */
  readonly settle: () => void;
  closed(connection: Connection, reason: string | null): void;
}

export class Connection implements Receiver {
  readonly context: Context;
  readonly #socket: Socket;
  readonly #shared: ConnectionShared;
  /** The start of a frame that has not come whole, or frames behind a request that waits. */
  #carry: Buffer | null = null;
  #carried = 0;
  #readsCarry = false;
  #waiting = false;
  #closed = false;
  #reason: string | null = null;
  /** Buffers that the kernel has not taken yet. */
  #unsent: Buffer[] = [];
  #tail: Streamed | undefined;

  constructor(socket: Socket, context: Context, shared: ConnectionShared) {
    this.#socket = socket;
    this.context = context;
    this.#shared = shared;
  }

  buffer(): Uint8Array {
    this.#readsCarry = this.#carry !== null;
    if (this.#carry === null) return this.#shared.buffers.receive;
    if (this.#carried === this.#carry.length) this.#growCarry(this.#carry.length * 2);
    return this.#carry.subarray(this.#carried);
  }

  received(count: number): void {
    if (this.#closed) return;
    if (!this.#readsCarry) {
      const { receive } = this.#shared.buffers;
      const handled = this.#handle(receive, count);
      if (handled < count) this.#keep(receive, handled, count);
    } else {
      this.#carried += count;
      this.#handleCarried();
    }
    if (this.#blocked && this.#carried > READ_AHEAD_BYTES) this.#socket.pause();
  }

  drained(): void {
    if (this.#closed) return;
    for (const buffer of this.#unsent) this.#shared.buffers.giveOutput(buffer);
    this.#unsent = [];
    this.#continue();
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#carry !== null) this.#shared.buffers.give(this.#carry);
    this.#carry = null;
    this.#unsent = []; // what a dying socket still holds is left to the collector
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

  /** Handles the whole frames in buffer[0, end), and says where the first byte stands that was not handled. */
  #handle(buffer: Buffer, end: number): number {
    const { reader, output, maxFrameBytes, dispatcher } = this.#shared;
    let at = 0;
    try {
      while (end - at >= SIZE_BYTES && !this.#blocked && !this.#closed) {
        const size = buffer.readInt32BE(at);
        if (size < 0 || size > maxFrameBytes) throw new InvalidRequest(oversize(size, maxFrameBytes));
        if (end - at - SIZE_BYTES < size) break;
        const start = at + SIZE_BYTES;
        at = start + size;
        reader.reset(buffer, start, at);
        const result = dispatcher.dispatch(reader, this.context, output);
        if (result instanceof Promise) this.#wait(result);
        else if (result !== undefined) this.#tail = result;
        if (output.position > SEND_ABOVE_BYTES || this.#tail !== undefined) this.#send();
      }
      this.#send();
    } catch (error) {
      this.#fail(error);
    }
    return at;
  }

  #wait(promise: Promise<Answer>): void {
    this.#waiting = true;
    promise.then(
      (answer) => this.#answer(answer),
      (error: unknown) => this.#fail(error),
    );
  }

  #answer(answer: Answer): void {
    if (this.#closed) return;
    this.#waiting = false;
    try {
      this.#tail = answer(this.#shared.output);
      this.#send();
    } catch (error) {
      return this.#fail(error);
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
    while (this.#tail !== undefined && this.#unsent.length === 0) {
      const piece = buffers.takeOutput();
      const count = this.#tail.fill(piece, 0, OUTPUT_BYTES);
      if (this.#tail.remaining === 0) this.#tail = undefined;
      if (this.#socket.send(piece.subarray(0, count))) buffers.giveOutput(piece);
      else this.#unsent.push(piece);
    }
    if (this.#unsent.length > 0) this.#socket.pause();
  }

  /** Goes on after a wait or a full kernel: the tail first, then frames that were kept, then reading. */
  #continue(): void {
    try {
      if (this.#tail !== undefined) this.#send();
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#blocked || this.#closed) return;
    if (this.#carry !== null) this.#handleCarried();
    if (!this.#blocked && !this.#closed) this.#socket.resume();
  }

  #handleCarried(): void {
    const carry = this.#carry!;
    const handled = this.#handle(carry, this.#carried);
    if (this.#carry === null) return; // closed meanwhile
    if (handled === this.#carried) {
      this.#shared.buffers.give(carry);
      this.#carry = null;
      this.#carried = 0;
    } else if (handled > 0) {
      carry.copyWithin(0, handled, this.#carried);
      this.#carried -= handled;
    }
    if (this.#carry !== null) this.#makeRoomForFrame();
  }

  /** Takes bytes that cannot be handled yet out of the shared buffer. */
  #keep(from: Buffer, start: number, end: number): void {
    if (this.#closed) return;
    const count = end - start;
    const wanted = count >= SIZE_BYTES ? from.readInt32BE(start) + SIZE_BYTES : SIZE_BYTES;
    this.#carry = this.#shared.buffers.take(Math.max(count, Math.min(wanted, TRUSTED_FRAME_BYTES)));
    from.copy(this.#carry, 0, start, end);
    this.#carried = count;
  }

  #makeRoomForFrame(): void {
    if (this.#carried < SIZE_BYTES) return;
    const wanted = Math.min(this.#carry!.readInt32BE(0) + SIZE_BYTES, TRUSTED_FRAME_BYTES);
    if (wanted > this.#carry!.length) this.#growCarry(wanted);
  }

  #growCarry(bytes: number): void {
    const larger = this.#shared.buffers.take(bytes);
    this.#carry!.copy(larger, 0, 0, this.#carried);
    this.#shared.buffers.give(this.#carry!);
    this.#carry = larger;
  }

  #fail(error: unknown): void {
    this.#shared.output.position = 0;
    this.close(error instanceof Error ? error.message : String(error));
  }
}

function oversize(size: number, limit: number): string {
  return `a frame of ${size} bytes is announced, 0 to ${limit} (socket.request.max.bytes) are allowed`;
}
