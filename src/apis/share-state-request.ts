/** What requests between brokers about the state of share partitions have in common: partitions in topics, a result for each. */
import { allOf, andThen, type Answer } from '../coordination/answers.ts';
import { finish, flatMapInPieces, mapInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
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

/** Of one request, asked for between two pauses. */
const PARTITIONS_A_PIECE = 100;

/** Asks for the partitions, some at a time, and answers topic by topic as they were asked for. */
export function* inTopics<P extends { readonly partition: number }, R extends object>(
  { share }: ShareParts,
  groupId: string,
  topics: readonly Topic<P>[],
  ask: (groups: ShareGroups, partitions: readonly (P & StatePartitionId)[]) => Answer<readonly R[]>,
): Pieces<Answer<Results<R> | Pieces<Results<R>>>> {
  if (groupId === '') return { results: [] }; // as Kafka
  const asked = yield* flatMapInPieces(topics, ({ topicId, partitions }) =>
    mapInPieces(partitions, (each) => ({ ...each, topicId })),
  );
  const answers: Answer<readonly R[]>[] = [];
  for (let from = 0; from < asked.length; from += PARTITIONS_A_PIECE) {
    const part = asked.slice(from, from + PARTITIONS_A_PIECE);
    answers.push(andThen(share.use(), (groups) => ask(groups, part)));
    yield;
  }
  return andThen(allOf(answers), (all) => {
    let next = 0;
    const resultOf = () => all[Math.floor(next / PARTITIONS_A_PIECE)][next++ % PARTITIONS_A_PIECE];
    return whenDone(resultsOf(topics, resultOf), (results) => ({ results }));
  });
}

/** The same result for every partition. */
export function refusedInTopics<P extends { readonly partition: number }, R extends object>(
  topics: readonly Topic<P>[],
  refused: R,
): Results<R> {
  return { results: finish(resultsOf(topics, () => refused)) };
}

function resultsOf<P extends { readonly partition: number }, R extends object>(
  topics: readonly Topic<P>[],
  resultOf: () => R,
): Pieces<Results<R>['results']> {
  return mapInPieces(topics, ({ topicId, partitions: asked }) =>
    whenDone(
      mapInPieces(asked, ({ partition }) => ({ ...resultOf(), partition })),
      (partitions) => ({ topicId, partitions }),
    ),
  );
}
