/**
 * Sends the responses of one connection: those that stand in the output, which all connections share, then the tail of a
 * streamed one, piece by piece. What the kernel does not take is kept until the client has read.
 */
import type { Writer } from '../../protocol/writer.ts';
import type { Streamed } from '../apis/handler.ts';
import type { Socket } from '../platform/network.ts';
import { type Buffers, OUTPUT_BYTES } from './buffers.ts';
import type { UnsentHolder, UnsentResponses } from './unsent-responses.ts';

export interface ResponseWriterShared {
  readonly buffers: Buffers;
  readonly output: Writer;
  readonly unsent: UnsentResponses;
  /** Runs `run` after other connections have had their turn. */
  readonly sendLater: (run: () => void) => void;
}

export class ResponseWriter {
  readonly #socket: Socket;
  readonly #shared: ResponseWriterShared;
  readonly #onRested: () => void;
  readonly #holder: UnsentHolder;
  /** Buffers that the kernel has not taken yet. */
  #unsent: Buffer[] = [];
  /** Of those, what large ones come to. */
  #largeBytes = 0;
  #tail: Streamed | undefined;
  /** Lets others have their turn before the next piece of the tail. */
  #isResting = false;

  /** `onRested` is called when the next piece of a tail is due; `holder` is closed where it holds what others need. */
  constructor(socket: Socket, shared: ResponseWriterShared, onRested: () => void, holder: UnsentHolder) {
    this.#holder = holder;
    this.#socket = socket;
    this.#shared = shared;
    this.#onRested = onRested;
  }

  /** The kernel is full: the client does not read as fast as it is answered. */
  get isFull(): boolean {
    return this.#unsent.length > 0;
  }

  /** Whether the client has not been given all of its responses. */
  get isBusy(): boolean {
    return this.isFull || this.#tail !== undefined;
  }

  /** The tail of the response that stands last in the output. */
  stream(tail: Streamed | undefined): void {
    this.#tail = tail;
    if (tail?.heldBytes !== undefined) this.#shared.unsent.hold(this.#holder, tail.heldBytes);
  }

  send(): void {
    this.#sendOutput();
    if (this.#tail !== undefined && !this.isFull && !this.#isResting) this.#sendPiece(this.#tail);
    if (this.isFull) this.#socket.pause();
  }

  #sendOutput(): void {
    const { output, buffers } = this.#shared;
    if (output.position === 0) return;
    const whole = output.buffer;
    if (!this.#socket.send(whole.subarray(0, output.position))) {
      this.#unsent.push(whole);
      if (whole.length > OUTPUT_BYTES) this.#keepLarge(whole.length);
      output.buffer = buffers.takeOutput();
    } else if (whole.length > OUTPUT_BYTES) {
      output.buffer = buffers.takeOutput(); // one huge answer does not keep its memory for ever
    }
    output.position = 0;
  }

  #keepLarge(bytes: number): void {
    this.#largeBytes += bytes;
    this.#shared.unsent.hold(this.#holder, bytes);
  }

  #sendPiece(tail: Streamed): void {
    const { buffers, unsent } = this.#shared;
    const piece = buffers.takeOutput();
    const count = tail.fill(piece, 0, this.#socket.pieceBytes ?? OUTPUT_BYTES);
    if (tail.remaining === 0) {
      this.#tail = undefined;
      if (tail.heldBytes !== undefined) unsent.release(this.#holder, tail.heldBytes);
    }
    if (!this.#socket.send(piece.subarray(0, count))) return void this.#unsent.push(piece);
    buffers.giveOutput(piece);
    if (this.#tail !== undefined) this.#rest();
  }

  /** One piece at a time: a client that takes them as fast as they come would have the broker to itself. */
  #rest(): void {
    this.#isResting = true;
    this.#shared.sendLater(() => {
      this.#isResting = false;
      this.#onRested();
    });
  }

  /** The kernel has taken what was unsent. */
  drained(): void {
    if (this.#largeBytes > 0) this.#shared.unsent.release(this.#holder, this.#largeBytes);
    this.#largeBytes = 0;
    for (const buffer of this.#unsent) this.#shared.buffers.giveOutput(buffer);
    this.#unsent = [];
  }

  /** The client is gone; what a dying socket still holds is left to the collector. */
  drop(): void {
    this.#shared.unsent.release(this.#holder);
    this.#unsent = [];
    this.#tail = undefined;
  }
}
