/**
 * Bounds the memory of large responses that clients do not take: those in a buffer of the common size are a piece a connection,
 * which `max.connections` bounds. Where all of them together come to more than MAX_UNSENT_BYTES, the connections end that have
 * kept theirs for the longest time.
 */
export interface UnsentHolder {
  close(reason: string): void;
}

export const MAX_UNSENT_BYTES = 256 * 1024 * 1024;

export class UnsentResponses {
  readonly #limit: number;
  #bytes = 0;
  /** Those that have waited longest first. */
  readonly #holders = new Map<UnsentHolder, number>();

  constructor(limit = MAX_UNSENT_BYTES) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  hold(holder: UnsentHolder, bytes: number): void {
    this.#holders.set(holder, (this.#holders.get(holder) ?? 0) + bytes);
    this.#bytes += bytes;
    for (const [oldest] of this.#holders) {
      if (this.#bytes <= this.#limit || oldest === holder) return;
      this.release(oldest);
      oldest.close('it does not take its responses, and those of others need the memory');
    }
  }

  /** All that `holder` has kept, or so much of it. */
  release(holder: UnsentHolder, bytes = Number.POSITIVE_INFINITY): void {
    const held = this.#holders.get(holder) ?? 0;
    const released = Math.min(held, bytes);
    this.#bytes -= released;
    if (released < held) this.#holders.set(holder, held - released);
    else this.#holders.delete(holder);
  }
}
