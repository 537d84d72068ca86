/** The time of a broker elsewhere. */
import { milliseconds } from '../testing/duration.ts';
import type { TestClock } from '../testing/test-clock.ts';
import type { ControlPort } from './control-port.ts';

export class RemoteClock implements TestClock {
  readonly #port: ControlPort;

  constructor(port: ControlPort) {
    this.#port = port;
  }

  get isVirtual(): boolean {
    return this.#port.get<{ isVirtual: boolean }>('/clock').isVirtual;
  }

  now(): number {
    return this.#port.get<{ now: number }>('/clock').now;
  }

  async advance(duration: Parameters<TestClock['advance']>[0]): Promise<void> {
    await this.#port.call('POST', '/clock/advance', { duration: milliseconds(duration) });
  }
}
