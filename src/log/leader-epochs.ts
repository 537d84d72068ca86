/**
 * Which leader epoch wrote from which offset on (KIP-101): lets a client or follower find where its log and this one
 * parted. Also the text of `leader-epoch-checkpoint`. PURE.
 */

export interface EpochEntry {
  readonly epoch: number;
  readonly startOffset: number;
}

export interface EpochEndOffset {
  /** -1 where the epoch asked for is not known. */
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

const VERSION = '0';

export class LeaderEpochs {
  #entries: EpochEntry[];
  /** Epoch of the newest entry, -1 where there is none. */
  latest: number;

  constructor(entries: readonly EpochEntry[] = []) {
    this.#entries = [...entries];
    this.latest = entries.at(-1)?.epoch ?? -1;
  }

  get entries(): readonly EpochEntry[] {
    return this.#entries;
  }

  /** Records that `epoch` writes from `startOffset` on; true when that was news. */
  assign(epoch: number, startOffset: number): boolean {
    if (epoch < 0 || epoch === this.latest) return false;
    // What a later or equal epoch or offset said was never written: the new entry takes its place (KAFKA-7897).
    while (this.#entries.length > 0) {
      const last = this.#entries[this.#entries.length - 1];
      if (last.epoch < epoch && last.startOffset < startOffset) break;
      this.#entries.pop();
    }
    this.#entries.push({ epoch, startOffset });
    this.latest = epoch;
    return true;
  }

  /** The epoch that wrote `offset`, or -1. */
  epochOf(offset: number): number {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      if (this.#entries[i].startOffset <= offset) return this.#entries[i].epoch;
    }
    return -1;
  }

  /** The largest epoch known not above `epoch`, and where it ended; as OffsetForLeaderEpoch answers (KIP-279). */
  endOffsetFor(epoch: number, logEndOffset: number): EpochEndOffset {
    if (epoch === -1) return { leaderEpoch: -1, endOffset: -1 };
    if (epoch === this.latest) return { leaderEpoch: epoch, endOffset: logEndOffset };
    const next = this.#entries.findIndex((entry) => entry.epoch > epoch);
    if (next < 0) return { leaderEpoch: -1, endOffset: -1 };
    const endOffset = this.#entries[next].startOffset;
    return { leaderEpoch: next === 0 ? epoch : this.#entries[next - 1].epoch, endOffset };
  }

  /** Forgets what was written from `endOffset` on; true when something changed. */
  truncateTo(endOffset: number): boolean {
    const kept = this.#entries.filter((entry) => entry.startOffset < endOffset);
    return this.#keep(kept, kept.length !== this.#entries.length);
  }

  /** Forgets epochs that ended before `startOffset`; the one that wrote it now begins there. */
  truncateFrom(startOffset: number): boolean {
    const entries = this.#entries;
    let first = -1;
    for (let i = 0; i < entries.length && entries[i].startOffset <= startOffset; i++) first = i;
    if (first < 0 || (first === 0 && entries[0].startOffset === startOffset)) return false;
    return this.#keep([{ epoch: entries[first].epoch, startOffset }, ...entries.slice(first + 1)], true);
  }

  clear(): void {
    this.#keep([], true);
  }

  encode(): string {
    const lines = this.#entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}\n`);
    return `${VERSION}\n${this.#entries.length}\n${lines.join('')}`;
  }

  /** Null when the text is not what `encode` writes, or its entries do not ascend: the log itself has to tell. */
  static decode(text: string): LeaderEpochs | null {
    const [version, count, ...lines] = text.split('\n');
    if (version !== VERSION || Number(count) !== lines.length - 1 || lines.at(-1) !== '') return null;
    const entries: EpochEntry[] = [];
    for (const line of lines.slice(0, -1)) {
      const match = /^(\d+) (\d+)$/.exec(line);
      if (match === null) return null;
      const entry = { epoch: Number(match[1]), startOffset: Number(match[2]) };
      const last = entries.at(-1);
      if (last !== undefined && (entry.epoch <= last.epoch || entry.startOffset <= last.startOffset)) return null;
      entries.push(entry);
    }
    return new LeaderEpochs(entries);
  }

  #keep(entries: EpochEntry[], changed: boolean): boolean {
    this.#entries = entries;
    this.latest = entries.at(-1)?.epoch ?? -1;
    return changed;
  }
}
