/**
 * The assignor of share groups (KIP-932): evenly first, and as before where that is even. Where members outnumber partitions,
 * partitions are shared. It assigns only partitions that have state, so it is given partitions, not their number.
 */
import type { Assignment } from '../modern/assignment.ts';
import type { AssignedMember, MutableAssignment } from './assignor.ts';
import { add, compareText, isUniform } from './assignor.ts';

/** The partitions of a topic that may be assigned, in ascending order. */
export type Assignable = (topicId: string) => readonly number[];

/** One partition of one topic, and how many members have it. */
interface Shared {
  readonly topicId: string;
  readonly partition: number;
  sharers: number;
}

interface Reader {
  readonly member: AssignedMember;
  /** How many partitions it gets. */
  readonly quota: number;
  readonly has: Set<Shared>;
}

/** By member id; every member is in it. The same input gives the same output, whatever the order of the members. */
export function simple(members: readonly AssignedMember[], assignable: Assignable): Map<string, Assignment> {
  const sorted = [...members].sort((a, b) => compareText(a.memberId, b.memberId));
  const assignments = new Map<string, MutableAssignment>(sorted.map(({ memberId }) => [memberId, new Map()]));
  const give = (readers: readonly AssignedMember[], topicIds: readonly string[]): void => {
    for (const { member, has } of spread(readers, topicIds, assignable)) {
      const assignment = assignments.get(member.memberId) as MutableAssignment;
      for (const { topicId, partition } of has) add(assignment, topicId, partition);
    }
  };
  if (isUniform(sorted)) give(sorted, [...(sorted[0]?.topicIds ?? [])].sort(compareText));
  else for (const [topicId, readers] of readersOf(sorted)) give(readers, [topicId]);
  return assignments;
}

/** Members that read different topics share each topic by itself. */
function readersOf(members: readonly AssignedMember[]): Map<string, AssignedMember[]> {
  const readers = new Map<string, AssignedMember[]>();
  for (const member of members) {
    for (const topicId of member.topicIds) {
      const others = readers.get(topicId);
      if (others === undefined) readers.set(topicId, [member]);
      else others.push(member);
    }
  }
  return readers;
}

function spread(members: readonly AssignedMember[], topicIds: readonly string[], assignable: Assignable): Reader[] {
  const partitions = topicIds.flatMap((topicId) =>
    assignable(topicId).map((partition): Shared => ({ topicId, partition, sharers: 0 })),
  );
  const most = partitions.length === 0 ? 0 : Math.max(1, Math.ceil(members.length / partitions.length));
  const quotas = quotasOf(members.length, partitions.length * most);
  const readers = members.map((member, i): Reader => ({ member, quota: quotas[i], has: new Set() }));
  keep(readers, partitions, most);
  fill(readers, partitions, most);
  return readers;
}

/** How many partitions each member gets: none more than one more than another. */
function quotasOf(members: number, total: number): number[] {
  const upTo = (i: number): number => Math.ceil((total * i) / members);
  return Array.from({ length: members }, (_, i) => upTo(i + 1) - upTo(i));
}

/** What each member has already, as far as that is its part: first what no other member has. */
function keep(readers: readonly Reader[], partitions: readonly Shared[], most: number): void {
  const holders = new Map<Shared, number>();
  const held = readers.map(({ member }) => {
    if (member.assigned.size === 0) return [];
    const own = partitions.filter(({ topicId, partition }) => member.assigned.get(topicId)?.has(partition));
    for (const each of own) holders.set(each, (holders.get(each) ?? 0) + 1);
    return own;
  });
  for (const [i, { has, quota }] of readers.entries()) {
    for (const each of held[i].sort((a, b) => (holders.get(a) ?? 0) - (holders.get(b) ?? 0))) {
      if (has.size === quota) break;
      if (each.sharers === most) continue;
      has.add(each);
      each.sharers++;
    }
  }
}

/** Gives each member the rest of its part: partitions that nobody has first, then those with fewest sharers. */
function fill(readers: readonly Reader[], partitions: readonly Shared[], most: number): void {
  const open: Shared[] = [];
  for (let sharers = 0; sharers < most; sharers++) {
    for (const each of partitions) if (each.sharers <= sharers) open.push(each);
  }
  let from = 0;
  for (const reader of readers) {
    for (let at = from; at < open.length && reader.has.size < reader.quota; at++) {
      if (reader.has.has(open[at])) continue;
      take(reader, open[at]);
      // Those before it are this member's own already: they stay for the next.
      [open[from], open[at]] = [open[at], open[from]];
      from++;
    }
  }
  for (const reader of readers) {
    for (; reader.has.size < reader.quota && from < open.length; from++) exchange(reader, open[from], readers);
  }
}

function take({ has }: Reader, partition: Shared): void {
  has.add(partition);
  partition.sharers++;
}

/** What is left over is what the member has already: another takes it, and gives the member one of its own. */
function exchange(reader: Reader, left: Shared, readers: readonly Reader[]): void {
  for (const other of readers) {
    if (other.has.has(left)) continue;
    for (const each of other.has) {
      if (reader.has.has(each)) continue;
      other.has.delete(each);
      reader.has.add(each);
      take(other, left);
      return;
    }
  }
}
