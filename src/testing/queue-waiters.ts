/** Waiting for what share groups do: records accepted, handed out, given up; a queue that is empty. */
import type { CallPlace } from './call-place.ts';
import { failureReport, type ReportFocus, type ReportSources } from './failure-report.ts';
import type { TestMessage } from './message.ts';
import { timeoutOf, type Awaited } from './pending-waits.ts';
import type { QueueHistory } from './queue-history.ts';
import { queueLines, queueOf } from './queue-view.ts';
import { AcknowledgedReader, DeadLetterReader } from './queue-waits.ts';
import { deliveryWords, findDelivery, queueWords } from './queue-words.ts';
import type { DeliveredRange, Queue } from './queue.ts';
import { SoughtMessages } from './sought-messages.ts';
import { checkDeliveryWait, checkQueueMessages, checkQueueWait } from './wait-checks.ts';
import type {
  ExpectedDelivery,
  ExpectedQueue,
  MessagePredicate,
  QueueMessagesOptions,
  WaitOptions,
} from './wait-options.ts';

interface QueueWaitersOptions extends ReportSources {
  readonly history: QueueHistory;
  readonly queue: (group: string) => Queue;
}

export class QueueWaiters {
  readonly #options: QueueWaitersOptions;

  constructor(options: QueueWaitersOptions) {
    this.#options = options;
  }

  forAcknowledged(
    place: CallPlace,
    group: string,
    wanted: number | MessagePredicate = 1,
    options: QueueMessagesOptions = {},
  ): Promise<TestMessage[]> {
    checkQueueMessages('waitForAcknowledged', wanted, options);
    const reader = new AcknowledgedReader(this.#options.broker, this.#options.history, group);
    const sought = new SoughtMessages(wanted, options.where);
    const what = `group '${group}' to accept ${sought.describe('its topics').replace(" in 'its topics'", '')}`;
    return this.#forMessages(place, { what, group }, sought, () => reader.read(), options);
  }

  forDeadLetter(
    place: CallPlace,
    topicOrGroup: string,
    wanted: number | MessagePredicate = 1,
    options: QueueMessagesOptions = {},
  ): Promise<TestMessage[]> {
    checkQueueMessages('waitForDeadLetter', wanted, options);
    const reader = new DeadLetterReader(this.#options.broker, topicOrGroup);
    const sought = new SoughtMessages(wanted, options.where);
    const what = sought.describe(topicOrGroup).replace('message', 'dead letter');
    return this.#forMessages(place, { what, topic: reader.topic }, sought, () => reader.read(), options);
  }

  #forMessages(
    place: CallPlace,
    { what, ...focus }: ReportFocus & { readonly what: string },
    sought: SoughtMessages,
    read: () => TestMessage[],
    options: WaitOptions,
  ): Promise<TestMessage[]> {
    const look = (): TestMessage[] | undefined => {
      sought.add(read());
      return sought.result;
    };
    return this.#wait(place, options, { what, look, found: () => sought.found, focus });
  }

  forDelivery(
    place: CallPlace,
    group: string,
    expected: ExpectedDelivery = {},
    options: WaitOptions = {},
  ): Promise<DeliveredRange> {
    checkDeliveryWait(expected, options);
    const { history, broker } = this.#options;
    const look = (): DeliveredRange | undefined => findDelivery(history.of(group).delivered, expected);
    const found = (): string => {
      const { delivered } = history.of(group);
      const last = delivered.slice(-5).map((range) => deliveryWords({ ...range, offset: range.last }));
      if (last.length > 0) return last.join(', ');
      const queue = queueOf(broker, history, group);
      const isAtEnd = queue.partitions.some(({ start, end }) => start === end && end > 0);
      const hint = `; a share group begins at the end of its topics unless share.auto.offset.reset is earliest: startBroker({ groups: { '${group}': { 'share.auto.offset.reset': 'earliest' } } })`;
      return `nothing delivered${isAtEnd ? hint : ''}`;
    };
    const what = `group '${group}' to be handed out ${deliveryWords(expected)}`;
    return this.#wait(place, options, { what, look, found, focus: { group, topic: expected.topic } });
  }

  forQueue(place: CallPlace, group: string, expected: ExpectedQueue = {}, options: WaitOptions = {}): Promise<Queue> {
    checkQueueWait(expected, options);
    const wanted = Object.keys(expected).length === 0 ? { backlog: 0, inFlight: 0 } : expected;
    const now = (): Queue => this.#options.queue(group);
    const look = (): Queue | undefined => {
      const queue = now();
      const { backlog = queue.backlog, inFlight = queue.inFlight, members = queue.members.length } = wanted;
      const fits = queue.backlog === backlog && queue.inFlight === inFlight && queue.members.length === members;
      return fits && queue.state !== 'Dead' ? queue : undefined;
    };
    const found = (): string => {
      const queue = now();
      if (queue.state === 'Dead') return 'no such group';
      const { backlog, inFlight, members } = queue;
      return [queueWords({ backlog, inFlight, members: members.length }), ...queueLines(queue).slice(1)].join('\n');
    };
    const what = `group '${group}' to have ${queueWords(wanted)}`;
    return this.#wait(place, options, { what, look, found, focus: { group } });
  }

  #wait<T>(
    place: CallPlace,
    options: WaitOptions,
    awaited: Omit<Awaited<T>, 'place' | 'timeoutMs'> & { readonly focus: ReportFocus },
  ): Promise<T> {
    const { focus, found } = awaited;
    return this.#options.pending.begin({
      ...awaited,
      place,
      timeoutMs: timeoutOf(options),
      found: () => `found ${found()}\n${failureReport(this.#options, focus)}`,
    });
  }
}
