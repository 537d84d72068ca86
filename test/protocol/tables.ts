/** Every table there is, for the tests that hold for all of them. */
import { apis } from '../../protocol/apis/index.ts';
import * as control from '../../protocol/control.ts';
import { metadataRecords } from '../../protocol/metadata/index.ts';
import * as principal from '../../protocol/principal.ts';
import * as producerSnapshot from '../../protocol/producer-snapshot.ts';
import type { AnyMessage } from '../../protocol/schema.ts';
import * as consumerProtocol from '../../protocol/topics/consumer-protocol.ts';
import { groupRecords, shareRecords, transactionRecords } from '../../protocol/topics/index.ts';

export const apiMessages: readonly AnyMessage[] = apis.flatMap((api) => [api.request, api.response]);

export const recordMessages: readonly AnyMessage[] = [
  ...[groupRecords, transactionRecords, shareRecords].flat().flatMap(({ key, value }) => [key, value]),
  ...metadataRecords,
  ...Object.values({ ...control, ...principal, ...producerSnapshot, ...consumerProtocol }),
];

export const messages: readonly AnyMessage[] = [...apiMessages, ...recordMessages];

export function versionsOf({ versions }: AnyMessage): number[] {
  return Array.from({ length: versions.last - versions.first + 1 }, (_, i) => versions.first + i);
}
