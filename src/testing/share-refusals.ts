/** Acknowledgements of share consumers in faults: which offsets a request acknowledges, and how some partitions of it are refused. */
import { changed, merged, only, type Body, type Spoken, type TopicNames } from './request-parts.ts';

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

/** The error of a partition; undefined where it is served. */
type ErrorOf = (spoken: Spoken) => number | undefined;

/**
 * A ShareFetch without the acknowledgements of partitions that are refused. Its session counts it all the same; where a partition is
 * refused that it acknowledges nothing of, nothing is handed out this time.
 */
export function withoutRefused(request: Body, names: TopicNames, errorOf: ErrorOf): Body {
  let isFetchRefused = false;
  const asked = changed(request, names, (entry, spoken) => {
    if (errorOf(spoken) === undefined || !('acknowledgementBatches' in entry)) return entry;
    if (isEmpty(entry)) isFetchRefused = true;
    return { ...entry, acknowledgementBatches: [] };
  });
  return isFetchRefused ? { ...asked, maxRecords: 0, maxWaitMs: 0 } : asked;
}

/** The response to the request without them, and the errors of the refused ones. */
export function withRefused(response: Body, request: Body, names: TopicNames, errorOf: ErrorOf): Body {
  const served = only(response, names, (spoken) => errorOf(spoken) === undefined);
  const { topics } = only(request, names, (spoken) => errorOf(spoken) !== undefined) as unknown as Acknowledging;
  const responses = topics.map(({ topicId, partitions }) => ({
    topicId,
    partitions: partitions.map((entry) => {
      const { partitionIndex } = entry;
      const errorCode = errorOf({ topic: names(topicId) ?? topicId, partition: partitionIndex })!;
      const codes = isEmpty(entry)
        ? { errorCode, acknowledgeErrorCode: 0 }
        : { errorCode: 0, acknowledgeErrorCode: errorCode };
      const nothing = { currentLeader: { leaderId: 0, leaderEpoch: 0 }, records: Buffer.alloc(0), acquiredRecords: [] };
      return { partitionIndex, ...codes, ...nothing };
    }),
  }));
  return merged(served, { responses });
}

function isEmpty(entry: { readonly acknowledgementBatches?: unknown }): boolean {
  return (entry.acknowledgementBatches as readonly unknown[]).length === 0;
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
