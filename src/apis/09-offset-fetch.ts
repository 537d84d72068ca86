/** Tells how far groups have read. */
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { ClusterImage } from '../cluster/image.ts';
import { andThen, type Answer } from '../coordination/answers.ts';
import type { GroupCoordinator } from '../groups/coordinator.ts';
import type { FetchedGroup } from '../groups/offsets/requests.ts';
import { unknownOffset } from '../groups/offsets/requests.ts';
import type { Parts } from './broker-parts.ts';
import { flatMapInPieces, mapInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';

type Request = RequestOf<typeof OffsetFetch>;
type GroupRequest = Request['groups'][number];
type GroupResponse = NonNullable<ResponseDraft<typeof OffsetFetch>['groups']>[number];

export const offsetFetch = handler(OffsetFetch, {
  handle: (request, { apiVersion }, { groups, metadata }: Parts<'metadata' | 'groups'>) => {
    const { requireStable } = request;
    if (apiVersion < 8) {
      return whenDone(fetchOne(groups, request, apiVersion), (answer) =>
        groups.whenCommitted(request.groupId, answer, (errorCode) => refuseOne(request, errorCode, apiVersion)),
      );
    }
    const fetch = (group: GroupRequest): Pieces<Answer<GroupResponse>> => {
      const { groupId } = group;
      const fetched =
        apiVersion < 10
          ? whenDone(groups.fetchOffsetsInPieces(group, requireStable), (one) => withIds(one, () => ZERO_UUID))
          : fetchById(groups, metadata.image, group, requireStable);
      return whenDone(fetched, (answer) =>
        groups.whenCommitted(groupId, answer, (errorCode) => ({ groupId, errorCode, topics: [] })),
      );
    };
    const bytesOf = (group: GroupResponse) => responseBytes(OffsetFetch, apiVersion, { groups: [group] });
    return whenDone(answerEach(request.groups, fetch, bytesOf, allOfGroup), (answer) =>
      andThen(answer, (all) => ({ groups: all })),
    );
  },
  refuse: (request, errorCode) => ({
    ...oldError(errorCode, request),
    groups: request.groups.map(({ groupId }) => ({ groupId, errorCode, topics: [] })),
  }),
});

/** Where all of a group is asked for, the same answers who asks again; where partitions are named, they bound the answer. */
function allOfGroup(group: GroupRequest): unknown {
  const { groupId, memberId, memberEpoch, topics } = group;
  return topics === null ? JSON.stringify([groupId, memberId, memberEpoch]) : group;
}

/** Up to v7: one group. */
function* fetchOne(
  groups: GroupCoordinator,
  request: Request,
  apiVersion: number,
): Pieces<ResponseDraft<typeof OffsetFetch>> {
  const { groupId, topics, requireStable } = request;
  const fetched = yield* groups.fetchOffsetsInPieces({ groupId, topics }, requireStable);
  const { errorCode } = fetched;
  return errorCode === ErrorCode.NONE
    ? { topics: fetched.topics, errorCode }
    : refuseOne(request, errorCode, apiVersion);
}

function refuseOne(request: Request, errorCode: number, apiVersion: number): ResponseDraft<typeof OffsetFetch> {
  return apiVersion < 2 ? oldError(errorCode, request) : { topics: [], errorCode };
}

/** Before v2 the response has no error of the whole group: every partition gets it. */
function oldError(errorCode: number, { topics }: Request): ResponseDraft<typeof OffsetFetch> {
  return {
    errorCode,
    topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partition) => unknownOffset(partition, errorCode)),
    })),
  };
}

/** From v10 on (KIP-848) requests and responses have topic ids instead of names. */
function* fetchById(
  groups: GroupCoordinator,
  image: ClusterImage,
  group: GroupRequest,
  requireStable: boolean,
): Pieces<GroupResponse> {
  const { topics } = group;
  const idOf = (name: string): string => image.topicsByName.get(name)?.id ?? ZERO_UUID;
  if (topics === null) {
    const fetched = yield* groups.fetchOffsetsInPieces({ ...group, topics }, requireStable);
    // A deleted topic has no id, so the response cannot name it.
    return yield* withIds({ ...fetched, topics: fetched.topics.filter(({ name }) => idOf(name) !== ZERO_UUID) }, idOf);
  }
  const known = yield* flatMapInPieces(topics, ({ topicId, partitionIndexes }) => {
    const name = image.topicsById.get(topicId)?.name;
    return name === undefined ? [] : [{ name, partitionIndexes }];
  });
  const fetched = yield* withIds(yield* groups.fetchOffsetsInPieces({ ...group, topics: known }, requireStable), idOf);
  if (fetched.errorCode !== ErrorCode.NONE) return fetched;
  const unknown = topics.filter(({ topicId }) => !image.topicsById.has(topicId));
  return {
    ...fetched,
    // Those that are there first, in the order of the request, as Kafka has it.
    topics: (fetched.topics ?? []).concat(
      yield* mapInPieces(unknown, function* ({ topicId, partitionIndexes }) {
        return {
          topicId,
          partitions: yield* mapInPieces(partitionIndexes, (index) => unknownOffset(index, ErrorCode.UNKNOWN_TOPIC_ID)),
        };
      }),
    ),
  };
}

function withIds(
  { groupId, errorCode, ...fetched }: FetchedGroup,
  idOf: (name: string) => string,
): Pieces<GroupResponse> {
  const named = mapInPieces(fetched.topics, (topic) => ({ ...topic, topicId: idOf(topic.name) }));
  return whenDone(named, (topics) => ({ groupId, errorCode, topics }));
}
