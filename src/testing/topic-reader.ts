/** Reads a topic straight from the broker's logs, as a consumer would see it; reading again gives what has come since. */
import type { BrokerView } from './broker-view.ts';
import { TestMessage } from './message.ts';

export type Isolation = 'read_committed' | 'read_uncommitted';

type Partition = NonNullable<ReturnType<BrokerView['parts']['partitions']['get']>>;

export class TopicReader {
  readonly #broker: BrokerView;
  readonly #topic: string;
  readonly #isolation: Isolation;
  /** By partition. */
  readonly #next = new Map<number, number>();
  readonly #from: (partition: number) => number;
  #topicId: string | null = null;

  /**
   * With read_committed (what consumers see unless told otherwise) records of aborted and open transactions are left out.
   * `from` says at which offset to begin; Infinity leaves a partition out.
   */
  constructor(
    broker: BrokerView,
    topic: string,
    isolation: Isolation = 'read_committed',
    from: (partition: number) => number = () => 0,
  ) {
    this.#broker = broker;
    this.#topic = topic;
    this.#isolation = isolation;
    this.#from = from;
  }

  /** Partition after partition, each in the order of its offsets. Nothing while there is no such topic. */
  read(): TestMessage[] {
    const topic = this.#broker.parts.partitions.topicByName(this.#topic);
    if (topic === undefined) return [];
    if (this.#topicId !== topic.id) this.#next.clear(); // deleted and made again
    this.#topicId = topic.id;
    return topic.partitions.flatMap((partition) => (partition === undefined ? [] : this.#readOne(partition)));
  }

  #readOne(partition: Partition): TestMessage[] {
    const { index } = partition;
    const isCommitted = this.#isolation === 'read_committed';
    const from = Math.max(this.#next.get(index) ?? this.#from(index), partition.logStartOffset);
    const upTo = isCommitted ? partition.lastStableOffset : partition.highWatermark;
    if (from >= upTo) return [];
    this.#next.set(index, upTo);
    const aborted = isCommitted ? [...partition.abortedTransactions(from, upTo)] : [];
    const messages: TestMessage[] = [];
    partition.forEachRecord((record, batch) => {
      if (batch.isControl || record.offset < from || record.offset >= upTo) return;
      const isAborted =
        batch.isTransactional &&
        aborted.some(
          ({ producerId, firstOffset, lastOffset }) =>
            producerId === batch.producerId && record.offset >= firstOffset && record.offset <= lastOffset,
        );
      if (!isAborted) messages.push(new TestMessage(partition.topic, index, record));
    }, from);
    return messages;
  }
}
