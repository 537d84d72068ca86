/** A share coordinator in memory, as far as groups ask it. It can refuse, and keep its answers back. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ShareStateOfGroups } from '../../src/groups/group-runner.ts';
import type {
  InitializeState,
  ReadState,
  StatePartitionId,
  StateResult,
  StateSummary,
} from '../../src/share/share-state.ts';

interface State {
  readonly stateEpoch: number;
  readonly startOffset: number;
}

export class MemoryShareState implements ShareStateOfGroups {
  readonly states = new Map<string, State>();
  /** What it has been asked, a line each. */
  readonly asked: string[] = [];
  /** NONE, or what everybody is told: nothing changes then. */
  errorCode: number = ErrorCode.NONE;
  /** Answers come when this settles; null: at once. */
  answers: Promise<void> | null = null;

  initialize(groupId: string, partitions: readonly InitializeState[]) {
    this.asked.push(`initialize ${groupId} ${partitions.map(({ partition }) => partition).join()}`);
    return this.#answer(partitions, (each): StateResult => {
      this.states.set(keyOf(groupId, each), { stateEpoch: each.stateEpoch, startOffset: each.startOffset });
      return { errorCode: ErrorCode.NONE, errorMessage: null };
    });
  }

  delete(groupId: string, partitions: readonly StatePartitionId[]) {
    this.asked.push(`delete ${groupId} ${partitions.map(({ partition }) => partition).join()}`);
    return this.#answer(partitions, (each): StateResult => {
      this.states.delete(keyOf(groupId, each));
      return { errorCode: ErrorCode.NONE, errorMessage: null };
    });
  }

  readSummary(groupId: string, partitions: readonly ReadState[]) {
    return this.#answer(partitions, (each): StateSummary => {
      const { stateEpoch = 0, startOffset = -1 } = this.states.get(keyOf(groupId, each)) ?? {};
      const deliveryCompleteCount = startOffset === -1 ? -1 : 0;
      const ok = { errorCode: ErrorCode.NONE, errorMessage: null };
      return { ...ok, stateEpoch, startOffset, leaderEpoch: 0, deliveryCompleteCount };
    });
  }

  #answer<P, R extends StateResult>(partitions: readonly P[], done: (partition: P) => R): R[] | Promise<R[]> {
    const { errorCode } = this;
    const answer = (): R[] =>
      partitions.map((each) => {
        if (errorCode === ErrorCode.NONE) return done(each);
        return {
          stateEpoch: 0,
          startOffset: -1,
          leaderEpoch: 0,
          deliveryCompleteCount: -1,
          errorCode,
          errorMessage: null,
        } as unknown as R;
      });
    return this.answers === null ? answer() : this.answers.then(answer);
  }
}

function keyOf(groupId: string, { topicId, partition }: StatePartitionId): string {
  return `${groupId}:${topicId}:${partition}`;
}
