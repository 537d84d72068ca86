/** How groups show themselves in DescribeGroups, which knows classic ones only, and ListGroups. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ClassicGroup } from './classic/state.ts';
import { metadataFor, NO_BYTES } from './classic/state.ts';
import { flatMapInPieces, type Pieces } from '../platform/pieces.ts';
import type { Group } from './group.ts';
import { inOrder, type GroupMap } from './group-map.ts';
import { rulesOf } from './kinds.ts';

/** Named as in DescribeGroupsResponse. */
export interface DescribedGroup {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly protocolType: string;
  readonly protocolData: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    readonly memberMetadata: Uint8Array;
    readonly memberAssignment: Uint8Array;
  }[];
}

/** Named as in ListGroupsResponse. */
export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly groupState: string;
  readonly groupType: string;
}

export interface ListedGroups {
  readonly errorCode: number;
  readonly groups: readonly ListedGroup[];
}

/** Which protocol was chosen, and the members' metadata for it, are told of a stable group only. */
export function describeGroup(group: ClassicGroup): DescribedGroup {
  const stable = group.state === 'Stable';
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: stable ? (group.protocolName ?? '') : '',
    members: Array.from(group.members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: stable ? metadataFor(member, group.protocolName) : NO_BYTES,
      memberAssignment: member.assignment,
    })),
  };
}

/** A group that cannot be described: of an unknown one Kafka says that it is dead. */
export function undescribedGroup(groupId: string, errorCode: number, errorMessage: string | null): DescribedGroup {
  const groupState = errorCode === ErrorCode.GROUP_ID_NOT_FOUND ? 'Dead' : '';
  return { errorCode, errorMessage, groupId, groupState, protocolType: '', protocolData: '', members: [] };
}

/** Of all partitions, in the order in which they were made. Empty filters let every group through; letter case does not matter. */
export function listGroups(
  partitions: readonly GroupMap[],
  statesFilter: readonly string[],
  typesFilter: readonly string[],
): Pieces<ListedGroup[]> {
  return flatMapInPieces(inOrder(partitions), (group) => {
    const listed = listGroup(group, statesFilter, typesFilter);
    return listed === null ? [] : [listed];
  });
}

function listGroup(group: Group, statesFilter: readonly string[], typesFilter: readonly string[]): ListedGroup | null {
  const { groupId, type: groupType } = group;
  const listed: ListedGroup = { groupId, groupType, ...rulesOf(group).list(group) };
  // Kafka forgives spaces around the name of a state, not around that of a type.
  const states = statesFilter.map((state) => state.trim());
  return passes(listed.groupState, states) && passes(listed.groupType, typesFilter) ? listed : null;
}

function passes(word: string, filter: readonly string[]): boolean {
  return filter.length === 0 || filter.some((allowed) => allowed.toLowerCase() === word.toLowerCase());
}
