/** The bytes of a file in memory, which are changed in place: a log of many small writes would be copied with each of them. */
export type ContentChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

const LEAST_ROOM = 64;

export class FileContent {
  #room: Buffer;
  #length: number;

  /** A copy of these bytes. */
  constructor(bytes: Buffer | null = null) {
    this.#room = Buffer.from(bytes ?? []);
    this.#length = this.#room.length;
  }

  get length(): number {
    return this.#length;
  }

  /** A view that later changes may write to. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  apply(change: ContentChange): void {
    if (change.kind === 'truncate') return this.#resize(change.size);
    const { position, bytes } = change;
    this.#resize(Math.max(this.#length, position + bytes.length));
    bytes.copy(this.#room, position);
  }

  #resize(length: number): void {
    if (length > this.#room.length) {
      const room = Buffer.allocUnsafe(Math.max(length, 2 * this.#room.length, LEAST_ROOM));
      this.#room.copy(room, 0, 0, this.#length);
      this.#room = room;
    }
    if (length > this.#length) this.#room.fill(0, this.#length, length);
    this.#length = length;
  }
}
