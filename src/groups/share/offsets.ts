/** The offsets of a share group: the start offsets of its partitions, as the share coordinator keeps them (APIs 90 to 92). */
import { ErrorCode, errorMessage, errorMessageOrNull } from '../../../protocol/errors.ts';
import { ZERO_UUID } from '../../../protocol/schema.ts';
import type { Answer } from '../../coordination/answers.ts';
import { allOf, andThen } from '../../coordination/answers.ts';
import type { Pieces } from '../../platform/pieces.ts';
import { eachInPieces, flatMapInPieces, mapInPieces } from '../../platform/pieces.ts';
import type { StateSummary } from '../../share/share-state.ts';
import type { Group } from '../group.ts';
import type { GroupShard } from '../group-partition.ts';
import type { RunnerHost } from '../group-runner.ts';
import { shareRecords } from './records.ts';
import type { ShareStateCalls } from './state-calls.ts';
import { addStates } from './state-partitions.ts';
import type { ShareGroup } from './state.ts';
import { isShareGroup, newShareGroup } from './state.ts';

export interface OffsetsTopic {
  readonly topicName: string;
  readonly partitions: readonly number[];
}

/** Named as in DescribeShareGroupOffsetsResponse. */
export interface DescribedOffset {
  readonly partitionIndex: number;
  /** -1: none yet. */
  readonly startOffset: number;
  readonly leaderEpoch: number;
  /** -1: unknown. */
  readonly lag: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface DescribedOffsets {
  readonly groupId: string;
  readonly topics: readonly {
    readonly topicName: string;
    readonly topicId: string;
    readonly partitions: readonly DescribedOffset[];
  }[];
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** Named as in AlterShareGroupOffsetsRequest. */
export interface AlteredTopic {
  readonly topicName: string;
  readonly partitions: readonly { readonly partitionIndex: number; readonly startOffset: number }[];
}

export interface PartitionOutcome {
  readonly partitionIndex: number;
  errorCode: number;
  errorMessage: string | null;
}

export interface AlteredOffsets {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly responses: readonly {
    readonly topicName: string;
    readonly topicId: string;
    readonly partitions: readonly PartitionOutcome[];
  }[];
}

export interface DeletedShareOffsets {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly responses: readonly {
    readonly topicName: string;
    readonly topicId: string;
    readonly errorCode: number;
    readonly errorMessage: string | null;
  }[];
}

type DescribedTopic = DescribedOffsets['topics'][number];

/** A start offset that the share coordinator is asked for, and what is answered for it. */
interface Altered {
  readonly topicName: string;
  readonly topicId: string;
  readonly partition: number;
  readonly startOffset: number;
  readonly outcome: PartitionOutcome;
}

interface Plan {
  /** Kafka looks at the partitions of topics that are there. */
  readonly hasNegative: boolean;
  readonly altered: readonly Altered[];
  readonly response: AlteredOffsets['responses'][number];
}

/** The end of a partition as consumers see it; -1 where it is unknown here. */
export type EndOffset = (topic: string, partition: number) => Answer<number>;

const OK = { errorCode: ErrorCode.NONE as number, errorMessage: null };
const NOT_THERE = 'No such topic or partition.';
const NEGATIVE = 'A partition has a negative index.';

export class ShareOffsets {
  readonly #host: RunnerHost;
  readonly #states: ShareStateCalls;
  readonly #endOffset: EndOffset;

  constructor(host: RunnerHost, states: ShareStateCalls, endOffset: EndOffset) {
    this.#host = host;
    this.#states = states;
    this.#endOffset = endOffset;
  }

  /** `topics` null: all that have state. Of a group that is none, or none of this kind, every offset is unknown. */
  *describe(
    groupId: string,
    group: Group | undefined,
    topics: readonly OffsetsTopic[] | null,
  ): Pieces<Answer<DescribedOffsets>> {
    const share = isShareGroup(group) ? group : null;
    const asked = topics ?? allTopics(share, this.#host.topics().topicsById);
    const described = yield* mapInPieces(asked, (topic) => this.#describeTopic(groupId, share, topic));
    return andThen(allOf(described), (all) => {
      if (!all.some(hasNegative)) return { groupId, topics: all, ...OK };
      return { groupId, topics: [], errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: NEGATIVE }; // as Kafka
    });
  }

  *#describeTopic(
    groupId: string,
    group: ShareGroup | null,
    { topicName, partitions: asked }: OffsetsTopic,
  ): Pieces<Answer<DescribedTopic>> {
    const topicId = this.#host.topics().topicsByName.get(topicName)?.id ?? ZERO_UUID;
    const known = group?.state.initialized.get(topicId)?.partitions;
    const partitions = new Set<number>();
    yield* eachInPieces(asked, (partition) => void partitions.add(partition));
    const stateful = [...(known ?? [])].filter((partition) => partitions.has(partition));
    const read = stateful.map((partition) => ({ topicId, partition, leaderEpoch: -1 }));
    const summaries = read.length === 0 ? [] : this.#host.shareState.readSummary(groupId, read);
    const offsetsOfKnown = andThen(summaries, (all) => {
      const offsets = stateful.map((partition, i) => this.#offsetOf(topicName, partition, all[i]));
      return allOf(offsets);
    });
    const unknown = yield* flatMapInPieces(partitions, (partition) =>
      known?.has(partition) ? [] : [noOffset(partition)],
    );
    return andThen(offsetsOfKnown, (offsets) => {
      const described = [...offsets, ...unknown].sort((x, y) => x.partitionIndex - y.partitionIndex);
      return { topicName, topicId, partitions: described };
    });
  }

  #offsetOf(topic: string, partitionIndex: number, summary: StateSummary): Answer<DescribedOffset> {
    const { errorCode, errorMessage, startOffset, leaderEpoch, deliveryCompleteCount } = summary;
    if (errorCode !== ErrorCode.NONE) return { ...noOffset(partitionIndex), errorCode, errorMessage };
    const described = { partitionIndex, startOffset, leaderEpoch, lag: -1, errorCode, errorMessage };
    if (startOffset === -1 || deliveryCompleteCount === -1) return described;
    return andThen(this.#endOffset(topic, partitionIndex), (end) =>
      end === -1 ? described : { ...described, lag: end - startOffset - deliveryCompleteCount },
    );
  }

  /** Of a group without members, which is made where there is none. A partition that is named twice is moved once. */
  *alter(shard: GroupShard, groupId: string, topics: readonly AlteredTopic[]): Pieces<Answer<AlteredOffsets>> {
    const refused = refusalOf(groupId, shard.state.groups.get(groupId), true);
    if (refused !== null) return refused;
    const plans = yield* mapInPieces(topics, (topic) => this.#plan(topic));
    if (plans.some((plan) => plan.hasNegative)) {
      return { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: NEGATIVE, responses: [] }; // as Kafka
    }
    const altered = plans.flatMap((plan) => plan.altered);
    // Members may have come between two pieces.
    const group = shard.state.groups.get(groupId);
    const refusal = refusalOf(groupId, group, true);
    if (refusal !== null) return refusal;
    if (altered.length === 0) return { ...OK, responses: plans.map(({ response }) => response) };
    const present = isShareGroup(group) ? group : this.#make(shard, groupId);
    const failed = typeof present === 'number' ? present : this.#recordInitializing(shard, present, altered);
    if (typeof present === 'number' || failed !== ErrorCode.NONE) {
      return { errorCode: failed, errorMessage: errorMessage(failed), responses: [] };
    }
    return andThen(this.#states.initialize(shard, present, altered), (results) => {
      for (const [i, { outcome }] of altered.entries()) {
        outcome.errorCode = results[i].errorCode;
        outcome.errorMessage = results[i].errorMessage;
      }
      return { ...OK, responses: plans.map(({ response }) => response) };
    });
  }

  /** What is asked of one topic, and its answer, which is NONE until the share coordinator says otherwise. */
  *#plan({ topicName, partitions }: AlteredTopic): Pieces<Plan> {
    const topic = this.#host.topics().topicsByName.get(topicName);
    const topicId = topic?.id ?? ZERO_UUID;
    const count = topic?.partitions.length ?? 0;
    const offsets = new Map<number, number>();
    yield* eachInPieces(partitions, ({ partitionIndex, startOffset }) => void offsets.set(partitionIndex, startOffset));
    const altered: Altered[] = [];
    const outcomes = yield* mapInPieces(offsets, ([partitionIndex, startOffset]): PartitionOutcome => {
      if (partitionIndex < 0 || partitionIndex >= count) {
        return { partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: NOT_THERE };
      }
      const outcome: PartitionOutcome = { partitionIndex, errorCode: ErrorCode.NONE, errorMessage: null };
      altered.push({ topicName, topicId, partition: partitionIndex, startOffset, outcome });
      return outcome;
    });
    const hasNegative = topic !== undefined && outcomes.some(({ partitionIndex }) => partitionIndex < 0);
    return { hasNegative, altered, response: { topicName, topicId, partitions: outcomes } };
  }

  /** The new group, or why it cannot be stored. */
  #make(shard: GroupShard, groupId: string): ShareGroup | number {
    const { groupEpoch: epoch, metadataHash } = newShareGroup(groupId);
    const record = shareRecords.epoch(groupId, { epoch, metadataHash });
    const errorCode = this.#host.append(shard, [record]);
    if (errorCode !== ErrorCode.NONE) return errorCode;
    shard.state.replay(record);
    return shard.state.groups.get(groupId) as ShareGroup;
  }

  #recordInitializing(
    shard: GroupShard,
    { groupId, state }: ShareGroup,
    altered: readonly { readonly topicName: string; readonly topicId: string; readonly partition: number }[],
  ): number {
    const record = { type: 'shareState', groupId, value: addStates(state, altered) } as const;
    const errorCode = this.#host.append(shard, [record]);
    if (errorCode === ErrorCode.NONE) shard.state.replay(record);
    return errorCode;
  }

  /** Of a group without members: all states of these topics. */
  delete(shard: GroupShard, groupId: string, topicNames: readonly string[]): Answer<DeletedShareOffsets> {
    const group = shard.state.groups.get(groupId);
    const refusal = refusalOf(groupId, group, false);
    if (refusal !== null) return refusal;
    const { state } = group as ShareGroup;
    const ids = new Map<string, string>();
    for (const topics of [state.initializing, state.initialized]) {
      for (const [topicId, { name }] of topics) ids.set(name, topicId);
    }
    const asked = new Map(
      topicNames.flatMap((name) => (ids.has(name) ? [[ids.get(name) as string, name] as const] : [])),
    );
    return andThen(this.#states.delete(shard, group as ShareGroup, asked), (codes) => ({
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      responses: topicNames.map((topicName) => {
        const topicId = ids.get(topicName);
        if (topicId !== undefined) {
          const errorCode = codes.get(topicId) ?? ErrorCode.NONE;
          return { topicName, topicId, errorCode, errorMessage: errorMessageOrNull(errorCode) };
        }
        const errorMessage = 'The group has no offsets of this topic.';
        return { topicName, topicId: ZERO_UUID, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage };
      }),
    }));
  }
}

function allTopics(
  group: ShareGroup | null,
  topicsById: ReadonlyMap<string, { readonly name: string }>,
): OffsetsTopic[] {
  return Array.from(group?.state.initialized ?? [], ([topicId, { name, partitions }]) => ({
    topicName: topicsById.get(topicId)?.name ?? name,
    partitions: [...partitions].sort((a, b) => a - b),
  }));
}

/** Kafka looks at the partitions of topics that are there. They are in the order of their indexes. */
function hasNegative({ topicId, partitions }: DescribedTopic): boolean {
  return topicId !== ZERO_UUID && partitions.length > 0 && partitions[0].partitionIndex < 0;
}

function noOffset(partitionIndex: number): DescribedOffset {
  return { partitionIndex, startOffset: -1, leaderEpoch: 0, lag: -1, errorCode: ErrorCode.NONE, errorMessage: null };
}

/** Null, or why the offsets of this group stay as they are. */
function refusalOf(groupId: string, group: Group | undefined, mayBeMade: boolean) {
  if (group === undefined && mayBeMade) return null;
  if (!isShareGroup(group)) {
    const errorMessage = `Group ${groupId} ${group === undefined ? 'not found' : 'is not a share group'}.`;
    return { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage, responses: [] };
  }
  if (group.members.size === 0) return null;
  const errorMessage = 'The group has members: stop its consumers first.';
  return { errorCode: ErrorCode.NON_EMPTY_GROUP, errorMessage, responses: [] };
}
