/** Where a broker looks for the leaders of what it follows. */
import { expect, test } from 'vitest';
import { serverConfig } from '../../src/config/server.ts';
import type { Partition } from '../../src/partitions/partition.ts';
import { nextTurn, VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { Replicas, type ReplicasOptions } from '../../src/replication/replicas.ts';

const PLAINTEXT = 0;
const SASL_PLAINTEXT = 2;

/** Under which address a follower asks broker 2, which has three listeners. */
async function asked(settings: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const addresses: string[] = [];
  const listener = (name: string, port: number, securityProtocol: number) => ({
    name,
    host: 'b2',
    port,
    securityProtocol,
  });
  const listeners = [
    listener('CLIENTS', 9092, SASL_PLAINTEXT),
    listener('INSIDE', 9093, PLAINTEXT),
    listener('REPLICATION', 9094, PLAINTEXT),
  ];
  const config = serverConfig(new Map(Object.entries(settings)));
  const replicas = new Replicas({
    clock: new VirtualClock(),
    logger: silentLogger,
    network: {
      connect: (host: string, port: number) => new Promise(() => addresses.push(`${host}:${port}`)),
    },
    nodeId: 1,
    partitions: { directories: [] },
    metadata: { image: { brokers: new Map([[2, { listeners }]]) } },
    config: () => config,
  } as unknown as ReplicasOptions);
  replicas.follows({ topicId: 'A'.repeat(22), index: 0, leaderEpoch: 0 } as Partition, 2);
  await nextTurn();
  return addresses;
}

test.each([
  ['the first of security.inter.broker.protocol', {}, 'b2:9093'],
  ['inter.broker.listener.name', { 'inter.broker.listener.name': 'REPLICATION' }, 'b2:9094'],
  ['inter.broker.listener.name, in small letters', { 'inter.broker.listener.name': 'replication' }, 'b2:9094'],
])('by %s', async (_what, settings, address) => {
  expect(await asked(settings)).toEqual([address]);
});
