/** The assignment in SyncGroup (ConsumerProtocol), written by the broker itself. */
import { messageCodec } from '../../../protocol/compile.ts';
import { NEWEST_CONSUMER_PROTOCOL } from '../../../protocol/topics/consumer-protocol-bytes.ts';
import { ConsumerProtocolAssignment } from '../../../protocol/topics/consumer-protocol.ts';
import { Writer } from '../../../protocol/writer.ts';
import type { GroupTopics } from '../group-topics.ts';
import { readerOf } from '../record-bytes.ts';
import type { TopicPartitions } from '../modern/assignment.ts';

/** In the version of the member's own subscription. Topics that are gone are left out: they have no name any more. */
export function writeAssignment(
  assigned: readonly TopicPartitions[],
  { topicsById }: GroupTopics,
  subscription: Uint8Array | undefined,
): Uint8Array {
  const version =
    subscription === undefined || subscription.length < 2
      ? 0
      : Math.min(Math.max(readerOf(subscription).int16(), 0), NEWEST_CONSUMER_PROTOCOL);
  const writer = new Writer();
  writer.int16(version);
  const assignedPartitions = assigned.flatMap(({ topicId, partitions }) => {
    const topic = topicsById.get(topicId)?.name;
    return topic === undefined ? [] : [{ topic, partitions: [...partitions] }];
  });
  messageCodec(ConsumerProtocolAssignment, version).encode(writer, { assignedPartitions });
  return writer.finish();
}
