/**
 * Dead letters (KIP-1191): what a share group could not deliver is written to its dead-letter queue, one record an offset, and is
 * archived then. Until then it is archiving, which the state remembers: after a restart it is taken up again, so that each comes
 * at least once. What cannot be written is archived without a record, and said in the broker's log.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { RecordDraft } from '../../protocol/records/encode.ts';
import type { Answer } from '../coordination/answers.ts';
import type { Partitions } from '../partitions/partitions.ts';
import { readErrorCode } from '../partitions/read.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { deadLetterRecords, type Letter } from './dead-letter-records.ts';
import type { Transition } from './in-flight.ts';
import { DeliveryState, type Run } from './runs.ts';
import type { ShareCounts } from './share-counts.ts';
import type { ShareGroupConfig } from './share-group-config.ts';
import type { SharePartition } from './share-partition.ts';

/** A topic as dead letters see it. */
export interface DeadLetterTopic {
  readonly partitionCount: number;
  /** errors.deadletterqueue.group.enable */
  readonly takesDeadLetters: boolean;
  readonly maxMessageBytes: number;
}

export interface DeadLettersOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly partitions: Partitions;
  readonly counts: ShareCounts;
  config(groupId: string): ShareGroupConfig;
  /** errors.deadletterqueue.topic.name.prefix */
  prefix(): string;
  /** errors.deadletterqueue.auto.create.topics.enable */
  createsTopics(): boolean;
  topic(name: string): DeadLetterTopic | undefined;
  /** Makes a topic that takes dead letters. */
  createTopic(name: string): Promise<void>;
  /** Appends the records as one batch; an error code once they are committed, or are not. Never rejects. */
  append(topic: string, partition: number, records: readonly RecordDraft[]): Answer<number>;
  /** The offsets are archiving no more. */
  archived(partition: SharePartition, letter: Letter): void;
}

/** Of one share partition: offsets with one cause. */
interface Task {
  readonly partition: SharePartition;
  readonly letter: Letter;
  attempt: number;
}

const MOST_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
const LATER = Symbol('the topic is being made');

export class DeadLetters {
  readonly #options: DeadLettersOptions;
  readonly #timers = new Set<Timer>();
  readonly #creating = new Map<string, Promise<void>>();
  /** Groups and causes that have been warned of. */
  readonly #warned = new Set<string>();

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** These transitions are written: those that end in archiving make letters. */
  begin(partition: SharePartition, transitions: readonly Transition[]): void {
    for (const { to, isRejected } of transitions) {
      if (to.state === DeliveryState.archiving) this.#begin(partition, to, isRejected);
    }
  }

  /** What its state says is archiving, when it is read. */
  resume(partition: SharePartition): void {
    const { deliveryLimit } = this.#options.config(partition.groupId);
    // The state does not say why: a record with attempts left can only have been rejected.
    for (const { from } of partition.inFlight.archived({ first: 0, last: Infinity })) {
      this.#begin(partition, from, from.deliveryCount < deliveryLimit);
    }
  }

  #begin(partition: SharePartition, { first, last, deliveryCount }: Run, isRejected: boolean): void {
    this.#run({ partition, letter: { first, last, deliveryCount, isRejected }, attempt: 1 });
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #run(task: Task): void {
    const { partition, letter } = task;
    if (!partition.isCurrent) return; // whoever leads it now takes it up
    const topic = this.#topicFor(partition);
    if (topic === LATER) return this.#create(task);
    if (typeof topic === 'string') {
      this.#warn(partition.groupId, topic);
      return this.#options.archived(partition, letter);
    }
    const written = this.#write(task, topic);
    if (written instanceof Promise) void written.then((errorCode) => this.#ended(task, errorCode));
    else this.#ended(task, written);
  }

  /** Where the letters of a partition go, or why they go nowhere. */
  #topicFor({ groupId, partition }: SharePartition): DeadLetterTopic | string | typeof LATER {
    const options = this.#options;
    const name = options.config(groupId).deadLetterTopic;
    const prefix = options.prefix();
    if (name === '') return 'the group has no dead-letter queue any more';
    if (!name.startsWith(prefix)) return `its name does not begin with ${prefix}`;
    if (name === partition.topic) return 'it is the topic that the group reads';
    const topic = options.topic(name);
    if (topic === undefined) return options.createsTopics() ? LATER : 'there is no such topic';
    return topic.takesDeadLetters ? topic : 'the topic does not have errors.deadletterqueue.group.enable';
  }

  #create(task: Task): void {
    const { groupId } = task.partition;
    const name = this.#options.config(groupId).deadLetterTopic;
    let creating = this.#creating.get(name);
    if (creating === undefined) {
      creating = this.#options.createTopic(name).finally(() => this.#creating.delete(name));
      this.#creating.set(name, creating);
    }
    void creating.then(
      () => this.#again(task, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
      () => this.#again(task, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    );
  }

  /** Batches of the queue's size, one after the other. */
  #write({ partition, letter }: Task, topic: DeadLetterTopic): Answer<number> {
    const { groupId, id } = partition;
    const { deadLetterTopic, copiesRecords } = this.#options.config(groupId);
    const index = id.partition % topic.partitionCount;
    const batches = deadLetterRecords(partition, letter, {
      nowMs: this.#options.clock.now(),
      copiesRecords,
      maxBytes: topic.maxMessageBytes,
    });
    /** Null where the batch is written. */
    const counted = (errorCode: number, { length }: readonly RecordDraft[]): number | null => {
      const isWritten = errorCode === ErrorCode.NONE;
      this.#options.counts.noteDeadLetters(groupId, isWritten ? length : 0);
      return isWritten ? null : errorCode;
    };
    const writeNext = (): Answer<number> => {
      for (;;) {
        const records = this.#nextOf(batches, partition);
        if (typeof records === 'number') return records;
        if (records === null) return ErrorCode.NONE;
        const appended = this.#options.append(deadLetterTopic, index, records);
        if (appended instanceof Promise) return appended.then((code) => counted(code, records) ?? writeNext());
        const failed = counted(appended, records);
        if (failed !== null) return failed;
      }
    };
    return writeNext();
  }

  /** Null behind the last batch; an error code where the log cannot be read, which may be over at the next attempt. */
  #nextOf(batches: Iterator<RecordDraft[]>, { partition }: SharePartition): readonly RecordDraft[] | number | null {
    try {
      const { done, value } = batches.next();
      return done === true ? null : value;
    } catch (error) {
      return readErrorCode(this.#options.partitions, partition, error);
    }
  }

  #ended(task: Task, errorCode: number): void {
    if (errorCode === ErrorCode.NONE) this.#options.archived(task.partition, task.letter);
    else this.#again(task, errorCode);
  }

  #again(task: Task, errorCode: number): void {
    const { partition, letter } = task;
    if (task.attempt >= MOST_ATTEMPTS) {
      this.#warn(partition.groupId, `error ${errorCode} after ${MOST_ATTEMPTS} attempts`);
      return this.#options.archived(partition, letter);
    }
    const isMade = this.#topicFor(partition) !== LATER && errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    const pauseMs = isMade ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (task.attempt - 1));
    task.attempt++;
    const timer = this.#options.clock.after(pauseMs, () => {
      this.#timers.delete(timer);
      this.#run(task);
    });
    this.#timers.add(timer);
  }

  #warn(groupId: string, cause: string): void {
    const key = `${groupId}: ${cause}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    const queue = this.#options.config(groupId).deadLetterTopic;
    const next = 'its undeliverable records are archived without a record; correct the queue, or switch it off';
    this.#options.logger.warn('share.no-dead-letter', { group: groupId, queue, cause, next });
  }
}
