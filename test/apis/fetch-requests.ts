/** Fetches of tests: what is asked, over the wire format, and what an answer has. */
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import type { RequestDraft, ResponseOf } from '../../protocol/schema.ts';
import { fetch } from '../../src/apis/01-fetch.ts';
import { topicId } from '../partitions/partitions-fixture.ts';
import type { PartitionBroker } from './partition-broker.ts';

export type FetchDraft = RequestDraft<typeof Fetch>;
export type Fetched = ResponseOf<typeof Fetch>;

/** Of topic 'orders', whose id is the first, or of another one, whose is the second; by name or by id as the version has it. */
export interface Wanted {
  topic?: string;
  partition?: number;
  fetchOffset?: number;
  partitionMaxBytes?: number;
  currentLeaderEpoch?: number;
}

export function sendFetch(
  broker: PartitionBroker,
  wanted: readonly Wanted[],
  more: Partial<FetchDraft> = {},
  version = 11,
): Promise<Fetched> {
  const topics = wanted.map(({ topic = 'orders', ...one }) => ({
    topic,
    topicId: topicId(topic === 'orders' ? 0 : 1),
    partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20, ...one }],
  }));
  return broker.send(fetch, Fetch, version, { maxWaitMs: 500, minBytes: 1, topics, ...more });
}

/** Follows a promise without waiting for it. */
export function watch(promise: Promise<Fetched>): { answer: Fetched | null } {
  const watched: { answer: Fetched | null } = { answer: null };
  void promise.then((answer) => (watched.answer = answer));
  return watched;
}

export function valuesIn({ responses }: Fetched): string[] {
  return responses.flatMap(({ partitions }) =>
    partitions.flatMap(({ records }) =>
      [...batches(records as Buffer)].flatMap((at) =>
        decodeBatch(records as Buffer, at).records.map(({ value }) => String(value)),
      ),
    ),
  );
}
