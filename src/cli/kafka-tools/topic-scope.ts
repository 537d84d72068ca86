/** --topic name, or name:0,1: a topic and which of its partitions. */
import { UsageError } from '../usage.ts';

export interface TopicScope {
  readonly topic: string;
  /** null: all of them. */
  readonly partitions: readonly number[] | null;
}

/** @throws {UsageError} */
export function parseScope(text: string): TopicScope {
  const [topic, some, ...more] = text.split(':');
  if (topic === '' || more.length > 0) throw new UsageError(`--topic ${text}: write NAME, or NAME:0,1`);
  if (some === undefined) return { topic, partitions: null };
  const partitions = some.split(',').map((each) => {
    if (/^\d{1,9}$/.test(each)) return Number(each);
    throw new UsageError(`Invalid partition '${each}' specified in topic arg '${text}'`);
  });
  return { topic, partitions };
}
