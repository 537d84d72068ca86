/** What the coordinator asks of a kind of group without changing anything. Pure; like Kafka's interface Group. */
import type { Group } from './group.ts';
import type { GroupRecord } from './group-record.ts';
import type { GroupTopics } from './group-topics.ts';
import type { CommittedOffset } from './offsets/group-offsets.ts';
import type { OffsetCommitRequest } from './offsets/requests.ts';

/** All checks answer NONE, or why the request is refused as a whole. */
export interface GroupRules<G extends Group = Group> {
  /** No member, and none on its way. */
  isEmpty(group: G): boolean;
  /** Whether members read the topic: its offsets are in use then. */
  isInUse(group: G, topic: string): boolean;
  /** Whether a member of another protocol that joins may have a group of its own kind in this one's place. */
  mayBeReplaced(group: G): boolean;
  /** Whether it is deleted when it has neither members nor offsets (Kafka's shouldExpire). */
  expires(group: G): boolean;
  checkCommit(group: G, request: OffsetCommitRequest, topics: GroupTopics): number;
  /** The same within a transaction, which keeps other producers out by its own epoch. */
  checkTransactionalCommit(group: G, request: OffsetCommitRequest, topics: GroupTopics): number;
  /** `memberId` is null and the epoch -1 where the client does not say who it is. */
  checkFetch(group: G, memberId: string | null, memberEpoch: number): number;
  checkOffsetDelete(group: G): number;
  checkDelete(group: G): number;
  /** From when on the retention of an offset counts; null while no offset of the group expires (KIP-211). */
  expiryBase(group: G): ((committed: CommittedOffset) => number) | null;
  /** For ListGroups. */
  list(group: G): { readonly protocolType: string; readonly groupState: string };
  /** Every trace of the group but its offsets. */
  tombstones(group: G): GroupRecord[];
}
