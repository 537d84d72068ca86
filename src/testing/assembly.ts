/** Puts a broker together with what watches it and what makes it misbehave: the gate, faults, waiters, the traffic log. */
import type { BrokerOptions, RunningBroker } from '../broker/broker.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { MemoryFiles } from '../platform/memory-files.ts';
import { Activity, observed } from './activity.ts';
import { DiskFaults } from './disk-faults.ts';
import { Faults } from './faults.ts';
import { Gate } from './gate.ts';
import { Nodes } from './nodes.ts';
import type { StartOptions } from './start-options.ts';
import { TestBroker } from './test-broker.ts';
import { TestMetadata } from './test-metadata.ts';
import type { Traffic } from './traffic.ts';

export interface Assembly {
  readonly start: (options: BrokerOptions) => Promise<RunningBroker>;
  /** What `fork` starts another one with. */
  readonly again: (options: StartOptions) => Promise<TestBroker>;
  /** How many brokers clients see. */
  readonly brokers: number;
  readonly clock: Clock;
  /** Its disk in memory; null for a broker that keeps its logs on a real one. */
  readonly files: MemoryFiles | null;
  readonly settings: ReadonlyMap<string, string>;
  readonly memory: boolean;
  readonly clusterId?: string;
  readonly logger: Logger;
  readonly traffic: Traffic;
  readonly options: StartOptions;
}

/** Starts it. Topics of the options are not made yet: `test.provide` does. */
export async function assemble(assembly: Assembly): Promise<{ broker: RunningBroker; test: TestBroker }> {
  const { start, again, brokers, clock, settings, memory, clusterId, logger, traffic, options } = assembly;
  const activity = new Activity();
  const files = assembly.files ?? new MemoryFiles();
  const faults = new Faults(new DiskFaults(files));
  const brokerClock = observed(clock, activity);
  const gate = new Gate({ clock: brokerClock, activity, traffic, faults, brokers });
  const metadata = new TestMetadata(() => broker.parts.controller.image);
  const broker = await start({
    openMetadataStore: metadata.open,
    settings,
    memory,
    ...(assembly.files === null ? {} : { files }),
    ...(clusterId === undefined ? {} : { clusterId }),
    clock: brokerClock,
    logger,
    interceptor: gate,
  });
  try {
    gate.guard(broker);
    const nodes = await Nodes.open(broker, brokers, metadata);
    follow(broker, activity, gate, brokers);
    const watch = { gate, activity, traffic, faults };
    const parts = { broker, files, nodes, metadata, ...watch, options, clock, warn, start: again };
    return { broker, test: new TestBroker(parts) };
  } catch (error) {
    await broker.stop();
    await metadata.close();
    throw error;
  }
}

function follow(broker: RunningBroker, activity: Activity, gate: Gate, brokers: number): void {
  broker.parts.controller.onChange(() => {
    if (brokers > 1) gate.wake();
    activity.notify();
  });
}

/** To whoever runs the tests. */
export function warn(text: string): void {
  process.stderr.write(text);
}
