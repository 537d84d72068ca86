import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const UNIT = ['test/**/*.test.ts', 'examples/vitest/*.test.ts'];
const CLIENTS = 'test/clients/**/*.test.ts';

/** What takes 2 s and more by itself: `npm run test:slow`. `npm test` is for the time between two edits. */
const SLOW = {
  unit: [
    'examples/vitest/several-brokers.test.ts',
    'examples/vitest/traffic.test.ts',
    'test/apis/00-produce.test.ts',
    'test/apis/full-disk-topics.test.ts',
    'test/broker/dead-sockets.test.ts',
    'test/broker/long-batches.test.ts',
    'test/broker/odd-folders.test.ts',
    'test/broker/process-stores.test.ts',
    'test/broker/secured-cluster.test.ts',
    'test/cli/doctor.test.ts',
    'test/cli/kafka-tools/beside-kafka/beside-kafka.test.ts',
    'test/cli/kafka-tools/flags.test.ts',
    'test/cli/parent.test.ts',
    'test/cli/sea.test.ts',
    'test/cli/security.test.ts',
    'test/cli/shell.test.ts',
    'test/cli/start.test.ts',
    'test/control/control.test.ts',
    'test/control/durable.test.ts',
    'test/crash/crash.test.ts',
    'test/groups/group-simulation.test.ts',
    'test/log/decompressed-limit.test.ts',
    'test/page/changes.test.ts',
    'test/page/report.test.ts',
    'test/page/sign-in.test.ts',
    'test/processes/processes.test.ts',
    'test/protocol/fuzz.test.ts',
    'test/protocol/records/batch.test.ts',
    'test/protocol/records/compression.test.ts',
    'test/protocol/records/inflate.test.ts',
    'test/protocol/round-trip.test.ts',
    'test/scale/recovery.test.ts',
    'test/scripts/docker-context.test.ts',
    'test/security/quotas.test.ts',
    'test/share/checker.test.ts',
    'test/share/delivery.test.ts',
    'test/share/garbage.test.ts',
    'test/share/kafka-answers.test.ts',
    'test/testing/brokers.test.ts',
    'test/testing/connect-broker.test.ts',
    'test/testing/elsewhere.test.ts',
    'test/testing/ending.test.ts',
    'test/testing/matchers.test.ts',
    'test/testing/moved-queues.test.ts',
    'test/testing/node-test-report.test.ts',
    'test/testing/reset.test.ts',
    'test/testing/security.test.ts',
    'test/testing/sign-in-faults.test.ts',
    'test/testing/vitest-report.test.ts',
    'test/testing/why-causes.test.ts',
    'test/transactions/exactly-once.test.ts',
  ],
  clients: [
    'test/clients/exactly-once.test.ts',
    'test/clients/kafkajs.test.ts',
    'test/clients/librdkafka.test.ts',
    'test/clients/rebalancing.test.ts',
    'test/clients/transactions.test.ts',
  ],
};

/** They count what objects are made, and what has been done so far: nobody else may have been there before. */
const ALONE = ['test/hot-path/costs.test.ts', 'test/testing/reading-work.test.ts'];

for (const file of [...ALONE, ...SLOW.unit, ...SLOW.clients]) {
  if (!existsSync(new URL(file, import.meta.url)))
    throw new Error(`vitest.config.ts names ${file}, which is not there`);
}

/** The examples import what users import; here that is the source. */
const alias = {
  'ottla/testing': fileURLToPath(new URL('src/testing/index.ts', import.meta.url)),
  'ottla/vitest': fileURLToPath(new URL('src/testing/vitest.ts', import.meta.url)),
};

/** Threads start faster than processes. */
const inThreads = { pool: 'threads' } as const;
/** One file after the other in the same thread: to load the broker for each of them takes longer than most of them. */
const together = { ...inThreads, isolate: false } as const;
/** librdkafka's add-on crashes in threads. */
const inProcesses = { pool: 'forks' } as const;

export default defineConfig({
  resolve: { alias },
  test: {
    watch: false,
    globalSetup: ['test/bundled-command.ts'],
    // Vitest leaves one processor free by itself, which is half of a small machine.
    maxWorkers: '100%',
    // Long, because a busy machine is no reason to fail; nothing here waits for a time to pass.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 5_000,
    // Files share a thread, its modules and its environment: what a test leaves there, as one that fails does, is gone before the next.
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      { extends: true, test: { name: 'unit', include: UNIT, exclude: [CLIENTS, ...ALONE, ...SLOW.unit], ...together } },
      { extends: true, test: { name: 'alone', include: ALONE, ...inThreads } },
      { extends: true, test: { name: 'clients', include: [CLIENTS], exclude: SLOW.clients, ...inProcesses } },
      { extends: true, test: { name: 'slow unit', include: SLOW.unit, ...inThreads } },
      { extends: true, test: { name: 'slow clients', include: SLOW.clients, ...inProcesses } },
    ],
  },
});
