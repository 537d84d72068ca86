/** The Java clients: today's, and two that are as old as Apache Kafka 4 still talks to. */
import { fileURLToPath } from 'node:url';
import { install, installJars, KAFKA_VERSION } from '../../../scripts/kafka/index.ts';
import { runCommand } from '../../provide/command.ts';
import { compiled } from '../../provide/java.ts';
import type { Suite } from '../suite.ts';
import pinned from './jars.json' with { type: 'json' };

const PATIENCE_MS = 400_000;
/** Without a logger on the class path the old clients say so on each start. */
const FLAGS = ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dorg.apache.logging.log4j.level=OFF'];

export const java: readonly Suite[] = [
  suite('java', KAFKA_VERSION, async () => (await install()).jars, ['NewerCases', 'LatestCases']),
  suite('java-2.8', '2.8.2', () => installJars('kafka-clients-2.8.2', pinned['2.8.2']), ['NewerCases']),
  suite('java-2.1', '2.1.1', () => installJars('kafka-clients-2.1.1', pinned['2.1.1']), []),
];

function suite(name: string, version: string, jars: () => Promise<readonly string[]>, more: readonly string[]): Suite {
  const sources = ['Cases', 'Check', 'Rebalances', ...more].map((each) =>
    fileURLToPath(new URL(`./${each}.java`, import.meta.url)),
  );
  return {
    name,
    prepare: async () => {
      const classpath = await compiled(sources, await jars());
      return {
        title: `Java clients ${version}`,
        run: async (bootstrap, run) => {
          const args = [...FLAGS, '-cp', classpath, 'Cases', bootstrap, run];
          return (await runCommand('java', args, { timeoutMs: PATIENCE_MS })).stdout;
        },
      };
    },
  };
}
