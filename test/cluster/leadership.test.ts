/** Every way a partition's place in the cluster can change, and what that means to one broker. */
import { describe, expect, test } from 'vitest';
import {
  emptyImage,
  type ClusterImage,
  type ImageDelta,
  type PartitionImage,
  type TopicImage,
} from '../../src/cluster/image.ts';
import { changeOf } from '../../src/cluster/image-replay.ts';
import { leadership, wholeOf, type HostedPartition } from '../../src/cluster/leadership.ts';
import type { MetadataRecord } from '../../src/cluster/metadata-records.ts';
import { topicImage } from '../../src/cluster/replica-index.ts';

const ME = 1;
const ID = 'Yzuwlcq0QZum8IWZW66tIA';

function partition(replicas: number[], leader: number, leaderEpoch = 1, isr = replicas): PartitionImage {
  const none = { elr: [], lastKnownElr: [], addingReplicas: [], removingReplicas: [] };
  return { leader, leaderEpoch, leaderRecoveryState: 0, partitionEpoch: 0, replicas, isr, directories: [], ...none };
}

function imageOf(...topics: TopicImage[]): ClusterImage {
  return {
    ...emptyImage('c'),
    topicsById: new Map(topics.map((topic) => [topic.id, topic])),
    topicsByName: new Map(topics.map((topic) => [topic.name, topic])),
  };
}

function topic(...partitions: PartitionImage[]): TopicImage {
  return topicImage('t', ID, partitions);
}

function touching(...topicIds: string[]): ImageDelta {
  return { topicIds: new Set(topicIds), resources: new Set(), brokerIds: new Set() };
}

const ids = (hosted: readonly HostedPartition[]) => hosted.map(({ index }) => index);

/** What became of partition 0, in a word each. */
function between(before: PartitionImage | null, after: PartitionImage | null): string[] {
  const previous = before === null ? imageOf() : imageOf(topic(before));
  const image = after === null ? imageOf() : imageOf(topic(after));
  const change = leadership(previous, image, touching(ID), ME);
  return Object.entries(change).flatMap(([word, list]) => (list.length > 0 ? [word] : []));
}

const LEADER = partition([1, 2], ME);
const FOLLOWER = partition([1, 2], 2);
const LEADERLESS = partition([1, 2], -1);
const ELSEWHERE = partition([2, 3], 2);

const next = (of: PartitionImage): PartitionImage => ({ ...of, leaderEpoch: of.leaderEpoch + 1 });
const shrunk = (of: PartitionImage): PartitionImage => ({ ...of, isr: of.isr.slice(0, 1), partitionEpoch: 1 });

describe('a partition', () => {
  test.each<[string, PartitionImage | null, PartitionImage | null, string[]]>([
    ['is made, led here', null, LEADER, ['grown', 'led']],
    ['is made, led by another', null, FOLLOWER, ['grown', 'followed']],
    ['is made without a leader', null, LEADERLESS, ['grown', 'followed']],
    ['is made elsewhere', null, ELSEWHERE, ['grown']],
    ['that was led here is deleted', LEADER, null, ['deleted', 'resigned']],
    ['that was followed is deleted', FOLLOWER, null, ['deleted']],
    ['elsewhere is deleted', ELSEWHERE, null, ['deleted']],
    ['stays as it is', LEADER, LEADER, []],
    ['was never there', null, null, []],
    ['led here has other in-sync replicas', LEADER, shrunk(LEADER), ['updated']],
    ['led here is elected anew', LEADER, next(LEADER), ['led']],
    ['led here goes to another', LEADER, next(FOLLOWER), ['resigned', 'followed']],
    ['led here loses its leader', LEADER, next(LEADERLESS), ['resigned', 'followed']],
    ['led here moves away', LEADER, next(ELSEWHERE), ['resigned', 'closed']],
    ['followed has other in-sync replicas', FOLLOWER, shrunk(FOLLOWER), ['updated']],
    ['followed gets another leader', FOLLOWER, next(partition([1, 2, 3], 3)), ['followed']],
    ['followed loses its leader', FOLLOWER, next(LEADERLESS), ['followed']],
    ['followed is led here from now on', FOLLOWER, next(LEADER), ['led']],
    ['followed moves away', FOLLOWER, ELSEWHERE, ['closed']],
    ['without a leader gets this broker', LEADERLESS, next(LEADER), ['led']],
    ['without a leader gets another', LEADERLESS, next(FOLLOWER), ['followed']],
    ['elsewhere changes there', ELSEWHERE, next(shrunk(ELSEWHERE)), []],
    ['elsewhere gets a follower here', ELSEWHERE, partition([2, 3, 1], 2), ['followed']],
    ['elsewhere moves here, to lead', ELSEWHERE, next(LEADER), ['led']],
  ])('%s', (_what, before, after, words) => expect(between(before, after)).toEqual(words));
});

test('what goes is told as it was, what comes as it is', () => {
  const previous = imageOf(topic(LEADER, FOLLOWER));
  const image = imageOf(topic(next(ELSEWHERE), next(LEADER)));
  const { resigned, closed, led } = leadership(previous, image, wholeOf(image), ME);
  expect(resigned).toEqual([{ topic: previous.topicsById.get(ID), index: 0, partition: LEADER }]);
  expect(closed).toEqual(resigned);
  expect(led).toEqual([{ topic: image.topicsById.get(ID), index: 1, partition: next(LEADER) }]);
});

test('a topic that grows says so once, and only its new partitions are opened', () => {
  const image = imageOf(topic(LEADER, FOLLOWER, LEADER));
  const change = leadership(imageOf(topic(LEADER)), image, wholeOf(image), ME);
  expect(change.grown).toEqual([image.topicsById.get(ID)]);
  expect([ids(change.led), ids(change.followed), ids(change.updated)]).toEqual([[2], [1], []]);
});

test('of an image that nothing was made of yet all is new', () => {
  const other = topicImage('u', 'u', [FOLLOWER]);
  const image = { ...imageOf(topic(LEADER, ELSEWHERE), other), configs: new Map([['2:t', new Map([['a', 'b']])]]) };
  const change = leadership(emptyImage('c'), image, wholeOf(image), ME);
  expect(change.grown.map(({ name }) => name)).toEqual(['t', 'u']);
  expect([change.led.length, change.followed.length, change.configured]).toEqual([1, 1, []]); // opened with its settings
});

const config = (resourceName: string, resourceType = 2): MetadataRecord => {
  return { type: 'ConfigRecord', resourceType, resourceName, name: 'retention.ms', value: '1' };
};
const removal: MetadataRecord = { type: 'RemoveTopicRecord', topicId: ID };

test.each<[string, MetadataRecord[], string[]]>([
  ['of a topic', [config('t')], ['t']],
  ['of a topic that is not there', [config('gone')], []],
  ['of a group, by the same name', [config('t', 32)], []],
  ['of a topic that goes in the same batch', [config('t'), removal], []],
])('settings %s', (_what, records, configured) => {
  const previous = imageOf(topic(LEADER));
  const { image, delta } = changeOf(previous, records, 1);
  expect(leadership(previous, image, delta, ME).configured.map(({ name }) => name)).toEqual(configured);
});

test('a topic deleted and made again in one batch is deleted and made', () => {
  const previous = imageOf(topic(LEADER));
  const again = topicImage('t', 'again', [FOLLOWER]);
  const change = leadership(previous, imageOf(again), touching(ID, 'again'), ME);
  expect([change.deleted.map(({ id }) => id), change.grown.map(({ id }) => id)]).toEqual([[ID], ['again']]);
  expect([ids(change.resigned), ids(change.followed)]).toEqual([[0], [0]]);
});

test('one topic among 10,000 that changes is the only one looked at', () => {
  const others = Array.from({ length: 10_000 }, (_, i) => topicImage(`o${i}`, `o${i}`, [LEADER]));
  const previous = imageOf(topic(LEADER), ...others);
  const image = imageOf(topic(next(LEADER)), ...others);
  let lookups = 0;
  const counting = { ...image, topicsById: countingMap(image.topicsById, () => lookups++) };
  const { led } = leadership(previous, counting, touching(ID), ME);
  expect([ids(led), lookups]).toEqual([[0], 1]);
});

function countingMap<K, V>(map: ReadonlyMap<K, V>, looked: () => void): ReadonlyMap<K, V> {
  const refuse = (): never => {
    throw new Error('all topics were looked at');
  };
  const get = (key: K): V | undefined => {
    looked();
    return map.get(key);
  };
  return { get, has: (key: K) => map.has(key), keys: refuse, values: refuse, entries: refuse } as unknown as Map<K, V>;
}
