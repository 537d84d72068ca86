/** Apache Kafka in a container, by testcontainers: brought into the cache when it is first needed. */
import { execFileSync } from 'node:child_process';
import { connect } from '../../protocol/client.ts';
import { npmPackage } from '../provide/npm.ts';
import type { Peer } from './peer.ts';
import { freePort } from './ports.ts';

const TESTCONTAINERS = 'testcontainers@12.2.0';
const START_MS = 120_000;

/** As much of testcontainers as is used here. */
interface Testcontainers {
  readonly GenericContainer: new (image: string) => Container;
  readonly Wait: { forLogMessage(pattern: RegExp): unknown };
}
interface Container {
  withExposedPorts(ports: { container: number; host: number }): Container;
  withEnvironment(environment: Record<string, string>): Container;
  withWaitStrategy(strategy: unknown): Container;
  withStartupTimeout(milliseconds: number): Container;
  start(): Promise<{ stop(): Promise<unknown> }>;
}

/** @throws where there is no Docker, or no image to be had */
export async function startContainer(version: string, settings: Readonly<Record<string, string>>): Promise<Peer> {
  needDocker();
  const { GenericContainer, Wait } = (await npmPackage(TESTCONTAINERS)) as Testcontainers;
  const port = await freePort();
  const container = await new GenericContainer(`apache/kafka:${version}`)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment(environment(port, settings))
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(START_MS)
    .start();
  const bootstrap = `127.0.0.1:${port}`;
  await (await connect({ host: '127.0.0.1', port })).close();
  return {
    bootstrap,
    title: `Apache Kafka ${version} (container)`,
    stop: async () => void (await container.stop()),
  };
}

function needDocker(): void {
  try {
    execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], { stdio: 'ignore', timeout: 10_000 });
  } catch {
    throw new Error('Docker does not answer');
  }
}

/** The image takes its whole configuration from the environment. The broker talks to itself on a listener of its own. */
function environment(port: number, settings: Readonly<Record<string, string>>): Record<string, string> {
  const all: Record<string, string> = {
    'node.id': '1',
    'process.roles': 'broker,controller',
    listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093,BROKER://:9094',
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},BROKER://localhost:9094`,
    'inter.broker.listener.name': 'BROKER',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': '1@localhost:9093',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    ...settings,
  };
  const named = (key: string) => `KAFKA_${key.toUpperCase().replaceAll('.', '_')}`;
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [named(key), value]));
}
