/**
 * Tells that a key, or one of a range, may have changed. It is a hint and no more: versions of etcd lose events of a watch, and confirm revisions
 * before they have sent their events. Who is told reads the key; who is not told for a while reads it all the same.
 */
import type { Clock, Timer } from '../platform/clock.ts';
import type { Channel, Stream, WatchRequest } from './channel.ts';
import type { EtcdClient } from './client.ts';

/** A watch says nothing while nothing changes: after so long it is asked whether it still lives. */
const ASK_AFTER_MS = 1000;

export interface WatcherOptions {
  readonly client: EtcdClient;
  readonly clock: Clock;
  readonly key: Buffer;
  /** Exclusive, for a range of keys. */
  readonly rangeEnd?: Buffer;
  /** One of the keys has changed, or may have. */
  readonly changed: () => void;
}

export class Watcher {
  readonly #options: WatcherOptions;
  #stream: Stream<WatchRequest | 'progress'> | null = null;
  #channel: Channel | null = null;
  #hasAnswered = true;
  #timer: Timer | null = null;
  #isOver = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#check();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#stream?.close();
  }

  #check(): void {
    if (this.#isOver) return;
    if (this.#stream !== null && !this.#hasAnswered) {
      this.#options.client.rotate(this.#channel!);
      this.#stream.close();
      this.#stream = null;
    }
    this.#hasAnswered = false;
    if (this.#stream === null) this.#open();
    else this.#stream.send('progress');
    this.#timer = this.#options.clock.after(ASK_AFTER_MS, () => this.#check());
  }

  #open(): void {
    const { client, changed } = this.#options;
    const { channel } = client;
    this.#channel = channel;
    const stream = channel.watch({
      received: ({ created, canceled, events }) => {
        if (this.#isOver || this.#stream !== stream) return;
        this.#hasAnswered = true;
        if (canceled) this.#lost(channel);
        // What changed before the watch began is not told by it.
        if (created || canceled || events.length > 0) changed();
      },
      ended: () => {
        if (!this.#isOver && this.#stream === stream) this.#lost(channel);
      },
    });
    this.#stream = stream;
    stream.send(this.#request());
  }

  #request(): WatchRequest {
    const { key, rangeEnd } = this.#options;
    return { key, startRevision: 0, ...(rangeEnd === undefined ? {} : { rangeEnd }) };
  }

  /** Opened anew by the next check. */
  #lost(channel: Channel): void {
    this.#options.client.rotate(channel);
    this.#stream = null;
  }
}
