/** What a broker does at intervals: each is read anew from the configuration, which may change while the broker runs. */
import type { Parts } from '../apis/broker-parts.ts';
import type { Timer } from '../platform/clock.ts';

type IntervalKey =
  | 'log.retention.check.interval.ms'
  | 'log.flush.offset.checkpoint.interval.ms'
  | 'producer.id.expiration.check.interval.ms';

export class PeriodicTasks {
  readonly #parts: Parts<'clock' | 'logger' | 'config' | 'partitions'>;
  readonly #timers = new Map<string, Timer>();

  constructor(parts: Parts<'clock' | 'logger' | 'config' | 'partitions'>) {
    this.#parts = parts;
  }

  start(): void {
    const { partitions, clock } = this.#parts;
    this.#every('retention', 'log.retention.check.interval.ms', () => void partitions.applyRetention(clock.now()));
    this.#every('producer-expiry', 'producer.id.expiration.check.interval.ms', () => this.#expireProducers());
    this.#every('checkpoint', 'log.flush.offset.checkpoint.interval.ms', () => partitions.checkpoint());
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #every(name: string, key: IntervalKey, run: () => void): void {
    const { clock, logger, config } = this.#parts;
    this.#timers.set(
      name,
      clock.after(config[key], () => {
        try {
          run();
        } catch (error) {
          logger.error(`${name}-failed`, { error: (error as Error).message });
        }
        this.#every(name, key, run);
      }),
    );
  }

  #expireProducers(): void {
    const { partitions, clock, config } = this.#parts;
    for (const partition of partitions.all()) {
      partition.expireProducers(clock.now(), config['producer.id.expiration.ms']);
    }
  }
}
