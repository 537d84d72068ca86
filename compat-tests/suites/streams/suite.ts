import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, KAFKA_VERSION } from '../../../scripts/kafka/index.ts';
import { runCommand } from '../../provide/command.ts';
import { compiled } from '../../provide/java.ts';
import type { Suite } from '../suite.ts';

const FLAGS = ['-Xmx512m', '-XX:+UseSerialGC', '-Dorg.apache.logging.log4j.level=OFF'];

/** Kafka Streams, with state, repartitioning and a restore. */
export const streams: Suite = {
  name: 'streams',
  prepare: async () => {
    const sources = ['./WordCount.java', '../java/Check.java'].map((each) =>
      fileURLToPath(new URL(each, import.meta.url)),
    );
    const classpath = await compiled(sources, (await install()).jars);
    return {
      title: `Kafka Streams ${KAFKA_VERSION}`,
      run: async (bootstrap, run) => {
        const state = mkdtempSync(join(tmpdir(), 'compat-streams-'));
        try {
          const args = [...FLAGS, '-cp', classpath, 'WordCount', bootstrap, run, state];
          return (await runCommand('java', args, { timeoutMs: 240_000 })).stdout;
        } finally {
          rmSync(state, { recursive: true, force: true, maxRetries: 3 });
        }
      },
    };
  },
};
