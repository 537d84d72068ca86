/** A connection as bytes: frames out, frames in, and when the broker closes it. */
import { connect, type Socket } from 'node:net';
import { FrameCutter, frame } from '../../protocol/frame.ts';
import { requestCodec } from '../../protocol/compile.ts';
import { writeRequestHeader } from '../../protocol/header.ts';
import type { Api, Draft, Fields } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';

export interface Closed {
  readonly afterMs: number;
}

export class RawTalk {
  readonly #socket: Socket;
  readonly #cutter = new FrameCutter(1 << 24);
  readonly #frames: Buffer[] = [];
  #closedMs: number | null = null;
  #saidMs = performance.now();
  #notify = (): void => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.#frames.push(...this.#cutter.push(bytes).map((contents) => Buffer.from(contents)));
      this.#notify();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closedMs ??= performance.now();
      this.#notify();
    });
  }

  static open(port: number): Promise<RawTalk> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port }, () => resolve(new RawTalk(socket)));
      socket.once('error', reject);
    });
  }

  write(bytes: Uint8Array): void {
    this.#saidMs = performance.now();
    this.#socket.write(bytes);
  }

  send(contents: Uint8Array): void {
    this.write(frame(contents));
  }

  /** The next frame's contents, or when the connection was closed, counted from what was said last. */
  async next(): Promise<Buffer | Closed> {
    for (;;) {
      const [first] = this.#frames.splice(0, 1);
      if (first !== undefined) return first;
      if (this.#closedMs !== null) return { afterMs: this.#closedMs - this.#saidMs };
      await new Promise<void>((resolve) => (this.#notify = resolve));
    }
  }

  end(): void {
    this.#socket.destroy();
  }
}

export function requestOf<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  draft: Draft<Req>,
  correlationId = 7,
): Buffer {
  const writer = new Writer();
  writeRequestHeader(writer, api, version, correlationId, 'c');
  requestCodec(api, version).encode(writer, draft);
  return writer.finish();
}
