/**
 * Bounds the memory of requests that have begun to arrive and are not whole (queued.max.request.bytes). As in Kafka a frame is
 * taken in as long as anything is left, so that one larger than the bound still gets in; then its connection reads to the
 * frame's end, and others wait their turn without being read. Frames that come whole in one read never wait.
 */
export interface Admitted {
  /** There is memory now, and it is charged: the connection may read on. */
  admitted(): void;
}

export class RequestMemory {
  readonly #limit: number;
  #used = 0;
  readonly #waiting = new Map<Admitted, number>();

  /** No bound where `limit` is not positive. */
  constructor(limit: number) {
    this.#limit = limit > 0 ? limit : Number.POSITIVE_INFINITY;
  }

  get isBounded(): boolean {
    return this.#limit !== Number.POSITIVE_INFINITY;
  }

  get used(): number {
    return this.#used;
  }

  /** True: `bytes` are charged, to be given back. False: `who` will be told. */
  take(bytes: number, who: Admitted): boolean {
    if (this.#used < this.#limit && this.#waiting.size === 0) {
      this.#used += bytes;
      return true;
    }
    this.#waiting.set(who, bytes);
    return false;
  }

  /** `bytes` that have come already are kept, whether or not there is room: they are charged, to be given back. */
  hold(bytes: number): void {
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
    for (const [who, wanted] of this.#waiting) {
      if (this.#used >= this.#limit) return;
      this.#waiting.delete(who);
      this.#used += wanted;
      who.admitted();
    }
  }

  /** `who` does not wait any more. */
  leave(who: Admitted): void {
    this.#waiting.delete(who);
  }
}
