/** What a test wants to run before its broker stops: its application ends while there is a broker to say goodbye to. */
import { backgroundClock, type Clock } from '../platform/clock.ts';
import type { CallPlace } from './call-place.ts';

interface Hook {
  readonly run: () => unknown;
  /** Where it was given. */
  readonly at: string;
}

/** Most runners give a test five seconds or more: one that waits for ever should say for what before it is ended. */
const PATIENCE_MS = 3000;

export class StopHooks {
  #hooks: Hook[] = [];
  readonly #clock: Clock;
  readonly #warn: (text: string) => void;

  constructor(clock: Clock = backgroundClock, warn = (text: string): void => void process.stderr.write(text)) {
    this.#clock = clock;
    this.#warn = warn;
  }

  add(run: () => unknown, { at }: CallPlace): void {
    if (typeof run !== 'function') throw new TypeError('onStop takes a function: kafka.onStop(() => app.stop())');
    this.#hooks.push({ run, at });
  }

  /** Runs all of them, the last added first, though one fails; they are forgotten. Answers what they threw. */
  async run(): Promise<unknown[]> {
    const errors: unknown[] = [];
    const hooks = this.#hooks.toReversed();
    this.#hooks = [];
    for (const { run, at } of hooks) {
      const late = this.#clock.after(PATIENCE_MS, () => this.#warn(stillWaiting(at)));
      try {
        await run();
      } catch (error) {
        errors.push(error);
      } finally {
        late.cancel();
      }
    }
    return errors;
  }
}

function stillWaiting(at: string): string {
  return `kafka.stop() waits for what onStop was given at ${at || 'an unknown place'}; what is given last runs first\n`;
}

/** Nothing for none, the error itself for one, all of them for several. */
export function throwAll(errors: readonly unknown[], message: string): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, message);
}
