/** What waits of share groups look at: acknowledged records, deliveries, dead letters. */
import { DEAD_LETTER } from '../insight/dead-letter.ts';
import { configOf, ResourceType } from '../cluster/image.ts';
import type { BrokerView } from './broker-view.ts';
import type { TestMessage } from './message.ts';
import type { QueueHistory } from './queue-history.ts';
import { isDeadLetter } from './queue-words.ts';
import type { OffsetRange } from './queue.ts';
import { TopicReader } from './topic-reader.ts';

/** Each record that a group has accepted, once, as they come. */
export class AcknowledgedReader {
  readonly #broker: BrokerView;
  readonly #ranges: () => readonly OffsetRange[];
  #seen = 0;

  constructor(broker: BrokerView, history: QueueHistory, group: string) {
    this.#broker = broker;
    this.#ranges = () => history.of(group).acknowledged;
  }

  read(): TestMessage[] {
    const all = this.#ranges();
    if (all.length < this.#seen) this.#seen = 0; // the broker was reset
    const fresh = all.slice(this.#seen);
    this.#seen = all.length;
    return fresh.flatMap((range) => messagesIn(this.#broker, range));
  }
}

function messagesIn(broker: BrokerView, { topic, partition, first, last }: OffsetRange): TestMessage[] {
  const from = (index: number): number => (index === partition ? first : Infinity);
  const reader = new TopicReader(broker, topic, 'read_uncommitted', from);
  return reader.read(last - first + 1).filter(({ offset }) => offset <= last);
}

/** Dead letters as they come: of a topic, or of a group in the topic that it is configured with. */
export class DeadLetterReader {
  readonly #broker: BrokerView;
  readonly #name: string;
  #reader: TopicReader | null = null;

  constructor(broker: BrokerView, topicOrGroup: string) {
    this.#broker = broker;
    this.#name = topicOrGroup;
  }

  /** The topic, as far as it is known. */
  get topic(): string | undefined {
    const { image } = this.#broker.parts.metadata;
    if (image.topicsByName.has(this.#name)) return this.#name;
    return configOf(image, ResourceType.group, this.#name).get('errors.deadletterqueue.topic.name');
  }

  read(): TestMessage[] {
    const { topic } = this;
    if (topic === undefined) return [];
    this.#reader ??= new TopicReader(this.#broker, topic);
    const letters = this.#reader.read().filter(isDeadLetter);
    if (topic === this.#name) return letters;
    return letters.filter(({ headers }) => headers[`${DEAD_LETTER}group`] === this.#name);
  }
}
