/** What the coordinator does for streams groups alone: their heartbeats and descriptions. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ServerConfig } from '../../config/server.ts';
import type { Answer } from '../../coordination/answers.ts';
import type { GroupShard } from '../group-partition.ts';
import type { GroupTopics } from '../group-topics.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { noCoordinator } from '../modern/refusal.ts';
import type { DescribedStreamsGroup } from './describe.ts';
import { describeStreamsGroup, undescribedStreamsGroup } from './describe.ts';
import type { MemberReads } from './reads.ts';
import { memberReads } from './reads.ts';
import type { StreamsHeartbeat, StreamsHeartbeatResponse } from './request.ts';
import type { StreamsGroupRunner } from './runner.ts';
import { isStreamsGroup } from './state.ts';

interface StreamsGroupsOptions {
  readonly config: Pick<ServerConfig, 'group.streams.assignors'>;
  topics(): GroupTopics;
}

export class StreamsGroups {
  readonly #runner: StreamsGroupRunner;
  readonly #find: (groupId: string) => GroupShard | number;
  readonly #options: StreamsGroupsOptions;

  /** `find` answers where the group lives, or what a client is told when that is not here. */
  constructor(
    runner: StreamsGroupRunner,
    find: (groupId: string) => GroupShard | number,
    options: StreamsGroupsOptions,
  ) {
    this.#runner = runner;
    this.#find = find;
    this.#options = options;
  }

  /** StreamsGroupHeartbeat; the request is in order by itself. */
  heartbeat(
    groupId: string,
    request: StreamsHeartbeat,
    connectionId: number,
  ): Answer<StreamsHeartbeatResponse | GroupRefusal> {
    const shard = this.#find(groupId);
    if (typeof shard === 'number') return noCoordinator(shard);
    return shard.answer(this.#runner.streamsHeartbeat(shard, groupId, request, connectionId), noCoordinator);
  }

  /** As this coordinator knows it now: pass it through `whenCommitted` before a client is told. */
  describe(groupId: string): DescribedStreamsGroup {
    if (groupId === '') return undescribedStreamsGroup(groupId, ErrorCode.INVALID_GROUP_ID, 'The group has no name.');
    const shard = this.#find(groupId);
    if (typeof shard === 'number') return undescribedStreamsGroup(groupId, shard, null);
    const group = shard.state.groups.get(groupId);
    if (isStreamsGroup(group)) return describeStreamsGroup(group, this.#options.config['group.streams.assignors'][0]);
    const why = group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a streams group.`;
    return undescribedStreamsGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, why);
  }

  /** What its members read, for people; [] where there is no such group here. */
  reads(groupId: string): MemberReads[] {
    const shard = this.#find(groupId);
    const group = typeof shard === 'number' ? undefined : shard.state.groups.get(groupId);
    return isStreamsGroup(group) ? memberReads(group, this.#options.topics()) : [];
  }
}
