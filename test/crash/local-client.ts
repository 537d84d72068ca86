/** A network without a network: clients in the same process, whose answers count as given when the broker sends them. */
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { readResponseHeader, writeRequestHeader } from '../../protocol/header.ts';
import { Reader } from '../../protocol/reader.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import type { Listener, Network, Receiver, Socket } from '../../src/platform/network.ts';
import { FakeSocket } from '../net/fake-socket.ts';

export class LocalNetwork implements Network {
  #accept: ((socket: Socket) => Receiver) | null = null;

  async listen(_host: string, _port: number, accept: (socket: Socket) => Receiver): Promise<Listener> {
    this.#accept = accept;
    return { port: 9092, close: async () => void (this.#accept = null) };
  }

  connect(): Promise<void> {
    return Promise.reject(new Error('nothing is reached from here'));
  }

  dial(): LocalClient {
    const socket = new LocalSocket();
    socket.attach(this.#accept!(socket));
    return new LocalClient(socket);
  }
}

class LocalSocket extends FakeSocket {
  answer: ((frame: Buffer) => void) | null = null;

  override send(data: Uint8Array): boolean {
    if (this.destroyed) return true;
    const answer = this.answer;
    this.answer = null;
    answer?.(Buffer.from(data));
    return true;
  }
}

export class LocalClient {
  readonly #socket: LocalSocket;
  #correlationId = 0;

  constructor(socket: LocalSocket) {
    this.#socket = socket;
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  /** Calls `answered` in the very moment the broker sends; never, when it ends the connection. One request at a time. */
  send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
    answered: (response: Values<Res>) => void,
  ): void {
    const writer = new Writer();
    writer.int32(0);
    writeRequestHeader(writer, api, version, this.#correlationId++, 'crash');
    requestCodec(api, version).encode(writer, draft);
    const frame = writer.finish();
    frame.writeInt32BE(frame.length - 4, 0);
    this.#socket.answer = (response) => {
      const reader = new Reader(response.subarray(4));
      readResponseHeader(reader, api, version);
      answered(responseCodec(api, version).decode(reader));
    };
    this.#socket.deliver(frame);
  }

  close(): void {
    this.#socket.destroy();
  }
}
