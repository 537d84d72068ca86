/** Reads a topic straight from the broker's logs, as a consumer would see it; reading again gives what has come since. */
import type { BrokerView } from './broker-view.ts';
import type { TestMessage } from './message.ts';
import { StoredMessage } from './stored-message.ts';
import { countVisible, visibleBatches, visibleEnd, type Partition } from './visible-batches.ts';
import type { Isolation } from './wait-options.ts';

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

  /**
   * Partition after partition, each in the order of its offsets; the first `limit`, and no batch beyond them is decoded.
   * Nothing while there is no such topic.
   */
  read(limit = Infinity): TestMessage[] {
    const messages: TestMessage[] = [];
    for (const partition of this.#partitions()) {
      if (messages.length >= limit) break;
      const from = Math.max(this.#next.get(partition.index) ?? this.#from(partition.index), partition.logStartOffset);
      const upTo = visibleEnd(partition, this.#isolation);
      if (from >= upTo) continue;
      const read = this.#readOne(partition, from, limit - messages.length);
      this.#next.set(partition.index, messages.length + read.length < limit ? upTo : read.at(-1)!.offset + 1);
      for (const message of read) messages.push(message);
    }
    return messages;
  }

  /** The `limit` newest by their timestamps, oldest first; what `read` gives next stays as it was. */
  newest(limit: number): TestMessage[] {
    const found = this.#partitions().flatMap((partition) => {
      const from = Math.max(this.#from(partition.index), partition.logStartOffset);
      return this.#readOne(partition, this.#startOfLast(partition, from, limit), Infinity).slice(-limit);
    });
    return found.sort((a, b) => a.timestamp - b.timestamp).slice(-limit);
  }

  /** How many there are to see; no more than `most` of them are counted to the end, and hardly anything is decoded. */
  count(most = Infinity): number {
    let count = 0;
    for (const partition of this.#partitions()) {
      count += countVisible(partition, this.#from(partition.index), this.#isolation, most - count);
      if (count > most) break;
    }
    return count;
  }

  #partitions(): readonly Partition[] {
    const topic = this.#broker.parts.partitions.topicByName(this.#topic);
    if (topic === undefined) return [];
    if (this.#topicId !== topic.id) this.#next.clear(); // deleted and made again
    this.#topicId = topic.id;
    return topic.partitions.filter((partition) => partition !== undefined);
  }

  /** An offset behind which at least the last `limit` messages lie: offsets are guessed, records counted. */
  #startOfLast(partition: Partition, from: number, limit: number): number {
    const upTo = visibleEnd(partition, this.#isolation);
    for (let back = limit; upTo - back > from; back *= 2) {
      if (countVisible(partition, upTo - back, this.#isolation, limit) >= limit) return upTo - back;
    }
    return from;
  }

  #readOne(partition: Partition, from: number, limit: number): TestMessage[] {
    const upTo = visibleEnd(partition, this.#isolation);
    const messages: TestMessage[] = [];
    for (const batch of visibleBatches(partition, from, this.#isolation)) {
      for (const record of batch.records()) {
        if (record.offset < from || record.offset >= upTo) continue;
        messages.push(new StoredMessage(partition.topic, partition.index, record));
        if (messages.length === limit) return messages;
      }
    }
    return messages;
  }
}
