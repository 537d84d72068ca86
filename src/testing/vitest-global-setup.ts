/**
 * `ottla/vitest/global-setup`: one broker for the whole run, in a thread of vitest's own process. In the configuration
 * `globalSetup: ['ottla/vitest/global-setup']`; in tests `kafkaTest({ scope: 'run' })`, or `connectBroker(inject('kafka').controlUrl)`.
 */
import type { TestProject } from 'vitest/node';
import { startBroker, type StartOptions, type TestBroker } from './index.ts';

/** What tests are told of the broker. */
export interface ProvidedKafka {
  readonly bootstrapServers: string;
  readonly bootstrapBrokers: string[];
  /** For `connectBroker`. */
  readonly controlUrl: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    kafka: ProvidedKafka;
  }
}

export interface GlobalSetup {
  readonly setup: (project: TestProject) => Promise<void>;
  readonly teardown: () => Promise<void>;
}

/**
 * In a file of your own: `export const { setup, teardown } = globalSetup({ topics: ['orders'] })`. `prepare` runs before the first
 * test; what it does is there in each.
 */
export function globalSetup(options: StartOptions = {}, prepare?: (kafka: TestBroker) => unknown): GlobalSetup {
  let kafka: TestBroker | undefined;
  return {
    async setup(project) {
      // What other processes leave open is not known here.
      kafka = await startBroker({ leftovers: 'ignore', ...options, thread: true });
      await prepare?.(kafka);
      const { bootstrapServers, bootstrapBrokers, controlUrl } = kafka;
      project.provide('kafka', { bootstrapServers, bootstrapBrokers, controlUrl: controlUrl! });
    },
    async teardown() {
      await kafka?.stop();
    },
  };
}

export const { setup, teardown } = globalSetup();
