/** Goes over the groups of a partition, a piece at each turn: forgets what has expired, and what was committed for topics that are gone. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Group } from '../group.ts';
import type { GroupShard } from '../group-partition.ts';
import { rulesOf } from '../kinds.ts';
import type { DeletedTopic } from './expiry.ts';
import { deletedTopicTombstones, expiredOffsets, isUnused } from './expiry.ts';
import type { OffsetRecord } from './records.ts';

/** What is looked at within one piece: about a millisecond. */
const OFFSETS_A_PIECE = 1000;
const GROUPS_A_PIECE = 50;

export interface SweptGroups {
  /** Writes records; NONE, or why nothing was written. */
  write(shard: GroupShard, records: readonly OffsetRecord[]): number;
  /** Takes an unused group out, in the log as well. */
  remove(shard: GroupShard, group: Group): number;
}

export class OffsetSweeps {
  readonly #clock: Clock;
  readonly #groups: SweptGroups;

  constructor(clock: Clock, groups: SweptGroups) {
    this.#clock = clock;
    this.#groups = groups;
  }

  /** Forgets offsets that were kept for `retentionMs`, and groups that have neither offsets nor members. */
  *expire(shard: GroupShard, retentionMs: number): Generator<void> {
    const { groups } = shard.state;
    const piece = new Piece();
    for (const group of groups.values()) {
      const nowMs = this.#clock.now();
      for (const offset of expiredOffsets(shard.state, group, rulesOf(group), nowMs, retentionMs)) {
        piece.looked(offset === null ? null : { type: 'offset', groupId: group.groupId, ...offset, committed: null });
        if (!piece.isFull) continue;
        if (!this.#end(shard, piece)) return;
        yield;
        if (groups.get(group.groupId) !== group) break; // it became another one meanwhile
      }
      piece.ended(group);
      if (!piece.isFull) continue;
      if (!this.#end(shard, piece)) return;
      yield;
    }
    this.#end(shard, piece);
  }

  /** Forgets offsets of topics that are no more. */
  *forgetTopics(shard: GroupShard, topics: readonly DeletedTopic[]): Generator<void> {
    const piece = new Piece();
    const deleted = new Map(topics.map((topic) => [topic.name, topic]));
    for (const groupId of shard.state.groups.keys()) {
      piece.looked(null);
      for (const record of deletedTopicTombstones(shard.state, groupId, deleted)) piece.looked(record);
      if (!piece.isFull) continue;
      if (!this.#end(shard, piece)) return;
      yield;
    }
    this.#end(shard, piece);
  }

  /**
   * Writes what the piece has found, before a request may commit the same offset anew; false where the log refuses it: the
   * next sweep finds the rest again.
   */
  #end(shard: GroupShard, piece: Piece): boolean {
    const { records, ended } = piece.take();
    if (records.length > 0 && this.#groups.write(shard, records) !== ErrorCode.NONE) return false;
    for (const group of ended) {
      if (!isUnused(shard.state, group, rulesOf(group))) continue;
      if (this.#groups.remove(shard, group) !== ErrorCode.NONE) return false;
    }
    return true;
  }
}

class Piece {
  #records: OffsetRecord[] = [];
  #ended: Group[] = [];
  #looked = 0;

  get isFull(): boolean {
    return this.#looked >= OFFSETS_A_PIECE || this.#ended.length >= GROUPS_A_PIECE;
  }

  looked(record: OffsetRecord | null): void {
    this.#looked++;
    if (record !== null) this.#records.push(record);
  }

  /** All offsets of the group have been looked at. */
  ended(group: Group): void {
    this.#ended.push(group);
  }

  take(): { readonly records: readonly OffsetRecord[]; readonly ended: readonly Group[] } {
    const taken = { records: this.#records, ended: this.#ended };
    this.#records = [];
    this.#ended = [];
    this.#looked = 0;
    return taken;
  }
}
