/** One line on a terminal's stderr that says how far long work is; nothing where stderr is no terminal. */
import type { Timer } from '../platform/clock.ts';
import { painter, type Terminal } from './terminal.ts';

const SHOW_AFTER_MS = 500;
const EVERY_MS = 200;

export class Progress {
  readonly #terminal: Terminal;
  readonly #isShown: boolean;
  readonly #startedMs: number;
  #timer: Timer | null = null;
  #wasDrawn = false;
  records = 0;
  bytes = 0;
  /** Of how many records, where that is known. */
  total: number | null = null;

  /** `isShown` false: nothing is ever drawn, as when records themselves go to the terminal. */
  constructor(terminal: Terminal, isShown: boolean) {
    this.#terminal = terminal;
    this.#isShown = isShown && terminal.stderr.isTTY === true;
    this.#startedMs = terminal.clock.monotonic();
    if (this.#isShown) this.#later(SHOW_AFTER_MS);
  }

  /** Takes the line away. */
  end(): void {
    this.#timer?.cancel();
    if (this.#wasDrawn) this.#terminal.stderr.write('\r\u001b[K');
  }

  /** How much, how long, how fast. */
  summary(): string {
    const seconds = (this.#terminal.clock.monotonic() - this.#startedMs) / 1000;
    const amount = `${this.records.toLocaleString('en')} record${this.records === 1 ? '' : 's'}, ${sizeText(this.bytes)}`;
    if (seconds < 1) return amount;
    return `${amount} in ${seconds.toFixed(1)} s (${Math.round(this.records / seconds).toLocaleString('en')}/s)`;
  }

  #later(delayMs: number): void {
    this.#timer = this.#terminal.clock.after(delayMs, () => {
      const paint = painter(this.#terminal.stderr, this.#terminal.environment);
      const share =
        this.total === null || this.total === 0 ? '' : `${Math.floor((100 * this.records) / this.total)} %  `;
      this.#terminal.stderr.write(`\r\u001b[K${paint('dim', share + this.summary())}`);
      this.#wasDrawn = true;
      this.#later(EVERY_MS);
    });
  }
}

function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return bytes < 1_000_000_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
