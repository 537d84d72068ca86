/** Acknowledgements of share consumers in faults: which offsets a request acknowledges, and how some partitions of it are refused. */
import type { Body, Spoken, TopicNames } from './request-parts.ts';

interface Acknowledging {
  readonly topics: readonly {
    readonly topicId: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly acknowledgementBatches: readonly { readonly firstOffset: number; readonly lastOffset: number }[];
    }[];
  }[];
}

const ACKNOWLEDGING: ReadonlySet<string> = new Set(['ShareFetch', 'ShareAcknowledge']);

/** Whether the request acknowledges the offset, in one of the partitions that are meant. */
export function acknowledges(
  api: string,
  request: unknown,
  offset: number,
  names: TopicNames,
  isMeant: (spoken: Spoken) => boolean,
): boolean {
  if (!ACKNOWLEDGING.has(api)) return false;
  return (request as Acknowledging).topics.some(({ topicId, partitions }) =>
    partitions.some(
      ({ partitionIndex: partition, acknowledgementBatches }) =>
        isMeant({ topic: names(topicId) ?? topicId, partition }) &&
        acknowledgementBatches.some(({ firstOffset, lastOffset }) => firstOffset <= offset && offset <= lastOffset),
    ),
  );
}

/** The response of ShareAcknowledge to a request all of whose partitions get the error, and the request itself none. */
export function refusedAcknowledgements(part: Body, errorCode: number): Body {
  const { topics } = part as unknown as Acknowledging;
  return {
    errorCode: 0,
    responses: topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partitionIndex }) => {
        return { partitionIndex, errorCode, currentLeader: { leaderId: 0, leaderEpoch: 0 } };
      }),
    })),
    nodeEndpoints: [],
  };
}
