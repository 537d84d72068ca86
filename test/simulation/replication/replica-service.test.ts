/** What replicas are for besides failover, in a whole cluster: consumers in their rack, deletions everywhere, copies that are slowed down. */
import { expect, test } from 'vitest';
import { Fetch } from '../../../protocol/apis/01-fetch.ts';
import { DeleteRecords } from '../../../protocol/apis/21-delete-records.ts';
import { IncrementalAlterConfigs } from '../../../protocol/apis/44-incremental-alter-configs.ts';
import { batches, decodeBatch } from '../../../protocol/records/decode.ts';
import { diskError } from '../../../src/platform/memory-files.ts';
import { HOSTS, type Host } from '../cluster/simulated-cluster.ts';
import { Stage } from './stage.ts';

const TOPIC = 'replicated';
const TOPIC_RESOURCE = 2;
const BROKER_RESOURCE = 4;

/** A consumer in `rackId` fetches from offset 0 on: where it is sent, or what it gets. */
async function consume(stage: Stage, host: Host, rackId: string) {
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }];
  const topics = [{ topic: TOPIC, partitions }];
  const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 20, rackId, topics };
  const answer = await stage.cluster.settled('it is fetched', stage.client.brokers.send(host, Fetch, 12, request));
  const [{ errorCode, preferredReadReplica, records }] = answer.responses[0].partitions;
  const bytes = records as Buffer;
  const count = [...batches(bytes)].reduce((sum, at) => sum + decodeBatch(bytes, at).records.length, 0);
  return [errorCode, preferredReadReplica, count];
}

test('a consumer is sent to the replica in its rack, which gives it what is committed', async () => {
  const settings = { 'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector' };
  const stage = await Stage.open(1, { settings, settingsOf: (host) => ({ 'broker.rack': `rack ${host}` }) });
  await stage.acknowledge('a', 3);
  await stage.until('b knows what is committed', () => stage.at('b').highWatermark === 3);
  expect(await consume(stage, 'a', 'rack b')).toEqual([0, 2, 0]);
  expect(await consume(stage, 'b', 'rack b')).toEqual([0, -1, 3]);
  expect(await consume(stage, 'a', 'rack a')).toEqual([0, -1, 3]);
  expect(await consume(stage, 'a', 'elsewhere')).toEqual([0, -1, 3]);
  expect(await stage.close()).toEqual([]);
});

test('records are deleted when all replicas that run have deleted them', async () => {
  const stage = await Stage.open(1, {});
  await stage.acknowledge('a', 5);
  const remove = async (offset: number) => {
    const topics = [{ name: TOPIC, partitions: [{ partitionIndex: 0, offset }] }];
    const sent = stage.client.brokers.send('a', DeleteRecords, 2, { topics, timeoutMs: 1000 });
    const [{ errorCode, lowWatermark }] = (await stage.cluster.settled('it is answered', sent)).topics[0].partitions;
    return [errorCode, lowWatermark];
  };
  expect(await remove(2)).toEqual([0, 2]);
  expect([stage.at('b').logStartOffset, stage.at('c').logStartOffset]).toEqual([2, 2]);
  stage.cluster.kill('c');
  await stage.untilInSync('a', 'b');
  expect(await remove(4)).toEqual([0, 4]);
});

test.each(['leader', 'follower'])('a replica that lags is copied at %s.replication.throttled.rate', async (side) => {
  const settings = { 'replica.fetch.max.bytes': '2000', 'replication.quota.window.num': '2' };
  const stage = await Stage.open(1, { settings });
  const set = async (resourceType: number, resourceName: string, name: string, value: string): Promise<void> => {
    const configs = [{ name, configOperation: 0, value }];
    const request = { resources: [{ resourceType, resourceName, configs }], validateOnly: false };
    const answer = await stage.cluster.settled(
      'it is set',
      stage.client.brokers.send('a', IncrementalAlterConfigs, 1, request),
    );
    expect(answer.responses[0]).toMatchObject({ errorCode: 0, errorMessage: null });
  };
  stage.cluster.kill('b');
  await stage.untilInSync('a', 'c');
  await stage.acknowledge('a', 100);
  const bytes = stage.at('a').size;
  const rate = bytes / 10;
  await set(TOPIC_RESOURCE, TOPIC, `${side}.replication.throttled.replicas`, side === 'leader' ? '0:1' : '*');
  await set(
    BROKER_RESOURCE,
    side === 'leader' ? '1' : '2',
    `${side}.replication.throttled.rate`,
    String(Math.floor(rate)),
  );
  stage.cluster.start('b');
  const beganMs = stage.cluster.nowMs;
  await stage.untilInSync('a', 'b', 'c');
  const tookMs = stage.cluster.nowMs - beganMs;
  // A burst of two samples and a fetch may come at once.
  expect(tookMs).toBeGreaterThan(6000);
  expect(tookMs).toBeLessThan(14_000);
});

test.each(['a', 'b'] as const)(
  'a log directory of %s that fails takes its replica out of sync, and its broker goes on',
  async (host) => {
    const stage = await Stage.open(1, { settings: { 'log.dirs': '/data,/more', 'metadata.log.dir': '/more' } });
    await stage.acknowledge('a', 3);
    const { partitions } = stage.cluster.get(host).broker!.parts;
    const directory = partitions.directoryOf(stage.at(host))!;
    expect(directory.path).toBe('/data');
    const known = () => stage.image.directories[stage.image.replicas.indexOf(stage.cluster.get(host).nodeId)];
    await stage.until('the controller knows the directory', () => known() === directory.directoryId);
    directory.health.writeFailed(directory.path, diskError('EIO', 'write', directory.path));
    const others = HOSTS.filter((each) => each !== host);
    await stage.untilInSync(...others);
    const leader = host === 'a' ? 'b' : 'a';
    await stage.until(`${leader} leads`, () => stage.leads(leader));
    await stage.acknowledge(leader, 3);
    await stage.advance(3000); // a replica that is offline is not taken for one that has caught up
    await stage.untilInSync(...others);
    expect(stage.serves(host)).toBe(true);
    expect(stage.cluster.observer.wrong).toEqual([]);
  },
);

test('a broker whose directory with the metadata log fails ends: it would not know who leads any more', async () => {
  const stage = await Stage.open(1, { settings: { 'log.dirs': '/data,/more', 'metadata.log.dir': '/more' } });
  await stage.acknowledge('a', 3);
  const { broker, process } = stage.cluster.get('a');
  const directory = broker!.parts.partitions.directories.find(({ path }) => path === '/more')!;
  directory.health.writeFailed(directory.path, diskError('EIO', 'write', directory.path));
  await stage.until('b leads', () => stage.leads('b'));
  await stage.until('it has ended', () => process?.isAlive === false);
  expect(stage.cluster.logged.filter((line) => line.includes('metadata-log-dir-failed'))).toHaveLength(1);
  await stage.acknowledge('b', 3);
  expect(await stage.close()).toEqual([]);
});
