/**
 * `ottla/vitest/global-setup`: one broker for the whole run, in vitest's own process. In the configuration
 * `globalSetup: ['ottla/vitest/global-setup']`, in a test `inject('kafka').bootstrapBrokers`.
 */
import type { TestProject } from 'vitest/node';
import { startBroker, type StartOptions, type TestBroker } from './index.ts';

/** What tests are told of the broker. */
export interface ProvidedKafka {
  readonly bootstrapServers: string;
  readonly bootstrapBrokers: string[];
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

/** In a file of your own: `export const { setup, teardown } = globalSetup({ topics: ['orders'] })`. */
export function globalSetup(options: StartOptions = {}): GlobalSetup {
  let kafka: TestBroker | undefined;
  return {
    async setup(project) {
      // What other processes leave open is not known here.
      kafka = await startBroker({ leftovers: 'ignore', ...options });
      const { bootstrapServers, bootstrapBrokers } = kafka;
      project.provide('kafka', { bootstrapServers, bootstrapBrokers });
    },
    async teardown() {
      await kafka?.stop();
    },
  };
}

export const { setup, teardown } = globalSetup();
