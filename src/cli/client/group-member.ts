/** A member of a consumer group by the classic protocol, which brokers of every age speak. */
import { Heartbeat } from '../../../protocol/apis/12-heartbeat.ts';
import { JoinGroup } from '../../../protocol/apis/11-join-group.ts';
import { LeaveGroup } from '../../../protocol/apis/13-leave-group.ts';
import { SyncGroup } from '../../../protocol/apis/14-sync-group.ts';
import { messageCodec } from '../../../protocol/compile.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { Reader } from '../../../protocol/reader.ts';
import type { ResponseOf } from '../../../protocol/schema.ts';
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../../../protocol/topics/consumer-protocol.ts';
import { Writer } from '../../../protocol/writer.ts';
import type { Timer } from '../../platform/clock.ts';
import type { Cluster } from './cluster.ts';
import { Refused, refuse } from './failure.ts';
import { commitOffsets, type CommittedOffset } from './group-offsets.ts';
import { byTopic, type TopicPartition } from './offsets.ts';
import { assignRanges } from './range-assignment.ts';

/** Short enough that a killed one is soon forgotten, within what brokers allow (6 s to 30 min). */
const SESSION_MS = 10_000;
const REBALANCE_MS = 60_000;
const HEARTBEAT_MS = 1500;

type Joined = ResponseOf<typeof JoinGroup>;

export class GroupMember {
  readonly #cluster: Cluster;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  #memberId = '';
  #generationId = -1;
  #timer: Timer | null = null;

  constructor(cluster: Cluster, groupId: string, topics: readonly string[]) {
    this.#cluster = cluster;
    this.#groupId = groupId;
    this.#topics = topics;
  }

  /** Joins, or joins again after a rebalance; resolves with the partitions that are this member's now. */
  async join(rebalance: () => void): Promise<TopicPartition[]> {
    this.#stopHeartbeats();
    for (;;) {
      const joined = await this.#join();
      if (joined === null) continue;
      const mine = await this.#sync(joined);
      if (mine === null) continue;
      this.#heartbeat(rebalance);
      return mine;
    }
  }

  commit(offsets: readonly CommittedOffset[]): Promise<void> {
    return commitOffsets(this.#cluster, this.#groupId, offsets, {
      memberId: this.#memberId,
      generationId: this.#generationId,
    });
  }

  /** So that the others need not wait for the session to time out. */
  async leave(): Promise<void> {
    this.#stopHeartbeats();
    if (this.#memberId === '') return;
    const memberId = this.#memberId;
    const draft = { groupId: this.#groupId, memberId, members: [{ memberId, reason: 'ottla consume has ended' }] };
    await this.#send(LeaveGroup, draft).catch(() => {}); // a group that is gone need not be left
  }

  async #join(): Promise<Joined | null> {
    const writer = new Writer();
    writer.int16(0);
    messageCodec(ConsumerProtocolSubscription, 0).encode(writer, { topics: [...this.#topics] });
    const coordinator = await this.#cluster.coordinator(this.#groupId);
    const joined = await this.#cluster.sendTo(
      coordinator,
      JoinGroup,
      {
        groupId: this.#groupId,
        sessionTimeoutMs: SESSION_MS,
        rebalanceTimeoutMs: REBALANCE_MS,
        memberId: this.#memberId,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: writer.finish() }],
      },
      REBALANCE_MS,
    );
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      this.#memberId = joined.memberId;
      return null;
    }
    if (await this.#mayRetry(joined.errorCode)) return null;
    if (joined.errorCode === ErrorCode.INCONSISTENT_GROUP_PROTOCOL) {
      const why = 'its other members divide partitions in another way than by range, so ottla cannot join';
      throw new Refused(`group '${this.#groupId}'`, joined.errorCode, why);
    }
    refuse(`group '${this.#groupId}'`, joined.errorCode);
    this.#memberId = joined.memberId;
    this.#generationId = joined.generationId;
    return joined;
  }

  async #sync(joined: Joined): Promise<TopicPartition[] | null> {
    const assignments = joined.leader === joined.memberId ? await this.#assign(joined) : [];
    const answer = await this.#send(SyncGroup, {
      groupId: this.#groupId,
      generationId: this.#generationId,
      memberId: this.#memberId,
      protocolType: 'consumer',
      protocolName: joined.protocolName,
      assignments,
    });
    if (await this.#mayRetry(answer.errorCode)) return null;
    refuse(`group '${this.#groupId}'`, answer.errorCode);
    const assignment = Buffer.from(answer.assignment);
    if (assignment.length === 0) return [];
    const reader = new Reader(assignment);
    const version = Math.min(Math.max(reader.int16(), 0), 3);
    const { assignedPartitions } = messageCodec(ConsumerProtocolAssignment, version).decode(reader);
    return assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
  }

  async #assign({ members }: Joined): Promise<{ memberId: string; assignment: Buffer }[]> {
    const subscribers = members.map(({ memberId, metadata }) => {
      const reader = new Reader(Buffer.from(metadata));
      const version = Math.min(Math.max(reader.int16(), 0), 3);
      return { memberId, topics: messageCodec(ConsumerProtocolSubscription, version).decode(reader).topics };
    });
    const { topics } = await this.#cluster.metadata([...new Set(subscribers.flatMap((each) => each.topics))]);
    const counts = new Map(
      topics.filter(({ errorCode }) => errorCode === 0).map(({ name, partitions }) => [name!, partitions.length]),
    );
    return [...assignRanges(subscribers, counts)].map(([memberId, assigned]) => {
      const assignedPartitions = byTopic(assigned).map(([topic, some]) => ({
        topic,
        partitions: some.map(({ partition }) => partition),
      }));
      const writer = new Writer();
      writer.int16(0);
      messageCodec(ConsumerProtocolAssignment, 0).encode(writer, { assignedPartitions });
      return { memberId, assignment: writer.finish() };
    });
  }

  /** Whether a refusal passes when the member tries again, as a new one where it is not known any more. */
  async #mayRetry(errorCode: number): Promise<boolean> {
    if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID || errorCode === ErrorCode.ILLEGAL_GENERATION) {
      this.#memberId = '';
      return true;
    }
    const passes = new Set<number>([
      ErrorCode.REBALANCE_IN_PROGRESS,
      ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
      ErrorCode.COORDINATOR_NOT_AVAILABLE,
      ErrorCode.NOT_COORDINATOR,
    ]);
    if (!passes.has(errorCode)) return false;
    if (errorCode !== ErrorCode.REBALANCE_IN_PROGRESS) await this.#cluster.pause(200);
    return true;
  }

  /** Any other answer than "all is well", and any failure, leads to joining again. */
  #heartbeat(rebalance: () => void): void {
    this.#timer = this.#cluster.clock.after(HEARTBEAT_MS, () => {
      void this.#beat(rebalance);
    });
  }

  async #beat(rebalance: () => void): Promise<void> {
    const timer = this.#timer;
    const draft = { groupId: this.#groupId, generationId: this.#generationId, memberId: this.#memberId };
    const errorCode = await this.#send(Heartbeat, draft).then(
      (answer) => answer.errorCode,
      () => -1,
    );
    if (this.#timer !== timer) return; // it left, or joined again meanwhile
    if (errorCode === 0) this.#heartbeat(rebalance);
    else rebalance();
  }

  #stopHeartbeats(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #send: Cluster['sendAny'] = async (api, draft) =>
    this.#cluster.sendTo(await this.#cluster.coordinator(this.#groupId), api, draft, REBALANCE_MS);
}
