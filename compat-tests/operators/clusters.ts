/** Three brokers that Kafka's tools are run against: of Ottla, with an etcd of their own, and of Apache Kafka, on the same settings. */
import { join } from 'node:path';
import { startEtcd } from '../../scripts/etcd/cluster.ts';
import { startKafka, type RunningKafka } from '../../scripts/kafka/index.ts';
import { freePort } from '../brokers/ports.ts';
import { OttlaProcesses } from '../etcd/processes.ts';

export const NODES = [1, 2, 3] as const;

export interface ThreeBrokers {
  /** host:port of broker 1, which is never stopped. */
  readonly bootstrap: string;
  /** SIGTERM; resolves when it has ended. */
  stopBroker(nodeId: number): Promise<void>;
  startBroker(nodeId: number): Promise<void>;
  stop(): Promise<void>;
}

/** Nothing happens by itself, and internal topics are small. */
const SETTINGS = {
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '3',
  'default.replication.factor': '3',
  'auto.leader.rebalance.enable': 'false',
  'auto.create.topics.enable': 'false',
  // A fetch is let through whenever the rate of ten seconds is below the throttle: what it brings has to be little.
  'replica.fetch.max.bytes': '16384',
};
const JVM = ['-Xmx256m', '-Xms64m', '-XX:TieredStopAtLevel=1'];
const START_MS = 300_000; // a busy machine has other JVMs to share its time with

export async function ottlaBrokers(etcdProgram: string, directory: string): Promise<ThreeBrokers> {
  const etcd = await startEtcd({ program: etcdProgram, directory: join(directory, 'etcd') });
  const cluster = new OttlaProcesses(etcd.endpoints, directory, 'operators', SETTINGS);
  await cluster.startAll(...NODES);
  return {
    bootstrap: `127.0.0.1:${cluster.running.get(1)!.port}`,
    stopBroker: async (nodeId) => void (await cluster.stop(nodeId)),
    startBroker: async (nodeId) => (await cluster.start(nodeId)).ready,
    async stop() {
      await cluster.stopAll();
      await etcd.stop();
    },
  };
}

/** The first is the controller, too. */
export async function kafkaBrokers(directory: string): Promise<ThreeBrokers> {
  const controllerPort = await freePort();
  const ports = await Promise.all(NODES.map(() => freePort()));
  const running = new Map<number, RunningKafka>();
  const start = async (nodeId: number): Promise<void> => {
    const others = { role: 'broker', controllers: `127.0.0.1:${controllerPort}` } as const;
    const kafka = await startKafka({
      dir: join(directory, `kafka-${nodeId}`),
      port: ports[nodeId - 1],
      controllerPort,
      config: { ...SETTINGS, 'node.id': nodeId },
      jvm: JVM,
      timeoutMs: START_MS,
      ...(nodeId === 1 ? {} : others),
    });
    running.set(nodeId, kafka);
  };
  for (const nodeId of NODES) await start(nodeId);
  return {
    bootstrap: `127.0.0.1:${ports[0]}`,
    stopBroker: async (nodeId) => running.get(nodeId)!.stop(),
    startBroker: start,
    async stop() {
      await Promise.all([...running.values()].map((kafka) => kafka.stop()));
    },
  };
}
