/** What the coordinator does for share groups alone: their heartbeats, offsets, and the states behind these. */
import { ErrorCode, errorMessage } from '../../../protocol/errors.ts';
import type { ServerConfig } from '../../config/server.ts';
import type { Answer } from '../../coordination/answers.ts';
import { andThen } from '../../coordination/answers.ts';
import type { GroupShard } from '../group-partition.ts';
import type { RunnerHost } from '../group-runner.ts';
import type { Pieces } from '../../platform/pieces.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { noCoordinator } from '../modern/refusal.ts';
import type { DescribedShareGroup } from './describe.ts';
import { describeShareGroup, undescribedShareGroup } from './describe.ts';
import type { AlteredOffsets, AlteredTopic, DeletedShareOffsets, DescribedOffsets } from './offsets.ts';
import type { EndOffset, OffsetsTopic } from './offsets.ts';
import { ShareOffsets } from './offsets.ts';
import type { ShareHeartbeat, ShareHeartbeatResponse } from './request.ts';
import type { ShareGroupRunner } from './runner.ts';
import type { ShareGroup } from './state.ts';
import { isShareGroup } from './state.ts';

interface ShareGroupsOptions {
  readonly config: Pick<ServerConfig, 'group.share.assignors'>;
  readonly endOffset: EndOffset;
}

export class ShareGroups {
  readonly #host: RunnerHost;
  readonly #runner: ShareGroupRunner;
  readonly #find: (groupId: string) => GroupShard | number;
  readonly #options: ShareGroupsOptions;
  readonly #offsets: ShareOffsets;

  /** `find` answers where the group lives, or what a client is told when that is not here. */
  constructor(
    host: RunnerHost,
    runner: ShareGroupRunner,
    find: (groupId: string) => GroupShard | number,
    options: ShareGroupsOptions,
  ) {
    this.#host = host;
    this.#runner = runner;
    this.#find = find;
    this.#options = options;
    this.#offsets = new ShareOffsets(host, runner.states, options.endOffset);
  }

  /** ShareGroupHeartbeat; the request is in order by itself. */
  heartbeat(
    groupId: string,
    request: ShareHeartbeat,
    connectionId: number,
  ): Answer<ShareHeartbeatResponse | GroupRefusal> {
    const shard = this.#find(groupId);
    if (typeof shard === 'number') return noCoordinator(shard);
    const answer = this.#runner.shareHeartbeat(shard, groupId, request, connectionId);
    return shard.answer(answer, noCoordinator);
  }

  /** As this coordinator knows it now: pass it through `whenCommitted` before a client is told. */
  describe(groupId: string): DescribedShareGroup {
    if (groupId === '') return undescribedShareGroup(groupId, ErrorCode.INVALID_GROUP_ID, 'The group has no name.');
    const shard = this.#find(groupId);
    if (typeof shard === 'number') return undescribedShareGroup(groupId, shard, null);
    const group = shard.state.groups.get(groupId);
    if (isShareGroup(group)) {
      return describeShareGroup(group, this.#host.topics(), this.#options.config['group.share.assignors'][0]);
    }
    const why = group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a share group.`;
    return undescribedShareGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, why);
  }

  /** DescribeShareGroupOffsets of one group; null topics: all. */
  *describeOffsets(groupId: string, topics: readonly OffsetsTopic[] | null): Pieces<Answer<DescribedOffsets>> {
    const refuse = (errorCode: number): DescribedOffsets => ({
      groupId,
      topics: [],
      errorCode,
      errorMessage: errorMessage(errorCode),
    });
    const shard = this.#find(groupId);
    if (typeof shard === 'number') return refuse(shard);
    const described = yield* this.#offsets.describe(groupId, shard.state.groups.get(groupId), topics);
    return andThen(described, (answer) => shard.answer(answer, refuse));
  }

  *alterOffsets(groupId: string, topics: readonly AlteredTopic[]): Pieces<Answer<AlteredOffsets>> {
    const refuse = (errorCode: number): AlteredOffsets => ({
      errorCode,
      errorMessage: errorMessage(errorCode),
      responses: [],
    });
    const shard = groupId === '' ? ErrorCode.INVALID_GROUP_ID : this.#find(groupId);
    if (typeof shard === 'number') return refuse(shard);
    const altered = yield* this.#offsets.alter(shard, groupId, topics);
    return andThen(altered, (answer) => shard.answer(answer, refuse));
  }

  deleteOffsets(groupId: string, topicNames: readonly string[]): Answer<DeletedShareOffsets> {
    const refuse = (errorCode: number): DeletedShareOffsets => ({
      errorCode,
      errorMessage: errorMessage(errorCode),
      responses: [],
    });
    const shard = groupId === '' ? ErrorCode.INVALID_GROUP_ID : this.#find(groupId);
    if (typeof shard === 'number') return refuse(shard);
    const deleted = this.#offsets.delete(shard, groupId, topicNames);
    return andThen(deleted, (answer) => shard.answer(answer, refuse));
  }

  /** The states of its partitions go before the group itself, which could not find them again. NONE, or why it is still there. */
  remove(shard: GroupShard, group: ShareGroup, removeGroup: () => number): Answer<number> {
    return andThen(this.#runner.forgetStates(shard, group), (errorCode) => {
      if (errorCode !== ErrorCode.NONE) return errorCode;
      if (shard.state.groups.get(group.groupId) !== group) return shard.answer(ErrorCode.NONE, itself);
      if (group.members.size > 0) return ErrorCode.NON_EMPTY_GROUP;
      return shard.answer(removeGroup(), itself);
    });
  }

  topicsDeleted(shard: GroupShard, topics: readonly { readonly id: string }[]): void {
    for (const group of shard.state.groups.values()) {
      if (isShareGroup(group)) this.#runner.topicsDeleted(shard, group, topics);
    }
  }
}

function itself(errorCode: number): number {
  return errorCode;
}
