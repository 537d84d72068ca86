/** Controllers of several processes on a simulated etcd, in virtual time, without brokers: each is what a process has. */
import { ControllerNode } from '../../src/controllers/controller-node.ts';
import { Election } from '../../src/controllers/election.ts';
import { EtcdKeys } from '../../src/controllers/etcd-keys.ts';
import { EtcdMetadataLog } from '../../src/controllers/etcd-metadata-log.ts';
import { EtcdClient } from '../../src/etcd/client.ts';
import type { ProbeOutcome } from '../../src/cluster/broker-heartbeats.ts';
import { effectiveConfig } from '../../src/config/layers.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger, type Logger } from '../../src/platform/logger.ts';
import { randomUuid, seededRandom } from '../../src/platform/random.ts';
import { channelOf } from '../simulation/etcd/process-channel.ts';
import { SimulatedEtcd } from '../simulation/etcd/simulated-etcd.ts';
import { SimulatedProcess } from '../simulation/simulated-process.ts';
import { untilSettled, untilSo } from '../simulation/virtual-time.ts';

export const CLUSTER_ID = 'clusterclusterclusterA';
const WAITING = { stepMs: 1, patienceMs: 60_000 };

export interface NodeProcess {
  readonly process: SimulatedProcess;
  readonly client: EtcdClient;
  readonly node: ControllerNode;
}

export class ControllerNodes {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(1);
  readonly etcd = new SimulatedEtcd({ clock: this.clock, random: this.random });
  readonly keys = new EtcdKeys('/ottla', CLUSTER_ID);
  readonly all = new Map<number, NodeProcess>();
  /** What a connection attempt to a broker shows. */
  brokerProbe: (brokerId: number) => ProbeOutcome = () => 'accepted';
  readonly logged: string[] = [];
  readonly #settings: ReadonlyMap<string, string>;

  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.#settings = new Map(Object.entries(settings));
  }

  start(nodeId: number): NodeProcess {
    const { random, etcd, keys, clock } = this;
    const process = new SimulatedProcess(clock);
    const open = (endpoint: string) => channelOf(process, etcd.channel(endpoint, `node-${nodeId}`));
    const client = new EtcdClient({ endpoints: etcd.endpoints, open });
    const incarnation = randomUuid(random);
    const [host, port] = [`node-${nodeId}`, 9093];
    const config = effectiveConfig({ static: this.#settings, cluster: new Map(), broker: new Map() });
    const say = (event: string): void => void this.logged.push(`${nodeId}: ${event}`);
    const logger: Logger = { ...silentLogger, info: say, warn: say, error: say };
    const listeners = [{ name: 'CONTROLLER', host, port, securityProtocol: 0 }];
    const metadataLog = new EtcdMetadataLog(client, keys, process.clock);
    const claim = { nodeId, incarnation, host, port };
    const common = { clock: process.clock, random, logger, metadataLog };
    const node = new ControllerNode({
      ...common,
      clusterId: CLUSTER_ID,
      registration: { id: nodeId, incarnationId: incarnation, listeners },
      claim,
      config: () => config,
      configure: () => {},
      elect: (told) =>
        new Election({
          ...common,
          ...told,
          client,
          keys,
          claim,
          ttlMs: 3000,
          probe: (other) =>
            Promise.resolve(
              this.all.get(other.nodeId)?.node.registration.incarnationId === other.incarnation ? 'there' : 'gone',
            ),
        }),
      probeBroker: ({ id }) => Promise.resolve(this.brokerProbe(id)),
    });
    const made = { process, client, node };
    this.all.set(nodeId, made);
    return made;
  }

  kill(nodeId: number): void {
    this.all.get(nodeId)?.process.kill();
    this.all.delete(nodeId);
  }

  /** The process that serves. */
  active(): NodeProcess | null {
    for (const each of this.all.values()) if (each.node.state === 'active' && each.process.isRunning) return each;
    return null;
  }

  /** Once one serves. */
  async serving(): Promise<NodeProcess> {
    await this.pass(() => this.active() !== null);
    return this.active()!;
  }

  async pass(isOver: () => boolean): Promise<void> {
    await untilSo(this.clock, isOver, WAITING);
  }

  /** Lets time pass until a promise settles. */
  until<T>(promise: Promise<T>): Promise<T> {
    return untilSettled(this.clock, promise, WAITING);
  }
}

export function topic(name: string, partitions = 1) {
  return {
    name,
    numPartitions: -1,
    replicationFactor: -1,
    assignments: Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, brokerIds: [1] })),
    configs: [],
  };
}
