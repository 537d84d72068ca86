/** Whether the addresses that a cluster tells its clients lead where they should: the commonest reason for failing. */
import { Metadata } from '../../../protocol/apis/03-metadata.ts';
import { isWildcard } from '../../config/listeners.ts';
import { formatAddress, type Address } from '../client/address.ts';
import { Link, type LinkOptions } from '../client/link.ts';
import type { ClusterMetadata } from '../client/cluster.ts';
import { reach } from './connection.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

type Broker = ClusterMetadata['brokers'][number];

const CHECK = 'advertised';

/** One finding for each broker. `asked` is the address that worked. */
export function advertisedFindings(
  asked: Address,
  { brokers, clusterId }: ClusterMetadata,
  options: LinkOptions,
): Promise<Finding[]> {
  return Promise.all(brokers.map((broker) => follow(asked, broker, clusterId, options)));
}

async function follow(
  asked: Address,
  broker: Broker,
  clusterId: string | null,
  options: LinkOptions,
): Promise<Finding> {
  const address = { host: broker.host, port: broker.port };
  const told = `broker ${broker.nodeId} tells clients to connect to ${formatAddress(address)}`;
  if (address.host === asked.host && address.port === asked.port) {
    return isLoopback(address.host) && options.security.tls === null
      ? ok(CHECK, `${told}, as you did; that name works on this machine only`)
      : ok(CHECK, `${told}, as you did`);
  }
  if (isWildcard(address.host)) {
    return fail(CHECK, `${told}, which is no address of anything`, adviceFor(asked, address));
  }
  const { findings, isKafka } = await reach(address, options.security, options.timeoutMs);
  const bad = findings.find(({ status }) => status === 'fail');
  if (!isKafka || bad !== undefined) {
    const why = bad?.message ?? 'no broker answers there';
    return fail(CHECK, `${told}, but ${why}`, adviceFor(asked, address));
  }
  const other = await clusterAt(address, options);
  if (other === undefined || other === clusterId) {
    const partly = findings.find(({ status }) => status === 'warn');
    if (partly !== undefined) return warn(CHECK, `${told}; ${partly.message}`, partly.advice ?? '');
    return ok(CHECK, `${told}, which works from here`);
  }
  return fail(
    CHECK,
    `${told}, but that is another cluster (${other} instead of ${clusterId})`,
    `Clients begin at ${formatAddress(asked)} and end up there. ${adviceFor(asked, address)}`,
  );
}

/** The id of the cluster that answers; undefined where that cannot be told. */
async function clusterAt(address: Address, options: LinkOptions): Promise<string | null | undefined> {
  try {
    const link = await Link.open(address, options);
    const { clusterId } = await link.send(Metadata, { topics: [], allowAutoTopicCreation: false });
    await link.close();
    return clusterId;
  } catch {
    return undefined;
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function adviceFor(asked: Address, advertised: Address): string {
  const set = `Set advertised.listeners=PLAINTEXT://${formatAddress(asked)} on the broker (KAFKA_ADVERTISED_LISTENERS in a container)`;
  if (isLoopback(advertised.host)) {
    return `To a client ${advertised.host} is the client’s own machine. ${set}.`;
  }
  if (advertised.host.includes('.') || advertised.host.includes(':')) return `${set}, or make that address reachable.`;
  return (
    `${advertised.host} looks like the name of a container or pod, which only its own network knows. ${set}; ` +
    'for clients inside and outside give it two listeners.'
  );
}
