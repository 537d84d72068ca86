/** --timeout-ms: ends the reading when nothing has come for so long. */
import type { Terminal } from '../terminal.ts';

export class IdleLimit {
  /** As the one given, and stopping also when the limit is reached. */
  readonly terminal: Terminal;
  readonly #clock: Terminal['clock'];
  readonly #limitMs: number | undefined;
  readonly #ending = new AbortController();
  #timer: ReturnType<Terminal['clock']['after']> | null = null;

  /** `limitMs`: without one, or below 0, it never ends. */
  constructor(terminal: Terminal, limitMs: number | undefined) {
    this.#clock = terminal.clock;
    this.#limitMs = limitMs !== undefined && limitMs >= 0 ? limitMs : undefined;
    this.terminal = { ...terminal, stopping: () => AbortSignal.any([terminal.stopping(), this.#ending.signal]) };
    this.touch();
  }

  /** Something came. */
  touch(): void {
    if (this.#limitMs === undefined) return;
    this.end();
    this.#timer = this.#clock.after(this.#limitMs, () => this.#ending.abort());
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
