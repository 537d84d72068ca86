/**
 * Members of a classic group whose coordinator moves from broker to broker, and what must be true of them: a partition has one owner
 * in a generation, and what was acknowledged as committed is never gone.
 */
import { Heartbeat, JoinGroup, OffsetCommit, OffsetFetch, SyncGroup } from '../../../protocol/apis/index.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { RoutedSender } from '../../transactions/routed-sender.ts';

const GROUP = 'members';
/** Of any topic there is: their records are not read. */
const TOPIC = 'output';
const PARTITIONS = [0, 1];
const SESSION_MS = 6000;
const REBALANCE_MS = 2000;

/** What the members of one group were told. */
export class GroupHistory {
  readonly wrong: string[] = [];
  commits = 0;
  generations = 0;
  #next = 1;
  readonly #owners = new Map<string, string>();
  readonly #committed = new Map<number, number>();

  owns(memberId: string, generation: number, partition: number): void {
    const key = `partition ${partition} in generation ${generation}`;
    const owner = this.#owners.get(key);
    if (owner !== undefined && owner !== memberId) this.wrong.push(`${key} is given to ${owner} and to ${memberId}`);
    this.#owners.set(key, memberId);
    this.generations = Math.max(this.generations, generation);
  }

  /** A value that is larger than all before. */
  next(): number {
    return this.#next++;
  }

  committed(partition: number, offset: number): void {
    this.commits++;
    this.#committed.set(partition, Math.max(offset, this.#committed.get(partition) ?? 0));
  }

  /** What is there in the end. */
  found(partition: number, offset: number): void {
    const told = this.#committed.get(partition) ?? -1;
    if (offset < told)
      this.wrong.push(`offset ${told} of partition ${partition} was committed, and is ${offset} in the end`);
  }
}

/** Has rejoined, and does what members do until something is refused. */
export class GroupMember {
  readonly #sender: RoutedSender;
  readonly #history: GroupHistory;
  readonly #isOver: () => boolean;
  #memberId = '';
  #joins = 0;

  constructor(sender: RoutedSender, history: GroupHistory, isOver: () => boolean) {
    this.#sender = sender;
    this.#history = history;
    this.#isOver = isOver;
  }

  async run(): Promise<void> {
    while (!this.#isOver()) {
      try {
        const generation = await this.#join();
        if (generation !== null) await this.#stay(...generation);
      } catch {
        // Nobody knows what has become of the request: the generation after this one leaves it behind.
      }
    }
  }

  /** The generation, and the partitions of this member; null where it has to join again. */
  async #join(): Promise<[generation: number, partitions: readonly number[]] | null> {
    // Other metadata each time, so that a member that joins again begins a new generation.
    const protocols = [{ name: 'halves', metadata: Buffer.from(String(this.#joins++)) }];
    const joined = await this.#sender.send(JoinGroup, 5, {
      groupId: GROUP,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: REBALANCE_MS,
      memberId: this.#memberId,
      protocolType: 'test',
      protocols,
    });
    if (joined.errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.#memberId = '';
    if (joined.errorCode === ErrorCode.NONE || joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      this.#memberId = joined.memberId;
    }
    if (joined.errorCode !== ErrorCode.NONE) return null;
    const { generationId, members } = joined;
    const assignments = members.map(({ memberId }, i) => ({
      memberId,
      assignment: Buffer.from(PARTITIONS.filter((partition) => partition % members.length === i).join()),
    }));
    const synced = await this.#sender.send(SyncGroup, 3, {
      groupId: GROUP,
      generationId,
      memberId: this.#memberId,
      assignments,
    });
    if (synced.errorCode !== ErrorCode.NONE) return null;
    const text = Buffer.from(synced.assignment).toString();
    const partitions = text === '' ? [] : text.split(',').map(Number);
    for (const partition of partitions) this.#history.owns(this.#memberId, generationId, partition);
    return [generationId, partitions];
  }

  /** Commits and beats, until it is told that there is another generation. */
  async #stay(generationId: number, partitions: readonly number[]): Promise<void> {
    const member = { groupId: GROUP, memberId: this.#memberId };
    while (!this.#isOver()) {
      for (const partitionIndex of partitions) {
        const committedOffset = this.#history.next();
        const asked = { partitionIndex, committedOffset, committedMetadata: null };
        const { topics } = await this.#sender.send(OffsetCommit, 7, {
          ...member,
          generationIdOrMemberEpoch: generationId,
          topics: [{ name: TOPIC, partitions: [asked] }],
        });
        if (topics[0].partitions[0].errorCode !== ErrorCode.NONE) return;
        this.#history.committed(partitionIndex, committedOffset);
      }
      const { errorCode } = await this.#sender.send(Heartbeat, 3, { ...member, generationId });
      if (errorCode !== ErrorCode.NONE) return;
    }
  }
}

/** Reads what is committed in the end. */
export async function checkCommitted(sender: RoutedSender, history: GroupHistory): Promise<void> {
  for (;;) {
    try {
      const asked = { groupId: GROUP, topics: [{ name: TOPIC, partitionIndexes: PARTITIONS }] };
      const [group] = (await sender.send(OffsetFetch, 8, { groups: [asked], requireStable: true })).groups;
      if (group.errorCode !== ErrorCode.NONE) continue;
      for (const { partitionIndex, committedOffset } of group.topics[0].partitions)
        history.found(partitionIndex, committedOffset);
      return;
    } catch {
      // asked again
    }
  }
}
