/** A consumer that does as KIP-848 says, for the simulation of groups. */
import { ConsumerGroupHeartbeat, OffsetCommit } from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { SimulatedMember, SimulatedWorld } from './simulated-member.ts';
import { BEAT_MS, GROUP, TOPIC } from './simulated-member.ts';

export class ConsumerMember implements SimulatedMember {
  readonly id: string;
  readonly instanceId: string | null;
  readonly connectionId: number;
  epoch = 0;
  owned = new Set<number>();
  readonly positions = new Map<number, number>();
  pausedUntilMs = 0;
  readonly #world: SimulatedWorld;
  #nextBeatMs = 0;

  constructor(world: SimulatedWorld, connectionId: number, instanceId: string | null) {
    this.#world = world;
    this.connectionId = connectionId;
    this.instanceId = instanceId;
    this.id = `m${connectionId}`;
  }

  get isIn(): boolean {
    return this.epoch > 0;
  }

  async tick(): Promise<void> {
    // Also before it finds out that it was taken for dead.
    if (this.#world.chance(0.3)) await this.commit();
    else if (this.#nextBeatMs <= this.#world.nowMs) await this.beat();
  }

  async leave(): Promise<void> {
    await this.#send(-1, null);
  }

  /** A static member that will be back, under another id. */
  async leaveForAWhile(): Promise<void> {
    await this.#send(-2, null);
  }

  #send(memberEpoch: number, owned: readonly number[] | null) {
    const joins = memberEpoch === 0;
    const request = {
      groupId: GROUP,
      memberId: this.id,
      memberEpoch,
      instanceId: this.instanceId,
      rebalanceTimeoutMs: joins ? 20_000 : -1,
      subscribedTopicNames: joins ? [TOPIC] : null,
      topicPartitions:
        owned === null ? null : owned.length === 0 ? [] : [{ topicId: this.#world.topicId, partitions: owned }],
    };
    return this.#world.send(ConsumerGroupHeartbeat, 1, request, this.connectionId);
  }

  async beat(): Promise<void> {
    const world = this.#world;
    this.#nextBeatMs = world.nowMs + BEAT_MS;
    const answer = await this.#send(this.epoch, [...this.owned]);
    switch (answer.errorCode) {
      case ErrorCode.NONE: {
        const moved = answer.memberEpoch !== this.epoch;
        if (moved) world.rebalances++;
        this.epoch = answer.memberEpoch;
        if (answer.assignment === null) {
          if (moved) world.claim(this, this.owned);
          return;
        }
        return this.#take(answer.assignment.topicPartitions.flatMap(({ partitions }) => partitions));
      }
      case ErrorCode.FENCED_MEMBER_EPOCH:
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.FENCED_INSTANCE_ID:
        // It gives all up, and begins again.
        world.fenced++;
        this.owned.clear();
        this.epoch = 0;
        this.#nextBeatMs = world.nowMs;
        return;
      default:
        // Its instance is still in use by one that has died; or the classic group cannot be upgraded now.
        world.expectOneOf(answer.errorCode, [ErrorCode.UNRELEASED_INSTANCE_ID, ErrorCode.GROUP_ID_NOT_FOUND]);
        this.owned.clear();
        this.epoch = 0;
    }
  }

  async #take(partitions: readonly number[]): Promise<void> {
    this.#world.claim(this, partitions);
    // What is to be given up is committed first, as clients do.
    const revoked = [...this.owned].filter((partition) => !partitions.includes(partition));
    if (revoked.length > 0) await this.commit(revoked);
    for (const partition of partitions) {
      if (!this.owned.has(partition)) this.positions.set(partition, await this.#world.fetch(partition));
    }
    this.owned = new Set(partitions);
    // It tells at once that it has given up.
    if (revoked.length > 0) this.#nextBeatMs = this.#world.nowMs;
  }

  async commit(partitions: readonly number[] = [...this.owned]): Promise<void> {
    if (this.epoch === 0) return;
    await this.#world.commit(this, partitions, (topics) =>
      this.#world.send(
        OffsetCommit,
        9,
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
