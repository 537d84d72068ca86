/** What becomes of a replica whose partition has moved to other brokers while its own was down. */
import { expect, test } from 'vitest';
import { AlterPartitionReassignments } from '../../../protocol/apis/45-alter-partition-reassignments.ts';
import { DeleteTopics } from '../../../protocol/apis/20-delete-topics.ts';
import { Stage } from './stage.ts';

const REMOVED_MS = 61_000;

async function withoutC(): Promise<Stage> {
  const stage = await Stage.open(1, {});
  await stage.acknowledge('a', 3);
  stage.cluster.kill('c');
  await stage.untilInSync('a', 'b');
  return stage;
}

const foldersOf = (stage: Stage): readonly string[] =>
  stage.cluster
    .get('c')
    .disk.list('/data')
    .filter((name) => name.startsWith('replicated-0'));

test('it is renamed when its broker is back, and removed a minute later', async () => {
  const stage = await withoutC();
  const partitions = [{ partitionIndex: 0, replicas: [1, 2] }];
  const request = { timeoutMs: 1000, topics: [{ name: 'replicated', partitions }] };
  const moved = stage.client.brokers.send('a', AlterPartitionReassignments, 0, request);
  expect((await stage.cluster.settled('it is moved', moved)).responses[0].partitions[0].errorCode).toBe(0);
  stage.cluster.start('c');
  await stage.until('c serves', () => stage.serves('c'));
  expect(foldersOf(stage)).toEqual([expect.stringMatching(/^replicated-0\.[0-9a-f]{32}-stray$/)]);
  await stage.cluster.advance(REMOVED_MS);
  expect(foldersOf(stage)).toEqual([]);
});

test('where the cluster does not know its topic any more it is renamed, and stays', async () => {
  const stage = await withoutC();
  const request = { topicNames: ['replicated'], timeoutMs: 1000 };
  await stage.cluster.settled('it is deleted', stage.client.brokers.send('a', DeleteTopics, 5, request));
  stage.cluster.start('c');
  await stage.until('c serves', () => stage.serves('c'));
  await stage.cluster.advance(REMOVED_MS);
  expect(foldersOf(stage)).toEqual([expect.stringMatching(/-stray$/)]);
});
