/**
 * Brings leaders' proposals of in-sync replicas to the controller, and its word back (AlterPartition): those of many partitions in
 * one request, one request at a time. One that finds no controller is sent again, for the proposal stands until it is answered.
 */
import { errorName, ErrorCode } from '../../protocol/errors.ts';
import { LeaderRecoveryState } from '../cluster/image.ts';
import type { AlterPartitionRequest, AlterPartitionResponse } from '../cluster/alter-partition.ts';
import type { IsrProposal, ProposalAnswer } from '../partitions/leader-state.ts';
import type { Partition } from '../partitions/partition.ts';
import type { Partitions } from '../partitions/partitions.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

export interface IsrProposalsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeId: number;
  readonly brokerEpoch: () => number;
  readonly partitions: Pick<Partitions, 'isrChanges'>;
  readonly alterPartitions: (topics: AlterPartitionRequest['topics']) => Promise<AlterPartitionResponse>;
}

interface Waiting {
  readonly partition: Partition;
  readonly proposal: IsrProposal;
}

type Answer = AlterPartitionResponse['topics'][number]['partitions'][number];
/** What is known of an answer; null: it has to be asked again. */
type Outcome = ProposalAnswer | null;

const AGAIN_MS = 50;
/** In one request. */
const MOST = 2000;
/** The controller has looked at it and left all as it was. */
const REJECTED: ReadonlySet<number> = new Set([ErrorCode.INELIGIBLE_REPLICA, ErrorCode.OPERATION_NOT_ATTEMPTED]);
/** The partition is another one by now: the image says which. As Kafka, until then nothing more is proposed. */
const OUTDATED: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.NEW_LEADER_ELECTED,
  ErrorCode.INVALID_UPDATE_VERSION,
  ErrorCode.INVALID_REQUEST,
]);

export class IsrProposals {
  readonly #options: IsrProposalsOptions;
  /** The last of each partition: one that comes later has taken the place of the one before. */
  readonly #waiting = new Map<Partition, Waiting>();
  #isSending = false;
  #again: Timer | null = null;
  #isStopped = false;
  #said: string | null = null;

  constructor(options: IsrProposalsOptions) {
    this.#options = options;
  }

  propose(partition: Partition, proposal: IsrProposal): void {
    this.#waiting.set(partition, { partition, proposal });
    if (!this.#isSending && this.#again === null) void this.#send();
  }

  stop(): void {
    this.#isStopped = true;
    this.#again?.cancel();
    this.#waiting.clear();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    await Promise.resolve(); // those of the same turn go together
    const sent = [...this.#waiting.values()].slice(0, MOST);
    for (const { partition } of sent) this.#waiting.delete(partition);
    const left = await this.#ask(sent);
    this.#isSending = false;
    if (this.#isStopped) return;
    for (const one of left) if (!this.#waiting.has(one.partition)) this.#waiting.set(one.partition, one);
    if (this.#waiting.size === 0) return;
    if (left.length === 0) return void this.#send();
    this.#again = this.#options.clock.after(AGAIN_MS, () => {
      this.#again = null;
      void this.#send();
    });
  }

  /** Those that have to be asked again. */
  async #ask(sent: readonly Waiting[]): Promise<readonly Waiting[]> {
    const isLeft = ({ partition, proposal }: Waiting) => partition.leaderState?.leaderEpoch === proposal.leaderEpoch;
    const asked = sent.filter(isLeft);
    try {
      if (asked.length === 0) return [];
      const { errorCode, topics } = await this.#options.alterPartitions(this.#requestOf(asked));
      if (errorCode !== ErrorCode.NONE) throw new Error(`the controller answers ${errorName(errorCode)}`);
      const answers = new Map<string, Answer>();
      for (const { topicId, partitions } of topics)
        for (const one of partitions) answers.set(`${topicId}/${one.partitionIndex}`, one);
      this.#said = null;
      return asked.filter((one) => !this.#take(one, answers.get(`${one.partition.topicId}/${one.partition.index}`)));
    } catch (error) {
      this.#say((error as Error).message);
      return asked;
    }
  }

  /** Whether that is the end of it. */
  #take({ partition, proposal }: Waiting, answer: Answer | undefined): boolean {
    const outcome = answer === undefined ? null : this.#outcomeOf(answer);
    if (outcome === null) return false;
    this.#count(proposal, outcome);
    partition.proposalAnswered(proposal, outcome);
    return true;
  }

  /** What was proposed counts: the image may have come before the answer. */
  #count({ isShrinkage }: IsrProposal, { kind }: ProposalAnswer): void {
    const { isrChanges } = this.#options.partitions;
    if (kind !== 'accepted') isrChanges.failed++;
    else if (isShrinkage) isrChanges.shrinks++;
    else isrChanges.expands++;
  }

  #outcomeOf({ errorCode, isr, partitionEpoch }: Answer): Outcome {
    if (errorCode === ErrorCode.NONE) {
      return { kind: 'accepted', inSync: isr.filter((id) => id !== this.#options.nodeId), partitionEpoch };
    }
    if (REJECTED.has(errorCode)) return { kind: 'rejected' };
    return OUTDATED.has(errorCode) ? { kind: 'outdated' } : null;
  }

  #requestOf(asked: readonly Waiting[]): AlterPartitionRequest['topics'] {
    const topics = new Map<string, AlterPartitionRequest['topics'][number]['partitions'][number][]>();
    const me = { brokerId: this.#options.nodeId, brokerEpoch: this.#options.brokerEpoch() };
    for (const { partition, proposal } of asked) {
      const { leaderEpoch, partitionEpoch, inSync } = proposal;
      const draft = {
        partitionIndex: partition.index,
        leaderEpoch,
        newIsr: [],
        newIsrWithEpochs: [me, ...inSync],
        leaderRecoveryState: LeaderRecoveryState.recovered, // who leads has all that there is
        partitionEpoch,
      };
      const known = topics.get(partition.topicId);
      if (known === undefined) topics.set(partition.topicId, [draft]);
      else known.push(draft);
    }
    return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
  }

  #say(error: string): void {
    if (this.#isStopped || this.#said === error) return;
    this.#said = error;
    this.#options.logger.warn('in-sync-replicas-not-changed', { error, next: 'it is tried again' });
  }
}
