/** Files that are renamed at once and removed later, so that reads under way end well (file.delete.delay.ms). */
import type { Clock, Timer } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';

export const DELETED_SUFFIX = '.deleted';

export class Deletions {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pending = new Map<Timer, () => void>();

  constructor(files: Files, clock: Clock, logger: Logger) {
    this.#files = files;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Removes `paths` after `delayMs`, `before` (closing what is open) first. */
  later(delayMs: number, paths: readonly string[], before: () => void = () => {}): void {
    const run = () => {
      this.#pending.delete(timer);
      before();
      try {
        for (const path of paths) this.#files.remove(path);
      } catch (error) {
        // Left for the next start, which removes what carries this suffix.
        this.#logger.warn('files.not-removed', { path: paths[0], error: (error as Error).message });
      }
    };
    const timer = this.#clock.after(delayMs, run);
    this.#pending.set(timer, run);
  }

  /** Renames those of `paths` that exist to `.deleted`, so that a restart knows, and removes them after `delayMs`. */
  renamed(delayMs: number, paths: readonly string[], before: () => void): void {
    const existing = paths.filter((path) => this.#files.exists(path));
    for (const path of existing) this.#files.rename(path, path + DELETED_SUFFIX);
    this.later(
      delayMs,
      existing.map((path) => path + DELETED_SUFFIX),
      before,
    );
  }

  /** Removes everything now: nobody reads any more. */
  finish(): void {
    for (const [timer, run] of Array.from(this.#pending)) {
      timer.cancel();
      run();
    }
  }
}
