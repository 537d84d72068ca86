/** Whether anything goes on: requests but for those by which idle clients keep in touch. */
import { systemClock, type Timer } from '../platform/clock.ts';
import type { ApiName } from './api-names.ts';
import type { Exchange } from './exchange.ts';
import type { TestInterceptor } from './test-interceptor.ts';
import type { Traffic } from './traffic.ts';

/** What a client sends that has nothing to do. */
const KEEPING_IN_TOUCH = new Set<ApiName>([
  'Heartbeat',
  'ConsumerGroupHeartbeat',
  'ShareGroupHeartbeat',
  'StreamsGroupHeartbeat',
  'Metadata',
  'ApiVersions',
  'FindCoordinator',
]);

export class Work {
  readonly #interceptor: TestInterceptor;
  readonly #end: () => void;
  #last: { readonly atMs: number; readonly exchange: Exchange | null } = { atMs: -Infinity, exchange: null };
  readonly #watches = new Set<() => void>();

  constructor(traffic: Traffic, interceptor: TestInterceptor) {
    this.#interceptor = interceptor;
    this.#end = traffic.onExchange((exchange) => {
      if (!isWork(exchange)) return;
      this.#last = { atMs: systemClock.monotonic(), exchange };
      for (const watch of this.#watches) watch();
    });
  }

  /** When the last of it ended, by the monotonic clock. */
  get lastAtMs(): number {
    return this.#last.atMs;
  }

  /** What went on within the last so many milliseconds, or goes on; undefined where nothing did. */
  busyFor(quietMs: number): string | undefined {
    const serving = this.#interceptor.serving();
    if (serving !== undefined) return `${serving} is being served`;
    const { atMs, exchange } = this.#last;
    return systemClock.monotonic() - atMs < quietMs ? `the last request came just now: ${String(exchange)}` : undefined;
  }

  /** Calls `run` whenever there may have been so long a quiet; answers what ends that. */
  onQuiet(quietMs: number, run: () => void): () => void {
    let timer: Timer;
    const again = (): void => {
      timer?.cancel();
      timer = systemClock.after(quietMs + 1, () => {
        run();
        again();
      });
    };
    again();
    this.#watches.add(again);
    return () => {
      this.#watches.delete(again);
      timer.cancel();
    };
  }

  close(): void {
    this.#end();
  }
}

/** Whether a client wanted something: neither to keep in touch nor to look for records in vain. */
export function isWork(exchange: Exchange): boolean {
  if (KEEPING_IN_TOUCH.has(exchange.api)) return false;
  if (exchange.api !== 'Fetch') return true;
  const { response } = exchange as Exchange<'Fetch'>;
  return response?.responses.some(({ partitions }) => partitions.some(({ records }) => records?.length)) ?? false;
}
