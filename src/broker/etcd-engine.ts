/** etcd as the engine of a cluster: found, with the cluster in it, or with the state of the broker that was alone until now. */
import type { Endpoint } from '../config/listeners.ts';
import type { ServerConfig } from '../config/server.ts';
import { makeCluster, readClusterId } from '../controllers/cluster-id.ts';
import { Election, type ProbeResult } from '../controllers/election.ts';
import { clusterKey, EtcdKeys } from '../controllers/etcd-keys.ts';
import { EtcdMetadataLog } from '../controllers/etcd-metadata-log.ts';
import type { ControllerClaim } from '../controllers/metadata-log.ts';
import { whatToDo } from '../controllers/refusals.ts';
import { RefusedError, UnreachableError, type EtcdClient } from '../etcd/client.ts';
import { clusterIdIn } from '../log/directory.ts';
import { randomUuid } from '../platform/random.ts';
import { ClusterError, type ControllerEngine, type EngineOptions } from './controller-engine.ts';
import type { ControllerProbe } from './controller-probe.ts';
import { openEtcd, type OpenEtcd } from './etcd-settings.ts';
import { readLocalState } from './local-cluster.ts';

export interface EtcdEngineOptions extends EngineOptions {
  readonly config: ServerConfig;
  /** Where other processes reach this one. */
  readonly address: Endpoint;
  readonly probe: ControllerProbe;
  /** Instead of the network's. */
  readonly openEtcd?: OpenEtcd | undefined;
}

const ETCD_AGAIN_MS = 5000;

/** @throws {ClusterError} where etcd does not answer in time, or has another cluster @throws {ConfigError} */
export async function openEtcdEngine(options: EtcdEngineOptions): Promise<ControllerEngine> {
  const { platform, config } = options;
  const client = await openEtcd(config, platform.files, platform.clock, options.openEtcd);
  try {
    return await new Finder(options, client).find();
  } catch (error) {
    client.close();
    throw error;
  }
}

class Finder {
  readonly #options: EtcdEngineOptions;
  readonly #client: EtcdClient;

  constructor(options: EtcdEngineOptions, client: EtcdClient) {
    this.#options = options;
    this.#client = client;
  }

  async find(): Promise<ControllerEngine> {
    const { platform, config, probe } = this.#options;
    const client = this.#client;
    const clusterId = await this.#reach(() => this.#findCluster());
    const keys = new EtcdKeys(config['ottla.etcd.prefix'], clusterId);
    const metadataLog = new EtcdMetadataLog(client, keys, platform.clock);
    await this.#reach(() => this.#refuseNodeInUse(metadataLog, clusterId));
    const ttlMs = config['ottla.etcd.lease.ttl.ms'];
    const probeOther = (claim: ControllerClaim): Promise<ProbeResult> => probe.probe(claim, clusterId);
    return {
      clusterId,
      metadataLog,
      elect: (claim, told) =>
        new Election({ ...platform, ...told, client, keys, metadataLog, claim, ttlMs, probe: probeOther }),
      close: () => client.close(),
    };
  }

  /** Tries what needs etcd until that answers; a line each five seconds. @throws {ClusterError} */
  async #reach<T>(attempt: () => Promise<T>): Promise<T> {
    const { config, platform } = this.#options;
    const { clock, logger } = platform;
    const endpoints = config['ottla.etcd.endpoints'].join(', ');
    const mostMs = config['initial.broker.registration.timeout.ms'];
    const beganMs = clock.monotonic();
    for (;;) {
      const triedMs = clock.monotonic();
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof RefusedError) throw new ClusterError(whatToDo(error));
        if (!(error instanceof UnreachableError)) throw error;
        const { message } = error;
        if (clock.monotonic() - beganMs >= mostMs) {
          throw new ClusterError(
            `etcd does not answer at ${endpoints} (${message}): start it, or correct ottla.etcd.endpoints${ofTls(message)}`,
          );
        }
        logger.warn('etcd-unreachable', {
          endpoints,
          error: message,
          next: `tried again, for ${mostMs} ms altogether`,
        });
      }
      const restMs = Math.max(0, ETCD_AGAIN_MS - (clock.monotonic() - triedMs));
      await new Promise<void>((resolve) => void clock.after(restMs, resolve));
    }
  }

  async #findCluster(): Promise<string> {
    const { platform, directory, clusterId, config } = this.#options;
    const prefix = config['ottla.etcd.prefix'];
    const client = this.#client;
    const own = directory === null ? null : clusterIdIn(platform.files, directory);
    const found = await readClusterId(client, prefix);
    const there = found ?? (await this.#makeCluster(prefix, own ?? clusterId ?? randomUuid(platform.random), own));
    if (own !== null && own !== there) {
      throw new ClusterError(
        `${directory} belongs to cluster ${own}, and ${clusterKey(prefix).toString()} in etcd is ${there}: ` +
          'use another log.dirs, or another ottla.etcd.prefix',
      );
    }
    return there;
  }

  /** With the state of the broker that was alone until now, where there is one. */
  async #makeCluster(prefix: string, clusterId: string, own: string | null): Promise<string> {
    const { platform, directory } = this.#options;
    const state = own === null ? null : await readLocalState(directory!, own, platform);
    const made = await makeCluster(this.#client, prefix, clusterId, state, platform.clock);
    if (made === clusterId) {
      const topics = state?.topicsByName.size ?? 0;
      platform.logger.info('cluster-made', { cluster: clusterId, topics, revision: state?.revision });
    }
    return made;
  }

  /** A process under the same id that answers at another address: both would hold the claim against each other. */
  async #refuseNodeInUse(log: EtcdMetadataLog, clusterId: string): Promise<void> {
    const { config, address, probe } = this.#options;
    const { claim } = await log.leader();
    if (claim === null || claim.nodeId !== config['node.id']) return;
    if (claim.host === address.host && claim.port === address.port) return;
    if ((await probe.probe(claim, clusterId)) !== 'there') return;
    throw new ClusterError(
      `node.id ${claim.nodeId} is in use at ${claim.host}:${claim.port}: give this process another one`,
    );
  }
}

/** What else to look at where TLS is what fails. */
function ofTls(message: string): string {
  return /certificate|SSL|TLS|Failed to connect/.test(message)
    ? '; where it speaks TLS, ottla.etcd.ssl.ca, .certificate and .key'
    : '';
}
