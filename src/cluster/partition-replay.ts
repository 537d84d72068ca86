/**
 * A partition as records make and change it. An image may have a million of them: what says the same is the same list, and the same
 * text. PURE.
 */
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { BrokerImage, PartitionImage } from './image.ts';
import type { RecordOf } from './metadata-records.ts';
import type { PartitionChange } from './partition-change.ts';

const NOBODY: readonly number[] = Object.freeze([]);
/** Leader -2 stands for "as it was"; naming a leader, even the same one, begins a new epoch. */
const LEADER_UNCHANGED = -2;
const RECOVERY_UNCHANGED = -1;

/** A partition that is made, or as a snapshot has it. */
export function partitionOf(
  record: RecordOf<'PartitionRecord'>,
  brokers: ReadonlyMap<number, BrokerImage>,
): PartitionImage {
  const { directories } = record;
  const replicas = fitting(record.replicas);
  return {
    leader: record.leader,
    leaderEpoch: record.leaderEpoch,
    leaderRecoveryState: record.leaderRecoveryState,
    partitionEpoch: record.partitionEpoch,
    replicas,
    isr: shared(record.isr, replicas),
    elr: shared(record.eligibleLeaderReplicas ?? NOBODY),
    lastKnownElr: shared(record.lastKnownElr ?? NOBODY),
    addingReplicas: shared(record.addingReplicas),
    removingReplicas: shared(record.removingReplicas),
    directories: replicas.map((id, i) => directoryOf(brokers.get(id), directories[i] ?? ZERO_UUID)),
  };
}

/** Most partitions have nobody in most of their lists, and all replicas in sync. */
function shared(brokers: readonly number[], replicas: readonly number[] = NOBODY): readonly number[] {
  if (brokers.length === 0) return NOBODY;
  return isSame(brokers, replicas) ? replicas : fitting(brokers);
}

/** The same list with room for no more: one that has grown element by element, as in a decoder, has room for 17. */
function fitting<T>(list: readonly T[]): readonly T[] {
  return list.slice();
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The same text as the broker's own, where it is one of its directories. */
function directoryOf(broker: BrokerImage | undefined, id: string): string {
  if (id === ZERO_UUID) return ZERO_UUID;
  return broker?.logDirectoryIds.find((each) => each === id) ?? id;
}

/** A partition after a change of it. */
export function changedPartition(old: PartitionImage, change: PartitionChange): PartitionImage {
  const { leader = LEADER_UNCHANGED, leaderRecoveryState: state = RECOVERY_UNCHANGED } = change;
  const isElection = leader !== LEADER_UNCHANGED;
  const replicas = change.replicas ? fitting(change.replicas) : old.replicas;
  return {
    leader: isElection ? leader : old.leader,
    leaderEpoch: isElection ? old.leaderEpoch + 1 : old.leaderEpoch,
    leaderRecoveryState: state === RECOVERY_UNCHANGED ? old.leaderRecoveryState : state,
    partitionEpoch: old.partitionEpoch + 1,
    replicas,
    isr: change.isr ? shared(change.isr, replicas) : old.isr,
    elr: changed(old.elr, change.eligibleLeaderReplicas),
    lastKnownElr: changed(old.lastKnownElr, change.lastKnownElr),
    addingReplicas: changed(old.addingReplicas, change.addingReplicas),
    removingReplicas: changed(old.removingReplicas, change.removingReplicas),
    directories: change.directories ? fitting(change.directories) : old.directories,
  };
}

function changed(old: readonly number[], brokers: readonly number[] | null | undefined): readonly number[] {
  return brokers ? shared(brokers) : old;
}
