/** What requests between brokers about the state of share partitions have in common: partitions in topics, a result for each. */
import { andThen, type Answer } from '../coordination/answers.ts';
import type { ShareGroups } from '../share/share-groups.ts';
import type { StatePartitionId } from '../share/share-state.ts';
import type { Parts } from './broker-parts.ts';

export type ShareParts = Parts<'share'>;

interface Topic<P> {
  readonly topicId: string;
  readonly partitions: readonly P[];
}

interface Results<R> {
  results: { topicId: string; partitions: (R & { partition: number })[] }[];
}

/** Asks for all partitions at once, and answers topic by topic as they were asked for. */
export function inTopics<P extends { readonly partition: number }, R extends object>(
  { share }: ShareParts,
  groupId: string,
  topics: readonly Topic<P>[],
  ask: (groups: ShareGroups, partitions: readonly (P & StatePartitionId)[]) => Answer<readonly R[]>,
): Answer<Results<R>> {
  if (groupId === '') return { results: [] }; // as Kafka
  const asked = topics.flatMap(({ topicId, partitions }) => partitions.map((each) => ({ ...each, topicId })));
  const answers = andThen(share.use(), (groups) => ask(groups, asked));
  return andThen(answers, (all) => {
    let next = 0;
    return { results: resultsOf(topics, () => all[next++]) };
  });
}

/** The same result for every partition. */
export function refusedInTopics<P extends { readonly partition: number }, R extends object>(
  topics: readonly Topic<P>[],
  refused: R,
): Results<R> {
  return { results: resultsOf(topics, () => refused) };
}

function resultsOf<P extends { readonly partition: number }, R extends object>(
  topics: readonly Topic<P>[],
  resultOf: () => R,
): Results<R>['results'] {
  return topics.map(({ topicId, partitions }) => ({
    topicId,
    partitions: partitions.map(({ partition }) => ({ ...resultOf(), partition })),
  }));
}
