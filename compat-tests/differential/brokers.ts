/**
 * The two brokers that are compared: Ottla from this checkout, or the one at OTTLA_BOOTSTRAP; and Apache Kafka at
 * KAFKA_BOOTSTRAP (host:port), or one started here. A broker given from outside wants group.initial.rebalance.delay.ms=0.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { warmUp } from './warm-up.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** host:port of both; null where there is no Apache Kafka to compare with. */
    brokers: { ottla: string; kafka: string } | null;
    /** Part of every name, so that a broker may see many runs. */
    run: string;
  }
}

const KAFKA_PORT = 19_990;
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const kafkaServer = join(REPOSITORY, '../shared/tools/kafka/server');
const SETTINGS = ['group.initial.rebalance.delay.ms=0', 'num.partitions=1', 'log.segment.delete.delay.ms=1000'].flatMap(
  (each) => ['--set', each],
);

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  project.provide('run', Date.now().toString(36));
  project.provide('brokers', null);
  const { KAFKA_BOOTSTRAP, OTTLA_BOOTSTRAP } = process.env;
  if (KAFKA_BOOTSTRAP === undefined && !existsSync(kafkaServer)) {
    process.stderr.write('No Apache Kafka to compare with: nothing is tested. Set KAFKA_BOOTSTRAP=host:port to one.\n');
    return undefined;
  }
  const data = mkdtempSync(join(tmpdir(), 'differential-'));
  const started: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(ended));
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const [ottla, kafka] = await Promise.all([
      OTTLA_BOOTSTRAP ?? startOttla(started, join(data, 'ottla')),
      KAFKA_BOOTSTRAP ?? startKafka(started, join(data, 'kafka')),
    ]);
    await Promise.all([warmUp(ottla), warmUp(kafka)]);
    project.provide('brokers', { ottla, kafka });
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

async function startOttla(started: ChildProcess[], directory: string): Promise<string> {
  const main = join(REPOSITORY, 'src/main.ts');
  const args = [main, '--host', '127.0.0.1', '--port', '0', '--dir', directory, '--set', 'node.id=1', ...SETTINGS];
  return (await ready(started, process.execPath, args)).replace('ready ', '');
}

async function startKafka(started: ChildProcess[], directory: string): Promise<string> {
  const ports = ['--port', `${KAFKA_PORT}`, '--controller-port', `${KAFKA_PORT + 1}`];
  await ready(started, kafkaServer, [...ports, '--dir', directory, ...SETTINGS]);
  return `127.0.0.1:${KAFKA_PORT}`;
}

/** The line with which a broker says that it answers. */
function ready(started: ChildProcess[], command: string, args: string[]): Promise<string> {
  // Ottla reads KAFKA_… variables as settings, and KAFKA_BOOTSTRAP is none.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAFKA_B')));
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  started.push(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code} before it was ready`)));
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('ready')) resolve(line);
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill();
  });
}
