/** Commits what was handed out, every few seconds and at the end. */
import type { Clock, Timer } from '../../platform/clock.ts';
import type { CommittedOffset } from './group-offsets.ts';
import { nameOf } from './offsets.ts';

const EVERY_MS = 5000;

export class AutoCommit {
  readonly #clock: Clock;
  readonly #commit: (offsets: readonly CommittedOffset[]) => Promise<void>;
  readonly #pending = new Map<string, CommittedOffset>();
  #timer: Timer | null = null;

  constructor(clock: Clock, commit: (offsets: readonly CommittedOffset[]) => Promise<void>) {
    this.#clock = clock;
    this.#commit = commit;
  }

  add(offset: CommittedOffset): void {
    this.#pending.set(nameOf(offset), offset);
    this.#timer ??= this.#clock.after(EVERY_MS, () => void this.now());
  }

  /** Whatever is pending, at once. */
  async now(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    const offsets = [...this.#pending.values()];
    this.#pending.clear();
    await this.#commit(offsets);
  }
}
