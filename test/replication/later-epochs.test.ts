/** Replicas that have records of a later epoch than the cluster knows, for etcd was restored from a backup. */
import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { alterPartitions, type AlterPartitionRequest } from '../../src/cluster/alter-partition.ts';
import { emptyImage, type BrokerImage, type ClusterImage, type PartitionImage } from '../../src/cluster/image.ts';
import { changeOf } from '../../src/cluster/image-replay.ts';
import type { MetadataRecord } from '../../src/cluster/metadata-records.ts';
import { topicImage } from '../../src/cluster/replica-index.ts';
import { serverConfig } from '../../src/config/server.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { keyOf } from '../../src/replication/fetch-session.ts';
import { LaterEpochs } from '../../src/replication/later-epochs.ts';
import { PartitionsFixture, topicId } from '../partitions/partitions-fixture.ts';

const PARTITION = { leader: 1, leaderEpoch: 3, partitionEpoch: 5, replicas: [1, 2], isr: [1, 2], directories: [] };

function cluster(): ClusterImage {
  const rest = { leaderRecoveryState: 0, elr: [], lastKnownElr: [], addingReplicas: [], removingReplicas: [] };
  const partition = { ...PARTITION, ...rest } as PartitionImage;
  const topic = topicImage('t', topicId(0), [partition]);
  const brokers = [1, 2, 3].map((id) => [id, { id, epoch: id, fenced: false } as BrokerImage] as const);
  return {
    ...emptyImage('c'),
    brokers: new Map(brokers),
    topicsById: new Map([[topic.id, topic]]),
    topicsByName: new Map([[topic.name, topic]]),
  };
}

function asked(brokerId: number, leaderEpoch: number, isr: readonly number[] = []) {
  const image = cluster();
  const newIsrWithEpochs = isr.map((id) => ({ brokerId: id, brokerEpoch: -1 }));
  const one = { partitionIndex: 0, leaderEpoch, partitionEpoch: 0, newIsr: [], newIsrWithEpochs };
  const topics = [{ topicId: topicId(0), partitions: [{ ...one, leaderRecoveryState: 0 }] }];
  const request = { brokerId, brokerEpoch: brokerId, topics } as AlterPartitionRequest;
  const { results, records } = alterPartitions(request, image, serverConfig(new Map()));
  const { image: next } = changeOf(image, records as MetadataRecord[], image.revision + 1);
  const { leader, leaderEpoch: epoch, partitionEpoch } = next.topicsById.get(topicId(0))!.partitions[0];
  return { errorCode: results.topics[0].partitions[0].errorCode, leader, epoch, partitionEpoch };
}

test('the controller begins an epoch behind all of them for any replica, and for nobody else', () => {
  const same = { leader: 1, epoch: 3, partitionEpoch: 5 };
  const later = { errorCode: ErrorCode.NONE, leader: 1, epoch: 8, partitionEpoch: 6 };
  expect([asked(1, 7), asked(2, 7)]).toEqual([later, later]);
  expect(asked(3, 7)).toMatchObject(same);
  expect(asked(1, 3)).toMatchObject(same);
  expect(asked(1, 7, [1, 2])).toEqual({ errorCode: ErrorCode.NOT_CONTROLLER, ...same }); // a proposal, as in Kafka
});

test('for a replica that is here no more the controller is not asked', async () => {
  const fixture = new PartitionsFixture();
  const partition = fixture.apply('t', topicId(0)).partitions[0]!;
  partition.lead({ leaderEpoch: 7, replicas: 1, inSyncReplicas: 1 });
  fixture.produceValues(partition, 'a');
  fixture.partitions.settle();
  partition.follow(3);
  let requests = 0;
  const laterEpochs = new LaterEpochs({
    clock: fixture.clock,
    logger: silentLogger,
    alterPartitions: () => Promise.reject(new Error(`request ${(requests += 1)}`)),
  });
  laterEpochs.look(partition);
  await fixture.clock.advance(500);
  expect(requests).toBe(1);
  laterEpochs.forget(keyOf(topicId(0), 0));
  await fixture.clock.advance(5000);
  expect([requests, fixture.clock.waiting]).toEqual([1, 0]);
  fixture.close();
});

test('a replica leads in no epoch that is older than its records, and has the controller asked until there is a later one', async () => {
  const fixture = new PartitionsFixture();
  const partition = fixture.apply('t', topicId(0)).partitions[0]!;
  partition.lead({ leaderEpoch: 7, replicas: 1, inSyncReplicas: 1 });
  fixture.produceValues(partition, 'a');
  fixture.partitions.settle();
  const term = { config: partition.config, replicas: 2, inSyncReplicas: 2, followers: [2], isReplicated: true };
  const lead = (leaderEpoch: number) => fixture.partitions.lead(topicId(0), 0, { ...term, leaderEpoch });
  expect([lead(3).isLeader, partition.latestEpoch]).toEqual([false, 7]);

  const requests: number[] = [];
  const laterEpochs = new LaterEpochs({
    clock: fixture.clock,
    logger: silentLogger,
    alterPartitions: ([{ partitions }]) => {
      requests.push(partitions[0].leaderEpoch);
      return Promise.reject(new Error('there is no controller'));
    },
  });
  laterEpochs.look(partition);
  laterEpochs.look(partition);
  await fixture.clock.advance(500);
  expect(requests).toEqual([7]);
  await fixture.clock.advance(1000);
  expect(requests).toEqual([7, 7]);
  expect(lead(8).isLeader).toBe(true);
  laterEpochs.look(partition);
  await fixture.clock.advance(5000);
  expect([requests.length, fixture.clock.waiting]).toEqual([2, 0]);
  fixture.close();
});
