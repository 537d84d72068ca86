/** The subscription in JoinGroup and the assignment in SyncGroup (ConsumerProtocol), read and written by the broker itself. */
import { messageCodec } from '../../../protocol/compile.ts';
import { InvalidRequest } from '../../../protocol/reader.ts';
import type { Values } from '../../../protocol/schema.ts';
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../../../protocol/topics/consumer-protocol.ts';
import { Writer } from '../../../protocol/writer.ts';
import type { GroupTopics } from '../group-topics.ts';
import { readerOf } from '../record-bytes.ts';
import type { TopicPartitions } from '../modern/assignment.ts';

const NEWEST = 3;

export type Subscription = Values<(typeof ConsumerProtocolSubscription)['fields']>;

/** Null where the bytes are something else. */
export function readSubscription(bytes: Uint8Array): Subscription | null {
  return orNull(() => {
    const reader = readerOf(bytes);
    return messageCodec(ConsumerProtocolSubscription, versionOf(reader.int16())).decode(reader);
  });
}

export function readAssignment(bytes: Uint8Array): { topic: string; partitions: number[] }[] | null {
  return orNull(() => {
    const reader = readerOf(bytes);
    return messageCodec(ConsumerProtocolAssignment, versionOf(reader.int16())).decode(reader).assignedPartitions;
  });
}

/** A newer version begins with the fields of the newest one that this broker knows. */
function versionOf(version: number): number {
  if (version < 0) throw new InvalidRequest(`Version ${version} of the consumer protocol's bytes`);
  return Math.min(version, NEWEST);
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidRequest) return null;
    throw error;
  }
}

/** In the version of the member's own subscription. Topics that are gone are left out: they have no name any more. */
export function writeAssignment(
  assigned: readonly TopicPartitions[],
  { topicsById }: GroupTopics,
  subscription: Uint8Array | undefined,
): Uint8Array {
  const version =
    subscription === undefined || subscription.length < 2
      ? 0
      : Math.min(Math.max(readerOf(subscription).int16(), 0), NEWEST);
  const writer = new Writer();
  writer.int16(version);
  const assignedPartitions = assigned.flatMap(({ topicId, partitions }) => {
    const topic = topicsById.get(topicId)?.name;
    return topic === undefined ? [] : [{ topic, partitions: [...partitions] }];
  });
  messageCodec(ConsumerProtocolAssignment, version).encode(writer, { assignedPartitions });
  return writer.finish();
}
