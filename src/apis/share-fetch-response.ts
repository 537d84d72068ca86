/** Writes ShareFetch's response by hand: records go from their file into the output without passing through an object. */
import { ErrorCode, errorMessageOrNull } from '../../protocol/errors.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { ClusterImage } from '../cluster/image.ts';
import type { PartitionAnswer, ShareAnswer } from '../share/share-fetch.ts';
import type { Streamed } from './handler.ts';
import { RecordRanges } from './record-ranges.ts';
import { byTopic, currentLeaderOf, nodeEndpointsOf } from './share-request.ts';

export interface ToldShareFetch {
  readonly answer: ShareAnswer;
  /** For partitions that others lead: who, and the listener by which the client came. */
  readonly image: ClusterImage;
  readonly listener: string;
}

export function writeShareFetchResponse(
  output: Writer,
  { answer, image, listener }: ToldShareFetch,
): Streamed | undefined {
  const { partitions } = answer;
  const records = new RecordRanges(output, totalLength(partitions));
  output.int32(0); // throttleTimeMs
  output.int16(answer.errorCode);
  output.compactNullableString(null);
  output.int32(answer.lockMs);
  const topics = byTopic(partitions);
  output.unsignedVarint(topics.size + 1);
  for (const [topicId, all] of topics) {
    output.uuid(topicId);
    output.unsignedVarint(all.length + 1);
    for (const one of all) writePartition(output, one, image, records);
    output.int8(0);
  }
  const endpoints = nodeEndpointsOf(image, listener, partitions);
  output.unsignedVarint(endpoints.length + 1);
  for (const { nodeId, host, port, rack } of endpoints) {
    output.int32(nodeId);
    output.compactString(host);
    output.int32(port);
    output.compactNullableString(rack);
    output.int8(0);
  }
  output.int8(0);
  return records.rest();
}

function writePartition(output: Writer, one: PartitionAnswer, image: ClusterImage, ranges: RecordRanges): void {
  const { errorCode, acknowledgeErrorCode, records } = one;
  output.int32(one.partition);
  output.int16(errorCode);
  output.compactNullableString(errorMessageOrNull(errorCode));
  output.int16(acknowledgeErrorCode);
  output.compactNullableString(errorMessageOrNull(acknowledgeErrorCode));
  const moved = errorCode === ErrorCode.NONE ? acknowledgeErrorCode : errorCode;
  const { leaderId, leaderEpoch } = currentLeaderOf(image, one, moved);
  output.int32(leaderId);
  output.int32(leaderEpoch);
  output.int8(0);
  output.unsignedVarint((records?.length ?? 0) + 1);
  if (records !== null) ranges.put(records.file, records.position, records.length);
  const acquired = records?.acquired ?? [];
  output.unsignedVarint(acquired.length + 1);
  for (const { first, last, deliveryCount } of acquired) {
    output.int53(first);
    output.int53(last);
    output.int16(deliveryCount);
    output.int8(0);
  }
  output.int8(0);
}

function totalLength(partitions: readonly PartitionAnswer[]): number {
  let total = 0;
  for (const { records } of partitions) total += records?.length ?? 0;
  return total;
}
