/** `ottla/jest`: teaches jest's `expect` what a broker is; for `setupFilesAfterEnv: ['ottla/jest']`. */
import { matchers, type KafkaMatchers } from './index.ts';

declare global {
  namespace jest {
    interface Matchers<R, T = unknown> extends KafkaMatchers<R> {}
  }
}

const { expect } = globalThis as { expect?: { extend(own: typeof matchers): void } };
if (expect === undefined) {
  throw new Error(
    "ottla/jest belongs into setupFilesAfterEnv; elsewhere write expect.extend(matchers), from 'ottla/testing'",
  );
}
expect.extend(matchers);

export { matchers, startBroker } from './index.ts';
