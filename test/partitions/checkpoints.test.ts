/** What checkpoints on the disk say of partitions that come and go. */
import { expect, test } from 'vitest';
import { DIRECTORY, PartitionsFixture, topicId } from './partitions-fixture.ts';

test('a topic that is made again has what was noted of all its partitions before forgotten at once', () => {
  const fixture = new PartitionsFixture();
  const count = 50;
  fixture.apply('orders', topicId(0), count);
  fixture.apply('others', topicId(1));
  fixture.produceValues(fixture.partition('others'), 'kept');
  fixture.partitions.settle();
  fixture.partitions.flush();
  fixture.partitions.checkpoint();
  fixture.partitions.checkpointHighWatermarks();
  for (const _ of fixture.partitions.delete(topicId(0)));
  const written: string[] = [];
  fixture.files.before = (operation, path) => {
    if (operation === 'replace' && path.endsWith('-offset-checkpoint')) written.push(path.slice(DIRECTORY.length + 1));
  };
  fixture.apply('orders', topicId(2), count);
  expect(written).toEqual(['recovery-point-offset-checkpoint', 'replication-offset-checkpoint']);
  for (const name of written) {
    const text = fixture.files.readAll(`${DIRECTORY}/${name}`).toString();
    expect(text).toBe('0\n1\nothers 0 1\n');
  }
});
