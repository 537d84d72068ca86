/** For suites that drive commands themselves: collects the lines that programs print elsewhere. */
import type { Area } from './suite.ts';

export class Report {
  readonly #lines: string[] = [];

  /** What `act` gives is what the client saw; what it throws is why the case failed. */
  async case(area: Area, name: string, act: () => Promise<unknown>): Promise<void> {
    try {
      const seen = await act();
      this.#say('ok', area, name, typeof seen === 'string' ? seen : JSON.stringify(seen));
    } catch (error) {
      this.#say('not ok', area, name, error instanceof Error ? error.message : String(error));
    }
  }

  text(): string {
    return this.#lines.join('\n');
  }

  #say(...parts: string[]): void {
    this.#lines.push(parts.map((part) => part.replaceAll(/\s+/g, ' ').trim()).join('\t'));
  }
}
