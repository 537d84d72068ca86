import { expect, test } from 'vitest';
import { ConsumerGroupDescribe, ConsumerGroupHeartbeat, OffsetCommit, OffsetFetch } from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { seededRandom } from '../../src/platform/random.ts';
import type { Random } from '../../src/platform/random.ts';
import { GroupBroker } from './group-broker.ts';

// oxlint-disable vitest/no-standalone-expect -- the world below is only ever driven from the test
const GROUP = 'g';
const TOPIC = 'sim';
const BEAT_MS = 5000;

/** A consumer that does as KIP-848 says, with moods. */
class Member {
  readonly id: string;
  readonly instanceId: string | null;
  epoch = 0;
  owned = new Set<number>();
  /** What it read up to, by partition. */
  readonly positions = new Map<number, number>();
  /** Silent until then: garbage collection, or a laptop that sleeps. */
  pausedUntilMs = 0;
  nextBeatMs = 0;
  /** Told to leave; -2 comes back. */
  gone = false;

  constructor(id: string, instanceId: string | null) {
    this.id = id;
    this.instanceId = instanceId;
  }
}

class World {
  readonly broker = new GroupBroker({
    'group.consumer.max.size': 100,
    'group.consumer.assignment.interval.ms': 1000,
  }).start();
  readonly members: Member[] = [];
  readonly committed = new Map<number, number>();
  partitions = 4;
  topicId: string;
  nowMs = 0;
  rebalances = 0;
  fenced = 0;
  readonly #random: Random;
  #serial = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.topicId = this.broker.setTopic(TOPIC, this.partitions);
  }

  chance(of: number): boolean {
    return this.#random.float() < of;
  }

  upTo(limit: number): number {
    return Math.floor(this.#random.float() * limit);
  }

  async second(churn: boolean): Promise<void> {
    this.nowMs += 1000;
    await this.broker.clock.advance(1000);
    if (churn) await this.#churn();
    for (const member of this.members) {
      if (member.pausedUntilMs > this.nowMs) continue;
      if (member.nextBeatMs <= this.nowMs) await this.beat(member);
      else if (this.chance(0.3)) await this.commit(member);
    }
    await this.check();
  }

  async #churn(): Promise<void> {
    if (this.members.length < 6 && this.chance(0.2)) this.join();
    const member = this.members[this.upTo(this.members.length)];
    if (member !== undefined && this.chance(0.15)) {
      switch (this.upTo(4)) {
        case 0: // leaves
          await this.#send(member, -1, null);
          return this.#drop(member);
        case 1: // dies
          return this.#drop(member);
        case 2:
          member.pausedUntilMs = this.nowMs + this.upTo(100_000);
          return;
        default: // a static one restarts under another id
          if (member.instanceId === null) return;
          await this.#send(member, -2, null);
          this.#drop(member);
          this.join(member.instanceId);
      }
    }
    if (this.partitions < 12 && this.chance(0.02)) this.broker.setTopic(TOPIC, ++this.partitions);
    if (this.chance(0.03)) await this.#restart();
  }

  join(instanceId: string | null = null): void {
    const taken = this.members.map((member) => member.instanceId);
    const free = ['i', 'k'].filter((each) => !taken.includes(each));
    const instance = instanceId ?? (this.chance(0.3) && free.length > 0 ? free[0] : null);
    this.members.push(new Member(`m${++this.#serial}`, instance));
  }

  #drop(member: Member): void {
    member.gone = true;
    this.members.splice(this.members.indexOf(member), 1);
  }

  /** What a new coordinator reads from the log is what the old one knew. */
  async #restart(): Promise<void> {
    const before = await this.describe();
    this.broker.restart();
    expect(await this.describe()).toEqual(before);
  }

  #send(member: Member, memberEpoch: number, owned: readonly number[] | null) {
    const joins = memberEpoch === 0;
    return this.broker.send(ConsumerGroupHeartbeat, 1, {
      groupId: GROUP,
      memberId: member.id,
      memberEpoch,
      instanceId: member.instanceId,
      rebalanceTimeoutMs: joins ? 20_000 : -1,
      subscribedTopicNames: joins ? [TOPIC] : null,
      topicPartitions: owned === null ? null : owned.length === 0 ? [] : [{ topicId: this.topicId, partitions: owned }],
    });
  }

  async beat(member: Member): Promise<void> {
    member.nextBeatMs = this.nowMs + BEAT_MS;
    const answer = await this.#send(member, member.epoch, [...member.owned]);
    switch (answer.errorCode) {
      case ErrorCode.NONE:
        if (answer.memberEpoch !== member.epoch) this.rebalances++;
        member.epoch = answer.memberEpoch;
        if (answer.assignment === null) return;
        await this.#take(
          member,
          answer.assignment.topicPartitions.flatMap(({ partitions }) => partitions),
        );
        return;
      case ErrorCode.FENCED_MEMBER_EPOCH:
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.FENCED_INSTANCE_ID:
        // It gives all up, and begins again.
        this.fenced++;
        member.owned.clear();
        member.epoch = 0;
        member.nextBeatMs = this.nowMs;
        return;
      default: // its instance is still in use by one that has died
        expect(answer.errorCode).toBe(ErrorCode.UNRELEASED_INSTANCE_ID);
    }
  }

  async #take(member: Member, partitions: readonly number[]): Promise<void> {
    // What is to be given up is committed first, as clients do.
    const revoked = [...member.owned].filter((partition) => !partitions.includes(partition));
    if (revoked.length > 0) await this.commit(member, revoked);
    for (const partition of partitions) {
      if (member.owned.has(partition)) continue;
      member.positions.set(partition, await this.fetch(partition));
    }
    member.owned = new Set(partitions);
    // It tells at once that it has given up.
    if (revoked.length > 0) member.nextBeatMs = this.nowMs;
  }

  async fetch(partitionIndex: number): Promise<number> {
    const {
      groups: [
        {
          topics: [topic],
        },
      ],
    } = await this.broker.send(OffsetFetch, 9, {
      groups: [{ groupId: GROUP, topics: [{ name: TOPIC, partitionIndexes: [partitionIndex] }] }],
    });
    return Math.max(topic.partitions[0].committedOffset, 0);
  }

  /** Reads on, and says so; each record is read at most once too often. */
  async commit(member: Member, partitions: readonly number[] = [...member.owned]): Promise<void> {
    if (partitions.length === 0 || member.epoch === 0) return;
    const read = partitions.map((partitionIndex) => {
      const offset = (member.positions.get(partitionIndex) ?? 0) + this.upTo(3);
      member.positions.set(partitionIndex, offset);
      return { partitionIndex, committedOffset: offset, committedMetadata: '' };
    });
    const {
      topics: [topic],
    } = await this.broker.send(OffsetCommit, 9, {
      groupId: GROUP,
      memberId: member.id,
      generationIdOrMemberEpoch: member.epoch,
      groupInstanceId: member.instanceId,
      topics: [{ name: TOPIC, partitions: read }],
    });
    for (const [i, { errorCode }] of topic.partitions.entries()) {
      if (errorCode !== ErrorCode.NONE) continue;
      const { partitionIndex, committedOffset } = read[i];
      expect(committedOffset).toBeGreaterThanOrEqual(this.committed.get(partitionIndex) ?? 0);
      this.committed.set(partitionIndex, committedOffset);
    }
  }

  async describe() {
    const {
      groups: [group],
    } = await this.broker.send(ConsumerGroupDescribe, 1, {
      groupIds: [GROUP],
      includeAuthorizedOperations: false,
    });
    return { ...group, members: group.members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1)) };
  }

  /** A partition has one owner, for the broker as for members that the broker takes for its own. */
  async check(): Promise<void> {
    const { members } = await this.describe();
    const owners = new Map<number, string>();
    for (const { memberId, assignment } of members) {
      for (const partition of assignment.topicPartitions.flatMap(({ partitions }) => partitions)) {
        expect(owners.get(partition)).toBeUndefined();
        owners.set(partition, memberId);
      }
    }
    const epochs = new Map(members.map(({ memberId, memberEpoch }) => [memberId, memberEpoch]));
    for (const member of this.members) {
      if (member.epoch === 0 || epochs.get(member.id) !== member.epoch) continue;
      for (const partition of member.owned) expect(owners.get(partition)).toBe(member.id);
    }
  }
}

const seeds = [1, 2, 3, 4, 5, 6];

test.each(seeds)('members that come, go, die and sleep always settle, and lose no offset (seed %i)', async (seed) => {
  const world = new World(seed);
  for (let round = 0; round < 5; round++) {
    for (let second = 0; second < 150; second++) await world.second(true);
    if (world.members.length === 0) world.join();
    for (const member of world.members) member.pausedUntilMs = 0;
    // The dead are found out within a session, and the rest goes by heartbeats.
    for (let second = 0; second < 45 + 45; second++) await world.second(false);
    const group = await world.describe();
    expect(group.groupState).toBe('Stable');
    expect(group.members.map(({ memberId }) => memberId)).toEqual(world.members.map(({ id }) => id).toSorted());
    const owned = world.members.flatMap((member) => [...member.owned]).toSorted((a, b) => a - b);
    expect(owned).toEqual(Array.from({ length: world.partitions }, (_, partition) => partition));
    const sizes = world.members.map((member) => member.owned.size);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(2);
    for (const [partition, offset] of world.committed) expect(await world.fetch(partition)).toBe(offset);
  }
  // The world was not quiet.
  expect(world.rebalances).toBeGreaterThan(50);
  expect(world.fenced).toBeGreaterThan(0);
  world.broker.groups.stop();
  expect(world.broker.clock.waiting).toBe(0);
});
