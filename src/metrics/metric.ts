/** A metric as this folder describes it: its values are read when somebody asks. */
import { Gauge, type Counter, type Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string | number>>;
/** A value, and what it is of. */
export type Sample = readonly [value: number, labels?: Labels];

export interface Metric {
  readonly kind: typeof Gauge | typeof Counter;
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly samples: () => Iterable<Sample>;
}

/** A gauge without labels. */
export function one(name: string, help: string, value: () => number): Metric {
  return { kind: Gauge, name, help, labelNames: [], samples: () => [[value()]] };
}

export function register(registry: Registry, metrics: readonly Metric[]): void {
  for (const { kind: Kind, name, help, labelNames, samples } of metrics) {
    const metric = new Kind({
      name,
      help,
      labelNames,
      registers: [],
      collect(this: Gauge | Counter) {
        this.reset();
        for (const [value, labels = {}] of samples()) this.inc(labels, value);
      },
    });
    registry.registerMetric(metric);
  }
}
