/** An active controller on a real etcd, without an election, and what brokers that are models ask of it. */
import type { RunningEtcd } from '../scripts/etcd/cluster.ts';
import { Controller } from '../src/cluster/controller.ts';
import { supportedRanges } from '../src/cluster/features.ts';
import type { RegistrationRequest } from '../src/cluster/registration.ts';
import { effectiveConfig } from '../src/config/layers.ts';
import { EtcdKeys } from '../src/controllers/etcd-keys.ts';
import { EtcdMetadataLog } from '../src/controllers/etcd-metadata-log.ts';
import { FollowedLog } from '../src/controllers/followed-log.ts';
import { TermMetadataStore } from '../src/controllers/term-metadata-store.ts';
import { AmbiguousError, EtcdClient } from '../src/etcd/client.ts';
import { GrpcChannel } from '../src/etcd/grpc-channel.ts';
import { systemClock } from '../src/platform/clock.ts';
import { randomUuid, systemRandom } from '../src/platform/random.ts';

/** Longer than any measurement. */
const TTL_SECONDS = 24 * 3600;
const LEASES = Array.from({ length: 100 }, (_, i) => 4711 + i).values();

/** A controller's log and its term. */
export async function beginTerm(etcd: RunningEtcd, clusterId: string) {
  const client = new EtcdClient({
    endpoints: etcd.endpoints,
    open: (endpoint, token) => new GrpcChannel(endpoint, { clock: systemClock, token }),
  });
  const log = new EtcdMetadataLog(client, new EtcdKeys('/bench', clusterId), systemClock);
  const leaseId = await leased(client);
  const claim = { nodeId: 1, incarnation: 'incarnationincarnatioA', host: 'localhost', port: 9093 };
  const term = (await log.claim(claim, leaseId))!;
  return { client, log, term };
}

/** An etcd that has just started may take longer than an answer is waited for. */
async function leased(client: EtcdClient): Promise<string> {
  for (;;) {
    const id = String(LEASES.next().value);
    try {
      await client.leaseGrant(id, TTL_SECONDS);
      return id;
    } catch (error) {
      if (!(error instanceof AmbiguousError)) throw error;
    }
  }
}

/** The same, and the controller over it. `settings`: of its configuration. */
export async function beginController(
  etcd: RunningEtcd,
  clusterId: string,
  settings: ReadonlyMap<string, string> = new Map(),
) {
  const { client, log: metadataLog, term } = await beginTerm(etcd, clusterId);
  const { image, ...found } = await new FollowedLog(metadataLog, clusterId).readOn();
  const store = new TermMetadataStore({ metadataLog, term, found, clock: systemClock, deposed: () => {} });
  const config = effectiveConfig({ static: settings, cluster: new Map(), broker: new Map() });
  const common = { store, image, clusterId, isCluster: true, config: () => config };
  const controller = new Controller({ ...common, random: systemRandom });
  await controller.load();
  await controller.beginTerm({ id: 1, incarnationId: randomUuid(systemRandom), listeners: [] });
  return { client, store, controller };
}

/** A broker as it registers. */
export function registrationOf(id: number, clusterId: string): RegistrationRequest {
  const listeners = [{ name: 'PLAINTEXT', host: `broker-${id}`, port: 9092, securityProtocol: 0 }];
  const ids = { incarnationId: randomUuid(systemRandom), logDirectoryIds: [randomUuid(systemRandom)] };
  return { id, clusterId, rack: null, listeners, features: supportedRanges, previousBrokerEpoch: -1, ...ids };
}
