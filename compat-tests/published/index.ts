import type { Suite } from '../suites/suite.ts';

/** The integration tests that clients publish, on both brokers. */
export const published: readonly Suite[] = [];
