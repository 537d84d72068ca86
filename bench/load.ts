/** What a load is: something to do to a broker, and the figures that come of it. */
import type { BrokerUnderLoad } from './brokers.ts';
import { cpuSeconds, residentMb } from './process-usage.ts';

/** What was done; figures that a load does not have are left out. */
export interface Work {
  readonly seconds: number;
  readonly requests?: number;
  readonly records?: number;
  /** Of records, as they are sent. */
  readonly bytes?: number;
  /** Microseconds. */
  readonly p50?: number;
  readonly p99?: number;
  readonly p999?: number;
  /** Where the load is not a rate. */
  readonly [other: string]: number | undefined;
}

/** By name; see FIGURES in report.ts. */
export type Figures = Readonly<Record<string, number>>;

export interface Effort {
  /** How long a raw load runs. */
  readonly seconds: number;
  /** Of what Java's tools send, 1 for what the document shows. */
  readonly share: number;
}

export interface Load {
  readonly name: string;
  readonly title: string;
  /** Sends frames by load.c; left out where there is no C compiler. */
  readonly isRaw: boolean;
  run(broker: BrokerUnderLoad, effort: Effort): Promise<Work & { cpuSeconds: number }>;
}

/** Adds what the broker spent. */
export async function measured(broker: BrokerUnderLoad, work: () => Promise<Work>) {
  const before = cpuSeconds(broker.pid);
  const done = await work();
  return { ...done, cpuSeconds: cpuSeconds(broker.pid) - before };
}

export function figuresOf(broker: BrokerUnderLoad, work: Work & { cpuSeconds: number }): Figures {
  const { seconds, requests, records, bytes, cpuSeconds: cpu, ...others } = work;
  const figures: Record<string, number> = { rssMb: residentMb(broker.pid) };
  if (requests !== undefined) {
    figures['requestsPerSecond'] = requests / seconds;
    figures['cpuMicrosPerRequest'] = (cpu / requests) * 1e6;
  }
  if (records !== undefined) {
    figures['recordsPerSecond'] = records / seconds;
    figures['cpuPerMillionRecords'] = (cpu / records) * 1e6;
  }
  if (bytes !== undefined) {
    figures['mbPerSecond'] = bytes / seconds / 1e6;
    figures['cpuPerGb'] = (cpu / bytes) * 1e9;
  }
  for (const [name, value] of Object.entries(others)) if (value !== undefined) figures[name] = value;
  return figures;
}
