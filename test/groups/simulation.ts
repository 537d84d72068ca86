/**
 * A group whose members come, leave, die, sleep and restart by a seed, and what must always be so: a partition has one
 * owner an epoch, every member is stable in bounded time, and committed offsets never go back.
 */
import { expect } from 'vitest';
import { ConsumerGroupDescribe, DescribeGroups, ListGroups, OffsetFetch } from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { seededRandom } from '../../src/platform/random.ts';
import type { Random } from '../../src/platform/random.ts';
import { readAssignment } from '../../protocol/topics/consumer-protocol-bytes.ts';
import { GroupBroker } from './group-broker.ts';
import { ClassicMember } from './simulated-classic.ts';
import { ConsumerMember } from './simulated-consumer.ts';
import type { CommitAnswer, Committing, SimulatedMember, SimulatedWorld } from './simulated-member.ts';
import { GROUP, TOPIC } from './simulated-member.ts';

// oxlint-disable vitest/no-standalone-expect -- the world is only ever driven from tests

/** A dead member's session, a rebalance of those that are left, a slow one's time to give up, and some heartbeats. */
const SETTLE_SECONDS = 45 + 20 + 20 + 30;

export type Kind = 'consumer' | 'eager' | 'cooperative' | 'eager and consumer' | 'cooperative and consumer';

export class World implements SimulatedWorld {
  readonly broker: GroupBroker;
  members: SimulatedMember[] = [];
  readonly committed = new Map<number, number>();
  partitions = 4;
  readonly topicId: string;
  nowMs = 0;
  rebalances = 0;
  fenced = 0;
  /** The epochs that have been seen in which the group was of either type. */
  readonly types = new Set<string>();
  readonly #kind: Kind;
  readonly #random: Random;
  /** Who has had a partition in an epoch: a static member under any of its ids. */
  readonly #claims = new Map<string, string>();
  /** Counts the lives of the group: epochs begin anew where it was empty and changed its type. */
  #reign = 0;
  #epoch = -1;
  #type = 'none';
  #serial = 0;

  constructor(kind: Kind, seed: number, broker = newBroker()) {
    this.#kind = kind;
    this.#random = seededRandom(seed);
    this.broker = broker.start();
    this.topicId = this.broker.setTopic(TOPIC, this.partitions);
  }

  chance(of: number): boolean {
    return this.#random.float() < of;
  }

  #upTo(limit: number): number {
    return Math.floor(this.#random.float() * limit);
  }

  expectOneOf(errorCode: number, expected: readonly number[]): void {
    expect(expected).toContain(errorCode);
  }

  send<Req extends Fields, Res extends Fields>(
    table: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
    connectionId: number,
  ): Promise<Values<Res>> {
    return this.broker.send(table, version, draft, 'simulated', connectionId);
  }

  /** Seconds of churn, then as many without as the group may take to settle; it has settled then. */
  async round(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) await this.#second(true);
    if (this.members.length === 0) this.#join();
    for (const member of this.members) member.pausedUntilMs = 0;
    for (let second = 0; second < SETTLE_SECONDS; second++) await this.#second(false);
    await this.#settled();
  }

  end(): void {
    this.broker.groups.stop();
    expect(this.broker.clock.waiting).toBe(0);
  }

  async #second(churn: boolean): Promise<void> {
    this.nowMs += 1000;
    await this.broker.clock.advance(1000);
    if (churn) await this.#churn();
    for (const member of this.members.slice()) if (member.pausedUntilMs <= this.nowMs) await member.tick();
    await this.check();
  }

  async #churn(): Promise<void> {
    if (this.members.length < 6 && this.chance(0.2)) this.#join();
    const member = this.members[this.#upTo(this.members.length)];
    if (member !== undefined && this.chance(0.15)) await this.#befall(member);
    if (this.partitions < 12 && this.chance(0.02)) this.broker.setTopic(TOPIC, ++this.partitions);
    if (this.chance(0.03)) await this.#restart();
  }

  async #befall(member: SimulatedMember): Promise<void> {
    switch (this.#upTo(6)) {
      case 0:
        if (member.isIn) await member.leave();
        return this.#drop(member);
      case 1: // dies
        return this.#drop(member);
      case 2: // dies, and its broker heeds that
        this.#drop(member);
        return this.broker.groups.connectionClosed(member.connectionId, true);
      case 3:
      case 4:
        member.pausedUntilMs = this.nowMs + this.#upTo(100_000);
        return;
      default: // a static one restarts
        if (member.instanceId === null) return;
        if (member instanceof ConsumerMember) await member.leaveForAWhile();
        this.#drop(member);
        this.#join(member.instanceId);
    }
  }

  #join(instanceId: string | null = null): void {
    const taken = this.members.map((member) => member.instanceId);
    const free = ['i', 'k'].filter((each) => !taken.includes(each));
    const instance = instanceId ?? (this.chance(0.3) && free.length > 0 ? free[0] : null);
    const isClassic = this.#kind !== 'consumer' && (!this.#kind.endsWith('consumer') || this.chance(0.5));
    const connectionId = ++this.#serial;
    this.members.push(
      isClassic
        ? new ClassicMember(this, connectionId, instance, this.#kind.startsWith('cooperative'))
        : new ConsumerMember(this, connectionId, instance),
    );
  }

  #drop(member: SimulatedMember): void {
    this.members = this.members.filter((each) => each !== member);
  }

  /** What a new coordinator reads from the log is what the old one knew. */
  async #restart(): Promise<void> {
    const before = await this.#describe();
    this.broker.restart();
    const after = await this.#describe();
    // A classic group is as its last generation was: a rebalance under way begins anew.
    if (before.type === 'consumer' || before.state === 'Stable') expect(after).toEqual(before);
  }

  /** The member says that it has these partitions from now on. */
  claim(member: SimulatedMember, partitions: Iterable<number>): void {
    this.#noteReign();
    const owner = member.instanceId ?? member.id;
    for (const partition of partitions) {
      const claim = `${this.#reign} ${member.epoch} ${partition}`;
      expect(this.#claims.get(claim) ?? owner, `partition ${partition} in epoch ${member.epoch}`).toBe(owner);
      this.#claims.set(claim, owner);
    }
  }

  #noteReign(): void {
    const { groups } = this.broker;
    const type = groups.listGroups([], []).groups[0]?.groupType ?? 'none';
    const epoch = type === 'consumer' ? groups.describeConsumerGroup(GROUP).groupEpoch : -1;
    if (type !== this.#type || epoch < this.#epoch) this.#reign++;
    this.#type = type;
    this.#epoch = epoch;
  }

  async fetch(partitionIndex: number): Promise<number> {
    const topics = [{ name: TOPIC, partitionIndexes: [partitionIndex] }];
    const answer = await this.broker.send(OffsetFetch, 9, { groups: [{ groupId: GROUP, topics }] });
    return Math.max(answer.groups[0].topics[0].partitions[0].committedOffset, 0);
  }

  /** Reads on, and says so; each record is read at most once too often. Answers the error code. */
  async commit(
    member: SimulatedMember,
    partitions: readonly number[],
    send: (topics: Committing[]) => Promise<CommitAnswer>,
  ): Promise<number> {
    if (partitions.length === 0) return ErrorCode.NONE;
    const read = partitions.map((partitionIndex) => {
      const committedOffset = (member.positions.get(partitionIndex) ?? 0) + this.#upTo(3);
      member.positions.set(partitionIndex, committedOffset);
      return { partitionIndex, committedOffset, committedMetadata: '' };
    });
    const answer = await send([{ name: TOPIC, partitions: read }]);
    for (const [i, { errorCode }] of answer.topics[0].partitions.entries()) {
      if (errorCode !== ErrorCode.NONE) continue;
      const { partitionIndex, committedOffset } = read[i];
      expect(committedOffset).toBeGreaterThanOrEqual(this.committed.get(partitionIndex) ?? 0);
      this.committed.set(partitionIndex, committedOffset);
    }
    return answer.topics[0].partitions[0].errorCode;
  }

  /** Whichever type the group is of now. */
  async #describe(): Promise<Described> {
    const { groups } = await this.broker.send(ListGroups, 5, {});
    const type = groups[0]?.groupType ?? 'none';
    return type === 'classic' ? this.#describeClassic() : this.#describeConsumer(type);
  }

  async #describeClassic(): Promise<Described> {
    const { groups } = await this.broker.send(DescribeGroups, 5, { groups: [GROUP] });
    const [{ groupState: state, members }] = groups;
    const owned = members.map(({ memberId, memberAssignment }): [string, number[]] => [
      memberId,
      (readAssignment(memberAssignment) ?? []).flatMap(({ partitions }) => partitions),
    ]);
    return { type: 'classic', state, owned: new Map(owned.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
  }

  async #describeConsumer(type: string): Promise<Described> {
    const draft = { groupIds: [GROUP], includeAuthorizedOperations: false };
    const { groups } = await this.broker.send(ConsumerGroupDescribe, 1, draft);
    const [{ groupState: state, members }] = groups;
    const owned = members.map(({ memberId, assignment }): [string, number[]] => [
      memberId,
      assignment.topicPartitions.flatMap(({ partitions }) => partitions),
    ]);
    return { type, state, owned: new Map(owned.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
  }

  /** A partition has one owner, for the broker as for members that the broker takes for its own. */
  async check(): Promise<void> {
    const { type, state, owned } = await this.#describe();
    this.types.add(type);
    this.#noteReign();
    if (type === 'classic' && state !== 'Stable') return;
    const owners = new Map<number, string>();
    for (const [memberId, partitions] of owned) {
      for (const partition of partitions) {
        expect(owners.get(partition), `owner of partition ${partition}`).toBeUndefined();
        owners.set(partition, memberId);
      }
    }
  }

  async #settled(): Promise<void> {
    const { state, owned: known } = await this.#describe();
    expect(state).toBe('Stable');
    expect([...known.keys()]).toEqual(this.members.map(({ id }) => id).toSorted());
    expect(this.members.every(({ isIn }) => isIn)).toBe(true);
    for (const { id, owned } of this.members) expect(inOrder(owned)).toEqual(inOrder(known.get(id) ?? []));
    const owned = this.members.flatMap((member) => [...member.owned]).toSorted((a, b) => a - b);
    expect(owned).toEqual(Array.from({ length: this.partitions }, (_, partition) => partition));
    const sizes = this.members.map((member) => member.owned.size);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(2);
    for (const [partition, offset] of this.committed) expect(await this.fetch(partition)).toBe(offset);
  }
}

function inOrder(partitions: Iterable<number>): number[] {
  return [...partitions].toSorted((a, b) => a - b);
}

interface Described {
  readonly type: string;
  readonly state: string;
  readonly owned: ReadonlyMap<string, number[]>;
}

export function newBroker(): GroupBroker {
  return new GroupBroker({
    'group.consumer.max.size': 100,
    'group.consumer.assignment.interval.ms': 1000,
    'group.initial.rebalance.delay.ms': 3000,
  });
}
