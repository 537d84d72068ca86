/** A consumer of the classic protocol as clients are written, eager or cooperative, for the simulation of groups. */
import { Heartbeat, JoinGroup, LeaveGroup, OffsetCommit, SyncGroup } from '../../protocol/apis/index.ts';
import { messageCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Api, Fields, Values } from '../../protocol/schema.ts';
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from '../../protocol/topics/consumer-protocol.ts';
import { Writer } from '../../protocol/writer.ts';
import { readAssignment, readSubscription } from '../../protocol/topics/consumer-protocol-bytes.ts';
import type { SimulatedMember, SimulatedWorld } from './simulated-member.ts';
import { BEAT_MS, GROUP, TOPIC } from './simulated-member.ts';

export const SESSION_MS = 10_000;
export const REBALANCE_MS = 20_000;
const VERSION = 3;

type Answer<A> = A extends Api<Fields, infer Res> ? Values<Res> : never;
type Joined = Answer<typeof JoinGroup>;
type Synced = Answer<typeof SyncGroup>;

export class ClassicMember implements SimulatedMember {
  id = '';
  readonly instanceId: string | null;
  readonly connectionId: number;
  readonly isCooperative: boolean;
  epoch = -1;
  readonly owned = new Set<number>();
  readonly positions = new Map<number, number>();
  pausedUntilMs = 0;
  /** In its generation, with its assignment, and with nothing to do but to beat. */
  isIn = false;
  readonly #world: SimulatedWorld;
  #nextBeatMs = 0;
  /** What to do with the answer that has come; null while one is awaited, or none. */
  #next: (() => void | Promise<void>) | null = null;
  #waits = false;
  #leads = false;
  #partitions = 0;

  constructor(world: SimulatedWorld, connectionId: number, instanceId: string | null, isCooperative: boolean) {
    this.#world = world;
    this.connectionId = connectionId;
    this.instanceId = instanceId;
    this.isCooperative = isCooperative;
  }

  async tick(): Promise<void> {
    const next = this.#next;
    this.#next = null;
    if (next !== null) await next();
    else if (this.#waits) return;
    else if (!this.isIn) await this.#rejoin();
    // Also before it finds out that it was taken for dead.
    else if (this.#world.chance(0.3)) await this.commit();
    else if (this.#nextBeatMs <= this.#world.nowMs) await this.#beat();
    else if (this.#leads && this.#partitions !== this.#world.partitions) await this.#rejoin();
  }

  async leave(): Promise<void> {
    const members = [{ memberId: this.id, groupInstanceId: this.instanceId }];
    await this.#world.send(LeaveGroup, 5, { groupId: GROUP, members }, this.connectionId);
  }

  /** What to do is kept until the member's own turn: it may be asleep when the answer comes. */
  #then<T>(call: Promise<T>, use: (answer: T) => void | Promise<void>): void {
    this.#waits = true;
    const keep = (answer: T): void => {
      this.#next = () => {
        this.#waits = false;
        return use(answer);
      };
    };
    void call.then(keep);
  }

  #join(): void {
    this.isIn = false;
    const name = this.isCooperative ? 'cooperative-sticky' : 'range';
    const request = {
      groupId: GROUP,
      memberId: this.id,
      groupInstanceId: this.instanceId,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: REBALANCE_MS,
      protocolType: 'consumer',
      protocols: [{ name, metadata: this.#subscription() }],
    };
    this.#then(this.#world.send(JoinGroup, 9, request, this.connectionId), (answer) => this.#joined(answer));
  }

  #subscription(): Buffer {
    const partitions = [...this.owned];
    const ownedPartitions = this.isCooperative && partitions.length > 0 ? [{ topic: TOPIC, partitions }] : [];
    const writer = new Writer();
    writer.int16(VERSION);
    const subscription = { topics: [TOPIC], ownedPartitions, generationId: this.epoch };
    messageCodec(ConsumerProtocolSubscription, VERSION).encode(writer, subscription);
    return writer.finish();
  }

  #joined(answer: Joined): void {
    switch (answer.errorCode) {
      case ErrorCode.MEMBER_ID_REQUIRED:
        this.id = answer.memberId;
        return this.#join();
      case ErrorCode.NONE:
        this.id = answer.memberId;
        this.epoch = answer.generationId;
        this.#leads = answer.leader === answer.memberId;
        this.#partitions = this.#world.partitions;
        return this.#sync(this.#leads && !answer.skipAssignment ? this.#assign(answer) : []);
      case ErrorCode.REBALANCE_IN_PROGRESS:
        return;
      default:
        this.#world.expectOneOf(answer.errorCode, [
          ErrorCode.UNKNOWN_MEMBER_ID,
          ErrorCode.FENCED_INSTANCE_ID,
          ErrorCode.NOT_COORDINATOR,
          ErrorCode.GROUP_MAX_SIZE_REACHED,
        ]);
        this.#loseAll();
    }
  }

  /** Everyone the same number of partitions; a cooperative leader leaves with each owner what it has until it gives it up. */
  #assign({ members }: Joined): { memberId: string; assignment: Buffer }[] {
    const had = new Map<number, string>();
    const generations = new Map<number, number>();
    for (const { memberId, metadata } of members) {
      const subscription = readSubscription(metadata);
      for (const partition of subscription?.ownedPartitions.flatMap(({ partitions }) => partitions) ?? []) {
        if ((generations.get(partition) ?? -2) > (subscription?.generationId ?? -1)) continue;
        had.set(partition, memberId);
        generations.set(partition, subscription?.generationId ?? -1);
      }
    }
    const share = Math.floor(this.#partitions / members.length);
    let larger = this.#partitions % members.length;
    const shares = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
    const free: number[] = [];
    for (let partition = 0; partition < this.#partitions; partition++) {
      const kept = shares.get(had.get(partition) ?? '');
      if (kept !== undefined && (kept.length < share || (kept.length === share && larger-- > 0))) kept.push(partition);
      else free.push(partition);
    }
    for (const partition of free) {
      const [least] = [...shares.values()].toSorted((a, b) => a.length - b.length);
      least.push(partition);
    }
    return Array.from(shares, ([memberId, partitions]) => {
      const now = this.isCooperative
        ? partitions.filter((partition) => (had.get(partition) ?? memberId) === memberId)
        : partitions;
      const writer = new Writer();
      writer.int16(VERSION);
      const assignedPartitions = [{ topic: TOPIC, partitions: now }];
      messageCodec(ConsumerProtocolAssignment, VERSION).encode(writer, { assignedPartitions });
      return { memberId, assignment: writer.finish() };
    });
  }

  #sync(assignments: { memberId: string; assignment: Buffer }[]): void {
    const request = {
      groupId: GROUP,
      memberId: this.id,
      groupInstanceId: this.instanceId,
      generationId: this.epoch,
      protocolType: 'consumer',
      protocolName: this.isCooperative ? 'cooperative-sticky' : 'range',
      assignments,
    };
    this.#then(this.#world.send(SyncGroup, 5, request, this.connectionId), (answer) => this.#synced(answer));
  }

  async #synced({ errorCode, assignment }: Synced): Promise<void> {
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) return;
    if (errorCode !== ErrorCode.NONE) return this.#refused(errorCode);
    const assigned = new Set((readAssignment(assignment) ?? []).flatMap(({ partitions }) => partitions));
    this.#world.claim(this, assigned);
    // What was read of them has been committed before it joined.
    const revoked = [...this.owned].filter((partition) => !assigned.has(partition));
    for (const partition of revoked) this.owned.delete(partition);
    for (const partition of assigned) {
      if (this.owned.has(partition)) continue;
      this.positions.set(partition, await this.#world.fetch(partition));
      this.owned.add(partition);
    }
    this.isIn = true;
    this.#nextBeatMs = this.#world.nowMs + BEAT_MS;
    this.#world.rebalances++;
    // It tells the others that they may have what it gave up.
    if (revoked.length > 0) this.#join();
  }

  async #beat(): Promise<void> {
    this.#nextBeatMs = this.#world.nowMs + BEAT_MS / 2;
    const { id: memberId, instanceId: groupInstanceId, epoch: generationId } = this;
    const request = { groupId: GROUP, memberId, groupInstanceId, generationId };
    const { errorCode } = await this.#world.send(Heartbeat, 4, request, this.connectionId);
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) return this.#rejoin();
    if (errorCode !== ErrorCode.NONE) this.#refused(errorCode);
  }

  async #rejoin(): Promise<void> {
    const errorCode = await this.commit();
    const mayGoOn: number[] = [ErrorCode.NONE, ErrorCode.REBALANCE_IN_PROGRESS];
    if (!mayGoOn.includes(errorCode)) this.#refused(errorCode);
    if (!this.isCooperative) this.owned.clear();
    this.#join();
  }

  #refused(errorCode: number): void {
    this.#world.expectOneOf(errorCode, [
      ErrorCode.UNKNOWN_MEMBER_ID,
      ErrorCode.ILLEGAL_GENERATION,
      ErrorCode.FENCED_INSTANCE_ID,
      ErrorCode.NOT_COORDINATOR,
      ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
    ]);
    this.#loseAll();
  }

  #loseAll(): void {
    this.#world.fenced++;
    this.id = '';
    this.epoch = -1;
    this.owned.clear();
    this.isIn = false;
  }

  commit(partitions: readonly number[] = [...this.owned]): Promise<number> {
    return this.#world.commit(this, partitions, (topics) =>
      this.#world.send(
        OffsetCommit,
        8,
        {
          groupId: GROUP,
          memberId: this.id,
          generationIdOrMemberEpoch: this.epoch,
          groupInstanceId: this.instanceId,
          topics,
        },
        this.connectionId,
      ),
    );
  }
}
