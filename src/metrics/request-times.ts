/** How many requests of each API came, by version, and how long they took. */
import { Histogram, type Registry } from 'prom-client';
import type { AnyApi } from '../../protocol/schema.ts';
import type { RequestMeter } from '../net/request-meter.ts';
import type { Clock } from '../platform/clock.ts';

/** Seconds: from what a warm broker needs for a heartbeat up to a long poll. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

interface OfApi {
  readonly name: string;
  readonly countByVersion: number[];
  totalMs: number;
  readonly observe: (seconds: number) => void;
}

export class RequestTimes implements RequestMeter {
  readonly #clock: Clock;
  readonly #histogram: Histogram<'request'>;
  readonly #byKey: (OfApi | undefined)[] = [];

  constructor(clock: Clock, registers: Registry[]) {
    this.#clock = clock;
    this.#histogram = new Histogram({
      name: 'ottla_request_duration_seconds',
      help: 'From the whole request to its answer; a fetch or a join that waits counts its waiting',
      labelNames: ['request'],
      buckets: BUCKETS,
      registers,
    });
  }

  begin(): number {
    return this.#clock.monotonic();
  }

  end(api: AnyApi, apiVersion: number, begun: number): void {
    const ms = this.#clock.monotonic() - begun;
    const of = (this.#byKey[api.key] ??= this.#add(api.name));
    of.countByVersion[apiVersion] = (of.countByVersion[apiVersion] ?? 0) + 1;
    of.totalMs += ms;
    of.observe(ms / 1000);
  }

  /** Requests of one API, in all versions. */
  countOf(api: string): number {
    const counts = this.asked().find(({ name }) => name === api)?.counts ?? [];
    return counts.reduce((sum, { count }) => sum + count, 0);
  }

  /** Those that have been asked, in no order. */
  asked(): { name: string; totalMs: number; counts: { version: number; count: number }[] }[] {
    return this.#byKey.flatMap((of) => {
      if (of === undefined) return [];
      const counts = of.countByVersion.flatMap((count, version) => (count > 0 ? [{ version, count }] : []));
      return [{ name: of.name, totalMs: of.totalMs, counts }];
    });
  }

  #add(name: string): OfApi {
    // Labels are looked up once: a request adds to a few numbers.
    const child = this.#histogram.labels(name);
    return { name, countByVersion: [], totalMs: 0, observe: (seconds) => child.observe(seconds) };
  }
}
