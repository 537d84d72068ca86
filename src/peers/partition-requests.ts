/**
 * Requests of one kind to one other broker, each about one partition of something (a transaction, a marker): one request is under way,
 * and what is asked meanwhile goes together in the next. The first leaves with all that was asked in the same tick.
 *
 *     ask ──▶ waiting ──▶ one request ──▶ answered, by partition
 *                ▲             │ cannot be reached: `unreachable`, for who asks to try again or to look elsewhere
 *                └── what came meanwhile
 */
import { ErrorCode } from '../../protocol/errors.ts';

/** What a request says of one transaction or marker: the partitions, by topic. */
export interface PartitionsOf<About> {
  readonly about: About;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
}

export interface AnsweredPartition {
  /** See RequestKind.idOf. */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
}

export interface RequestKind<About> {
  /** What a response names it by: a request has one of each. */
  idOf(about: About): string;
  /** Two of the same id that may be one in a request. */
  isSame(one: About, other: About): boolean;
  /** Rejects where the broker cannot be reached, or does not answer in time. */
  send(asked: readonly PartitionsOf<About>[]): Promise<Iterable<AnsweredPartition>>;
  readonly unreachable: number;
}

type Resolve = (errorCode: number) => void;

interface Asked<About> {
  readonly about: About;
  readonly topic: string;
  readonly partition: number;
  readonly resolve: Resolve;
}

/** By topic and partition, who waits for its answer. */
type Topics = Map<string, Map<number, Resolve[]>>;
type Batch<About> = Map<string, { readonly about: About; readonly topics: Topics }>;

/** Of one request, which is well below the largest frame. */
const MOST_PARTITIONS = 10_000;

export class PartitionRequests<About> {
  readonly #kind: RequestKind<About>;
  #waiting: Asked<About>[] = [];
  #isSending = false;

  constructor(kind: RequestKind<About>) {
    this.#kind = kind;
  }

  /** The error code of the partition in the response. Never rejects. */
  ask(about: About, topic: string, partition: number): Promise<number> {
    return new Promise((resolve) => {
      this.#waiting.push({ about, topic, partition, resolve });
      if (this.#isSending) return;
      this.#isSending = true;
      queueMicrotask(() => void this.#send());
    });
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      let answers: Iterable<AnsweredPartition> = [];
      let missing: number = ErrorCode.UNKNOWN_SERVER_ERROR;
      try {
        answers = await this.#kind.send(requestOf(batch));
      } catch {
        missing = this.#kind.unreachable;
      }
      settle(batch, answers, missing);
    }
    this.#isSending = false;
  }

  /** What the next request is about: in the order of the calls, but for what the response could not tell apart. */
  #take(): Batch<About> {
    const batch: Batch<About> = new Map();
    const left: Asked<About>[] = [];
    let count = 0;
    for (const asked of this.#waiting) {
      const { about, topic, partition, resolve } = asked;
      const id = this.#kind.idOf(about);
      const known = batch.get(id);
      if (count === MOST_PARTITIONS || (known !== undefined && !this.#kind.isSame(known.about, about))) {
        left.push(asked);
        continue;
      }
      const { topics } = known ?? { topics: new Map() as Topics };
      if (known === undefined) batch.set(id, { about, topics });
      note(topics, topic, partition, resolve);
      count++;
    }
    this.#waiting = left;
    return batch;
  }
}

function note(topics: Topics, topic: string, partition: number, resolve: Resolve): void {
  let partitions = topics.get(topic);
  if (partitions === undefined) topics.set(topic, (partitions = new Map()));
  const waiting = partitions.get(partition);
  if (waiting === undefined) partitions.set(partition, [resolve]);
  else waiting.push(resolve);
}

function requestOf<About>(batch: Batch<About>): PartitionsOf<About>[] {
  return Array.from(batch.values(), ({ about, topics }) => ({
    about,
    topics: Array.from(topics, ([name, partitions]) => ({ name, partitions: [...partitions.keys()] })),
  }));
}

/** Gives everybody the answer; `missing` where the response has none. */
function settle<About>(batch: Batch<About>, answers: Iterable<AnsweredPartition>, missing: number): void {
  for (const { id, topic, partition, errorCode } of answers) {
    const partitions = batch.get(id)?.topics.get(topic);
    for (const resolve of partitions?.get(partition) ?? []) resolve(errorCode);
    partitions?.delete(partition);
  }
  for (const { topics } of batch.values()) {
    for (const partitions of topics.values()) {
      for (const waiting of partitions.values()) for (const resolve of waiting) resolve(missing);
    }
  }
}
