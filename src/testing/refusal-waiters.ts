/** Waiting until a client is denied something, or throttled. */
import type { CallPlace } from './call-place.ts';
import { failureReport, type ReportSources } from './failure-report.ts';
import { checkKeys, type KeysOf } from './known-keys.ts';
import { timeoutOf } from './pending-waits.ts';
import {
  checkDenial,
  checkThrottle,
  denialWords,
  expectedWords,
  isDenial,
  isThrottle,
  throttleWords,
  type Denial,
  type ExpectedDenial,
  type ExpectedThrottle,
  type Refusals,
  type Throttle,
} from './refusals.ts';
import type { WaitOptions } from './wait-options.ts';

const WAIT: KeysOf<WaitOptions> = { timeout: true };
const SHOWN = 5;

export class RefusalWaiters {
  readonly #sources: ReportSources;
  readonly #refusals: Refusals;

  constructor(sources: ReportSources, refusals: Refusals) {
    this.#sources = sources;
    this.#refusals = refusals;
  }

  forDenied(place: CallPlace, expected: ExpectedDenial = {}, options: WaitOptions = {}): Promise<Denial> {
    checkDenial('waitForDenied', expected);
    const { denials } = this.#refusals;
    return this.#wait(place, options, {
      what: `a refusal of ${expectedWords(expected)}`,
      look: () => denials.find((one) => isDenial(one, expected)),
      found: () => denials.slice(-SHOWN).map(denialWords).join('\n    ') || 'nothing refused',
    });
  }

  forThrottled(place: CallPlace, expected: ExpectedThrottle = {}, options: WaitOptions = {}): Promise<Throttle> {
    checkThrottle('waitForThrottled', expected);
    const { throttles } = this.#refusals;
    return this.#wait(place, options, {
      what: `a throttle of ${expectedWords(expected)}`,
      look: () => throttles.find((one) => isThrottle(one, expected)),
      found: () => throttles.slice(-SHOWN).map(throttleWords).join('\n    ') || 'no throttle',
    });
  }

  #wait<T>(
    place: CallPlace,
    options: WaitOptions,
    { what, look, found }: { readonly what: string; readonly look: () => T | undefined; readonly found: () => string },
  ): Promise<T> {
    checkKeys('the wait', options, WAIT);
    const report = (): string => `${found()}\n${failureReport(this.#sources, {})}`;
    return this.#sources.pending.begin({ what, place, timeoutMs: timeoutOf(options), look, found: report });
  }
}
