/**
 * What becomes of a partition when its brokers come and go: who is in sync, who leads, who may lead when nobody is in sync
 * (KIP-966). PURE, and the only place that decides it.
 *
 *     who leads:  the leader it has ─▶ another of the ISR ─▶ of the ELR, where the ISR is empty ─▶ the last known leader ─▶
 *                 where unclean elections are allowed, any replica ─▶ nobody
 *
 * The leader epoch rises with every leader and with every replica that is taken away, and stays when the ISR shrinks; the
 * partition epoch rises with every change.
 */
import { ZERO_UUID } from '../../protocol/schema.ts';
import { LeaderRecoveryState, type PartitionImage } from './image.ts';
import type { DraftOf } from './metadata-records.ts';

export const NO_LEADER = -1;

/** 'preferred': the first replica, where it can lead. 'online': any that lost nothing. 'unclean': if need be any. */
export type ElectionKind = 'online' | 'preferred' | 'unclean';

export interface PartitionRules {
  /** Whether eligible.leader.replicas.version is in force. */
  readonly hasElr: boolean;
  /** min.insync.replicas, and no more than the topic has replicas. */
  readonly minIsr: number;
  readonly election: ElectionKind;
  /** Whether a broker may lead a partition, or be in sync: it is not fenced, does not stop, and its directory is online. */
  isAcceptable(brokerId: number, partition: PartitionImage): boolean;
}

/** What is asked for; what is left out stays. */
export interface PartitionTarget {
  readonly isr?: readonly number[];
  readonly replicas?: readonly number[];
  readonly addingReplicas?: readonly number[];
  readonly removingReplicas?: readonly number[];
  readonly leaderRecoveryState?: number;
  /** Replicas whose broker may have lost what it had: they are eligible no more. */
  readonly lost?: readonly number[];
  /** Of replicas that are new, or move: by broker. */
  readonly directories?: ReadonlyMap<number, string>;
}

export type PartitionChange = Omit<DraftOf<'PartitionChangeRecord'>, 'type' | 'topicId' | 'partitionId'>;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The partition as it is to be, before and after its leader is found. */
interface Next {
  isr: readonly number[];
  elr: readonly number[];
  replicas: readonly number[];
  addingReplicas: readonly number[];
  removingReplicas: readonly number[];
}

/** Null where nothing changes. */
export function changeOfPartition(
  partition: PartitionImage,
  target: PartitionTarget,
  rules: PartitionRules,
): PartitionChange | null {
  const next = nextOf(partition, target, rules);
  const change: Writable<PartitionChange> = {};
  const leader = elect(partition, next, rules);
  if (leader !== partition.leader) {
    change.leader = leader;
    const isClean = leader === NO_LEADER || mayLead(leader, partition, next, rules);
    if (next.elr.includes(leader)) {
      next.isr = [leader];
      next.elr = without(next.elr, [leader]);
    }
    if (!isClean) becomeUnclean(change, partition, next, leader);
  } else if (next.replicas !== partition.replicas && !partition.replicas.every((id) => next.replicas.includes(id))) {
    change.leader = leader; // the epoch rises: a replica that is taken away is fenced with it
  }
  if (!same(next.elr, partition.elr)) change.eligibleLeaderReplicas = next.elr;
  const mayBeEmpty = rules.hasElr || next.isr.length > 0;
  if (mayBeEmpty && !same(next.isr, partition.isr)) change.isr = next.isr;
  if (rules.hasElr) noteLastLeader(change, partition);
  assign(change, partition, next, target.directories);
  const { leaderRecoveryState: state = partition.leaderRecoveryState } = target;
  if (state !== partition.leaderRecoveryState) change.leaderRecoveryState = state;
  return isEmpty(change) ? null : change;
}

function isEmpty(change: PartitionChange): boolean {
  for (const _key in change) return false;
  return true;
}

function nextOf(partition: PartitionImage, target: PartitionTarget, rules: PartitionRules): Next {
  const next: Next = {
    isr: target.isr ?? partition.isr,
    elr: partition.elr,
    replicas: target.replicas ?? partition.replicas,
    addingReplicas: target.addingReplicas ?? partition.addingReplicas,
    removingReplicas: target.removingReplicas ?? partition.removingReplicas,
  };
  completeReassignment(next);
  next.elr = rules.hasElr ? eligible(partition, next, target.lost ?? [], rules.minIsr) : [];
  return next;
}

/** A reassignment is over when all that were added are in sync (KIP-455); where there are fewer afterwards, when all that stay are. */
function completeReassignment(next: Next): void {
  const { addingReplicas: adding, removingReplicas: removing } = next;
  if (adding.length + removing.length === 0) return;
  const replicas = without(next.replicas, removing);
  const isr = without(next.isr, removing);
  const isFactorKept = adding.length >= removing.length;
  if (replicas.length === 0 || isr.length === 0) return;
  if (!(isFactorKept ? adding : replicas).every((id) => isr.includes(id))) return;
  Object.assign(next, { replicas, isr, addingReplicas: [], removingReplicas: [] });
}

/** Those who leave the ISR have all that was committed as long as the ISR stays below min.insync.replicas: nothing is since. */
function eligible(partition: PartitionImage, next: Next, lost: readonly number[], minIsr: number): readonly number[] {
  if (next.isr.length >= minIsr) return [];
  const isOut = (id: number): boolean => !next.isr.includes(id) && !lost.includes(id);
  const outOfSync = partition.isr.filter(isOut);
  if (partition.elr.length === 0 && outOfSync.length <= 1) return outOfSync; // as mostly
  return [...new Set([...partition.elr.filter(isOut), ...outOfSync])].sort((a, b) => a - b);
}

/** Without losing anything: it is in sync, or has all that those had who were. */
function mayLead(id: number, partition: PartitionImage, { isr, elr }: Next, rules: PartitionRules): boolean {
  return (isr.includes(id) || (isr.length === 0 && elr.includes(id))) && rules.isAcceptable(id, partition);
}

/** NO_LEADER where nobody may. */
function elect(partition: PartitionImage, next: Next, rules: PartitionRules): number {
  const { replicas, isr, elr } = next;
  const isPreferred = rules.election === 'preferred' && mayLead(replicas[0], partition, next, rules);
  const first = isPreferred ? replicas[0] : partition.leader;
  if (mayLead(first, partition, next, rules)) return first;
  for (const id of replicas) if (mayLead(id, partition, next, rules)) return id;
  const [lastLeader] = partition.lastKnownElr;
  const mayBeLast = rules.hasElr && isr.length + elr.length === 0 && partition.lastKnownElr.length === 1;
  if (mayBeLast && rules.isAcceptable(lastLeader, partition)) return lastLeader;
  if (rules.election !== 'unclean') return NO_LEADER;
  return replicas.find((id) => rules.isAcceptable(id, partition)) ?? NO_LEADER;
}

/** What it has is what counts from now on, although others may have had more. */
function becomeUnclean(change: Writable<PartitionChange>, partition: PartitionImage, next: Next, leader: number): void {
  next.isr = [leader];
  next.elr = [];
  change.isr = [leader];
  if (partition.leaderRecoveryState === LeaderRecoveryState.recovering) return;
  change.leaderRecoveryState = LeaderRecoveryState.recovering;
}

/** `lastKnownElr` holds the leader that was lost last, until there is a leader again. */
function noteLastLeader(change: Writable<PartitionChange>, { leader, lastKnownElr }: PartitionImage): void {
  if ((change.leader ?? leader) !== NO_LEADER) {
    if (lastKnownElr.length > 0) change.lastKnownElr = [];
  } else if (leader !== NO_LEADER && !same(lastKnownElr, [leader])) {
    change.lastKnownElr = [leader];
  }
}

function assign(
  change: Writable<PartitionChange>,
  partition: PartitionImage,
  next: Next,
  directoryOf: ReadonlyMap<number, string> | undefined,
): void {
  if (next.replicas !== partition.replicas || directoryOf !== undefined) {
    const directories = next.replicas.map((id) => {
      const at = partition.replicas.indexOf(id);
      return directoryOf?.get(id) ?? (at < 0 ? ZERO_UUID : partition.directories[at]);
    });
    if (!same(directories, partition.directories)) change.directories = directories;
  }
  if (!same(next.replicas, partition.replicas)) change.replicas = next.replicas;
  if (!same(next.removingReplicas, partition.removingReplicas)) change.removingReplicas = next.removingReplicas;
  if (!same(next.addingReplicas, partition.addingReplicas)) change.addingReplicas = next.addingReplicas;
}

function without(ids: readonly number[], gone: readonly number[]): number[] {
  return ids.filter((id) => !gone.includes(id));
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
