/** What members of a share group were told, and what must never be. */

export const LIMIT = 3;
export const LOCK_MS = 15_000;

interface Holding {
  readonly member: string;
  readonly untilMs: number;
  readonly crashes: number;
}

const ACCEPT = 1;
const REJECT = 3;

export class History {
  readonly violations: string[] = [];
  deliveries = 0;
  nowMs = 0;
  /** Offsets of aborted records, and of the markers that end their transactions. */
  readonly nobodys = new Set<number>();
  readonly markers = new Set<number>();
  readonly deleted = new Set<number>();
  /** The offsets that the dead-letter queue tells of, at the end. */
  readonly deadLetters = new Set<number>();
  readonly #crashes: () => number;
  readonly #holdings = new Map<number, Holding>();
  /** Offset to the last delivery count that was told, and in which life of the broker. */
  readonly #counts = new Map<number, { count: number; crashes: number }>();
  /** Offsets whose ACCEPT was sent, and was answered. */
  readonly #accepting = new Set<number>();
  readonly #accepted = new Set<number>();
  /** Offsets whose REJECT was sent, and was answered. */
  readonly #rejecting = new Set<number>();
  readonly #rejected = new Set<number>();

  constructor(crashes: () => number) {
    this.#crashes = crashes;
  }

  complain(what: string): void {
    this.violations.push(what);
  }

  passed(ms: number): void {
    this.nowMs += ms;
  }

  /** `sentAt`: when it was asked for, which is when the lock begins at the earliest. */
  delivered(member: string, offset: number, count: number, sentAt: number): void {
    this.deliveries++;
    const crashes = this.#crashes();
    const held = this.#holdings.get(offset);
    if (held !== undefined && held.crashes === crashes && this.nowMs < held.untilMs) {
      this.complain(`${offset} is handed to ${member} while ${held.member} holds it`);
    }
    if (this.#accepted.has(offset)) this.complain(`${offset} is handed out after its ACCEPT was answered`);
    if (this.#rejected.has(offset)) this.complain(`${offset} is handed out after its REJECT was answered`);
    if (this.nobodys.has(offset) && !this.markers.has(offset))
      this.complain(`${offset} was aborted, and is handed out`);
    if (count > LIMIT) this.complain(`${offset} is handed out for the ${count}th time`);
    const before = this.#counts.get(offset);
    if (before?.crashes === crashes && count <= before.count) {
      this.complain(`the deliveries of ${offset} go from ${before.count} to ${count}`);
    }
    this.#counts.set(offset, { count, crashes });
    this.#holdings.set(offset, { member, untilMs: sentAt + LOCK_MS, crashes });
  }

  /** They are no longer surely held. */
  acknowledges(member: string, offsets: readonly number[], types: readonly number[]): void {
    offsets.forEach((offset, i) => {
      if (this.#holdings.get(offset)?.member === member) this.#holdings.delete(offset);
      if (types[i] === ACCEPT) this.#accepting.add(offset);
      if (types[i] === REJECT) this.#rejecting.add(offset);
    });
  }

  acknowledged(offsets: readonly number[], types: readonly number[]): void {
    offsets.forEach((offset, i) => {
      if (types[i] === ACCEPT) this.#accepted.add(offset);
      if (types[i] === REJECT) this.#rejected.add(offset);
    });
  }

  nothingIsHeld(): void {
    this.#holdings.clear();
  }

  /** Every offset up to `end` has come to its end: accepted, or a dead letter. */
  judge(end: number): void {
    for (let offset = 0; offset < end; offset++) {
      if (this.nobodys.has(offset) || this.deleted.has(offset)) continue;
      const isDead = this.deadLetters.has(offset);
      if (!isDead && !this.#accepting.has(offset))
        this.complain(`${offset} is gone: neither accepted nor a dead letter`);
      // Of a member whose lock had run out, once another has accepted it, a REJECT is ignored, too.
      const isIgnored = this.#accepting.has(offset);
      if (!isDead && this.#rejected.has(offset) && !isIgnored)
        this.complain(`${offset} was rejected, and is no dead letter`);
      // Its lock may have run out before the ACCEPT came, the last, or another member has rejected it since: below the start offset
      // it is ignored, with NONE.
      const mayBeLate = this.#counts.get(offset)?.count === LIMIT || this.#rejecting.has(offset);
      if (isDead && this.#accepted.has(offset) && !mayBeLate)
        this.complain(`${offset} was accepted, and is a dead letter`);
    }
    for (const offset of this.deadLetters) {
      if (this.nobodys.has(offset)) this.complain(`${offset} was aborted, and is a dead letter`);
    }
  }
}
