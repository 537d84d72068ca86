/**
 * The Apache Kafka that Ottla is compared with: the one at KAFKA_BOOTSTRAP (host:port); else a container where Docker runs;
 * else one started here from Maven's jars, which wants Java 17 or later. COMPAT_KAFKA=docker or =maven leaves no choice.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { install, KAFKA_VERSION, startKafka } from '../../scripts/kafka/index.ts';
import { startContainer } from './container.ts';
import { SETTINGS, type Peer } from './peer.ts';
import { freePort } from './ports.ts';

export class NoKafka extends Error {}

const JAVA_MIN = 17;

/** @throws NoKafka saying what is missing */
export async function apacheKafka(directory: string): Promise<Peer> {
  const { KAFKA_BOOTSTRAP, COMPAT_KAFKA } = process.env;
  if (KAFKA_BOOTSTRAP !== undefined) {
    return { bootstrap: KAFKA_BOOTSTRAP, title: `Apache Kafka at ${KAFKA_BOOTSTRAP}`, stop: async () => {} };
  }
  const why: string[] = [];
  if (COMPAT_KAFKA !== 'maven') {
    try {
      return await startContainer(KAFKA_VERSION, SETTINGS);
    } catch (error) {
      why.push(`no container (${firstLine(error)})`);
    }
  }
  if (COMPAT_KAFKA !== 'docker') {
    try {
      return await fromMaven(directory);
    } catch (error) {
      why.push(`none from Maven (${firstLine(error)})`);
    }
  }
  throw new NoKafka(
    `No Apache Kafka to compare with: ${why.join(', ')}. KAFKA_BOOTSTRAP=host:port names one that runs.`,
  );
}

async function fromMaven(directory: string): Promise<Peer> {
  const java = javaVersion();
  if (java === null || java < JAVA_MIN)
    throw new Error(`Java ${JAVA_MIN} or later is needed, here is ${java ?? 'none'}`);
  await install();
  const port = await freePort();
  const kafka = await startKafka({ dir: directory, port, controllerPort: await freePort(), config: SETTINGS });
  return { bootstrap: kafka.bootstrap, title: `Apache Kafka ${KAFKA_VERSION} (from Maven)`, stop: () => kafka.stop() };
}

/** The major version of the Java on the path, or null. */
export function javaVersion(): number | null {
  try {
    const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin/java') : 'java';
    const said = execFileSync(java, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return Number(/^\S+ (\d+)/.exec(said)?.[1] ?? 0);
  } catch {
    return null;
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}
