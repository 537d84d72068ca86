/** Tells how far groups have read. */
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { ClusterImage } from '../cluster/image.ts';
import { andThen, type Answer } from '../coordination/answers.ts';
import type { GroupCoordinator } from '../groups/coordinator.ts';
import type { FetchedGroup, OffsetFetchRequest } from '../groups/offsets/requests.ts';
import { unknownOffset } from '../groups/offsets/requests.ts';
import type { Parts } from './broker-parts.ts';
import { filterInPieces, flatMapInPieces, mapInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import type { Access } from '../security/access.ts';
import { describe } from '../security/needs.ts';

/** Before, a request is for one group. */
const GROUPS_SINCE = 8;

type Request = RequestOf<typeof OffsetFetch>;
type GroupRequest = Request['groups'][number];
type GroupResponse = NonNullable<ResponseDraft<typeof OffsetFetch>['groups']>[number];

export const offsetFetch = handler(OffsetFetch, {
  needs: ({ groupId }, { apiVersion }) => (apiVersion < GROUPS_SINCE ? describe.group(groupId) : null),
  parts: {
    list: 'groups',
    needs: () => (group) => describe.group(group.groupId),
    refused: ({ groupId }, errorCode) => ({ groupId, errorCode, topics: [] }),
    answers: 'groups',
    place: 'in order',
  },
  byHand: [describe.topic('groups[].topics[].name')],
  handle: (request, { apiVersion, access }, { groups, metadata }: Parts<'metadata' | 'groups'>) => {
    const { requireStable } = request;
    if (apiVersion < GROUPS_SINCE) {
      return whenDone(fetchOne(groups, request, apiVersion, access), (answer) =>
        groups.whenCommitted(request.groupId, answer, (errorCode) => refuseOne(request, errorCode, apiVersion)),
      );
    }
    const fetch = (group: GroupRequest): Pieces<Answer<GroupResponse>> => {
      const { groupId } = group;
      const fetched =
        apiVersion < 10
          ? whenDone(fetchVisible(groups, group, requireStable, access), (one) => withIds(one, () => ZERO_UUID))
          : fetchById(groups, metadata.image, group, requireStable, access);
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
  access: Access | null,
): Pieces<ResponseDraft<typeof OffsetFetch>> {
  const { groupId, topics, requireStable } = request;
  const fetched = yield* fetchVisible(groups, { groupId, topics }, requireStable, access);
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

/** Without the topics that the client may not describe; those that it names are told behind the others. */
function* fetchVisible(
  groups: GroupCoordinator,
  request: OffsetFetchRequest,
  requireStable: boolean,
  access: Access | null,
): Pieces<FetchedGroup> {
  const { topics } = request;
  const isSeen = ({ name }: { readonly name: string }) => refusalOf(access, name) === ErrorCode.NONE;
  if (topics === null) {
    const all = yield* groups.fetchOffsetsInPieces(request, requireStable);
    return access === null ? all : { ...all, topics: yield* filterInPieces(all.topics, isSeen) };
  }
  const hidden = access === null ? [] : yield* filterInPieces(topics, (topic) => !isSeen(topic));
  if (hidden.length === 0) return yield* groups.fetchOffsetsInPieces(request, requireStable);
  const hides = new Set(hidden);
  const seen = topics.filter((topic) => !hides.has(topic));
  const fetched = yield* groups.fetchOffsetsInPieces({ ...request, topics: seen }, requireStable);
  if (fetched.errorCode !== ErrorCode.NONE) return fetched;
  const refused = yield* mapInPieces(hidden, function* ({ name, partitionIndexes }) {
    const one = (index: number) => unknownOffset(index, ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    return { name, partitions: yield* mapInPieces(partitionIndexes, one) };
  });
  return { ...fetched, topics: fetched.topics.concat(refused) };
}

function refusalOf(access: Access | null, topic: string): number {
  return access?.errorOf(describe.topic(topic), OffsetFetch.name) ?? ErrorCode.NONE;
}

/** From v10 on (KIP-848) requests and responses have topic ids instead of names. */
function* fetchById(
  groups: GroupCoordinator,
  image: ClusterImage,
  group: GroupRequest,
  requireStable: boolean,
  access: Access | null,
): Pieces<GroupResponse> {
  const { topics } = group;
  const idOf = (name: string): string => image.topicsByName.get(name)?.id ?? ZERO_UUID;
  if (topics === null) {
    const fetched = yield* fetchVisible(groups, { ...group, topics }, requireStable, access);
    // A deleted topic has no id, so the response cannot name it.
    return yield* withIds({ ...fetched, topics: fetched.topics.filter(({ name }) => idOf(name) !== ZERO_UUID) }, idOf);
  }
  const refused: { topicId: string; partitionIndexes: readonly number[]; errorCode: number }[] = [];
  const known = yield* flatMapInPieces(topics, ({ topicId, partitionIndexes }) => {
    const name = image.topicsById.get(topicId)?.name;
    const errorCode = name === undefined ? ErrorCode.UNKNOWN_TOPIC_ID : refusalOf(access, name);
    if (name !== undefined && errorCode === ErrorCode.NONE) return [{ name, partitionIndexes }];
    refused.push({ topicId, partitionIndexes, errorCode });
    return [];
  });
  const fetched = yield* withIds(yield* groups.fetchOffsetsInPieces({ ...group, topics: known }, requireStable), idOf);
  if (fetched.errorCode !== ErrorCode.NONE) return fetched;
  return {
    ...fetched,
    // Those that are there first, in the order of the request, as Kafka has it.
    topics: (fetched.topics ?? []).concat(
      yield* mapInPieces(refused, function* ({ topicId, partitionIndexes, errorCode }) {
        return {
          topicId,
          partitions: yield* mapInPieces(partitionIndexes, (index) => unknownOffset(index, errorCode)),
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
