/**
 * Whether members of a group are still late. Asked after each of their heartbeats, it goes on where it found one the last time: a group
 * of thousands is gone over twice for an assignment, not at each heartbeat.
 */
export class LateMembers<M> {
  readonly #members: ReadonlyMap<string, M>;
  #rest: Iterator<string, undefined>;
  /** Looked at next; undefined behind the last of a round. */
  #at: string | undefined;

  constructor(members: ReadonlyMap<string, M>) {
    this.#members = members;
    this.#rest = members.keys();
    this.#at = this.#rest.next().value;
  }

  isAny(isLate: (member: M) => boolean): boolean {
    for (; this.#at !== undefined; this.#at = this.#rest.next().value) {
      const member = this.#members.get(this.#at);
      if (member !== undefined && isLate(member)) return true;
    }
    for (const [memberId, member] of this.#members) {
      if (!isLate(member)) continue;
      // It has fallen behind since it was looked at.
      this.#rest = this.#members.keys();
      this.#at = memberId;
      return true;
    }
    return false;
  }
}
