/** Whether the topics that a group reads have changed. */
import type { GroupTopics } from '../group-topics.ts';

const PRIME = 0x01000193;

/**
 * A number that is another one when a topic comes, goes or grows; 0n without topics. Only ever compared with what the
 * same code made of an earlier image. Racks do not count: no assignor heeds them, as in Kafka 4.4.
 */
export function metadataHashOf(names: ReadonlySet<string>, topics: GroupTopics): bigint {
  let [high, low] = [0x811c9dc5, 0x9dc5811c];
  let found = false;
  for (const name of [...names].sort()) {
    const topic = topics.topicsByName.get(name);
    if (topic === undefined) continue;
    found = true;
    const text = `${name} ${topic.id} ${topic.partitions.length};`;
    for (let i = 0; i < text.length; i++) {
      high = Math.imul(high ^ text.charCodeAt(i), PRIME);
      low = Math.imul(low ^ text.charCodeAt(text.length - 1 - i), PRIME) ^ (low >>> 15);
    }
  }
  return found ? BigInt.asIntN(64, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) : 0n;
}
