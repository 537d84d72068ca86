/** Controllers on a real etcd, in this process: they can be killed as processes can. */
import { EtcdKeys } from '../../src/controllers/etcd-keys.ts';
import { EtcdMetadataLog, type EtcdTerm } from '../../src/controllers/etcd-metadata-log.ts';
import { Election } from '../../src/controllers/election.ts';
import type { ControllerClaim } from '../../src/controllers/metadata-log.ts';
import { EtcdClient } from '../../src/etcd/client.ts';
import { GrpcChannel } from '../../src/etcd/grpc-channel.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { randomUuid, systemRandom } from '../../src/platform/random.ts';
import { channelOf } from '../../test/simulation/etcd/process-channel.ts';
import { SimulatedProcess } from '../../test/simulation/simulated-process.ts';

const TTL_MS = 3000;

export interface RealController {
  readonly process: SimulatedProcess;
  readonly claim: ControllerClaim;
  readonly election: Election;
  readonly log: EtcdMetadataLog;
}

export class RealControllers {
  readonly all: (RealController | null)[] = [null, null, null];
  readonly #endpoints: readonly string[];
  readonly #keys: EtcdKeys;

  /** `name` keeps one story's keys from another's. */
  constructor(endpoints: readonly string[], name: string) {
    this.#endpoints = endpoints;
    this.#keys = new EtcdKeys('/ottla', name);
    for (const nodeId of [0, 1, 2]) this.start(nodeId);
  }

  start(nodeId: number): void {
    const process = new SimulatedProcess(systemClock);
    const client = new EtcdClient({
      endpoints: this.#endpoints,
      open: (endpoint, token) => channelOf(process, new GrpcChannel(endpoint, { clock: systemClock, token })),
    });
    const log = new EtcdMetadataLog(client, this.#keys, process.clock);
    const claim = { nodeId, incarnation: randomUuid(systemRandom), host: `node-${nodeId}`, port: 9093 };
    const election = new Election({
      client,
      keys: this.#keys,
      metadataLog: log,
      clock: process.clock,
      random: systemRandom,
      logger: silentLogger,
      claim,
      ttlMs: TTL_MS,
      probe: (other) =>
        Promise.resolve(this.all[other.nodeId]?.claim.incarnation === other.incarnation ? 'there' : 'gone'),
      elected: () => {},
      deposed: () => {},
      saw: () => {},
    });
    this.all[nodeId] = { process, claim, election, log };
  }

  kill(nodeId: number): void {
    this.all[nodeId]?.process.kill();
    this.all[nodeId] = null;
  }

  get active(): (RealController & { readonly term: EtcdTerm }) | null {
    for (const each of this.all) {
      if (each?.election.state === 'active') return { ...each, term: each.election.term! };
    }
    return null;
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.flatMap((each) => (each === null ? [] : [each.election.stop()])));
    for (const nodeId of [0, 1, 2]) this.kill(nodeId);
  }
}
