/** An image is what Apache Kafka 4.4 makes of the same records: kafka/Images.java was given story.hex, and wrote its snapshot. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Reader } from '../../protocol/reader.ts';
import { emptyImage, type ClusterImage } from '../../src/cluster/image.ts';
import { replay } from '../../src/cluster/image-replay.ts';
import { readRecord, type MetadataRecord } from '../../src/cluster/metadata-records.ts';

function recordsOf(file: string): MetadataRecord[] {
  const text = readFileSync(join(import.meta.dirname, 'kafka', file), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => readRecord(new Reader(Buffer.from(line, 'hex'))));
}

/** Kafka keeps kraft.version elsewhere: in control records of the log. Its snapshot has topics in another order. */
function comparable(image: ClusterImage): ClusterImage {
  const features = new Map([...image.features].filter(([name]) => name !== 'kraft.version'));
  return { ...image, features, topicsByName: new Map(image.topicsByName) };
}

test("a cluster's life ends in the same image as in Apache Kafka", () => {
  const story = recordsOf('story.hex');
  const ours = replay(emptyImage('c'), story, 0);
  expect(comparable(ours)).toEqual(comparable(replay(emptyImage('c'), recordsOf('story-snapshot.hex'), 0)));
  expect(new Set(story.map(({ type }) => type)).size).toBeGreaterThan(20);
});
