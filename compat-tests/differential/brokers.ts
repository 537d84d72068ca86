/**
 * The two brokers that are compared: Ottla from this checkout, or the one at OTTLA_BOOTSTRAP (host:port); and Apache Kafka,
 * see ../brokers/kafka.ts. A broker given from outside wants the settings of ../brokers/peer.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { apacheKafka, NoKafka } from '../brokers/kafka.ts';
import { ottla } from '../brokers/ottla.ts';
import type { Peer } from '../brokers/peer.ts';
import { warmUp } from './warm-up.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** host:port of both; null where there is no Apache Kafka to compare with. */
    brokers: { ottla: string; kafka: string } | null;
    /** Part of every name, so that a broker may see many runs. */
    run: string;
  }
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  project.provide('run', Date.now().toString(36));
  project.provide('brokers', null);
  const data = mkdtempSync(join(tmpdir(), 'differential-'));
  const peers: Peer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(peers.map((peer) => peer.stop()));
    rmSync(data, { recursive: true, force: true });
  };
  try {
    peers.push(await apacheKafka(join(data, 'kafka')), await ottla(join(data, 'ottla')));
    const [kafka, own] = peers.map(({ bootstrap }) => bootstrap);
    await Promise.all([warmUp(own), warmUp(kafka)]);
    project.provide('brokers', { ottla: own, kafka });
  } catch (error) {
    await stop();
    if (!(error instanceof NoKafka)) throw error;
    process.stderr.write(`${error.message}\nNothing is tested.\n`);
    return undefined;
  }
  return stop;
}
