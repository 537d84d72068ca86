/** What a test waits for in a broker elsewhere; each wait knows where the test began it. */
import { milliseconds } from '../testing/duration.ts';
import { callPlace, type CallPlace } from '../testing/call-place.ts';
import type { CommittedOffset, Group } from '../testing/group.ts';
import type { AnyJson, Headers, TestMessage } from '../testing/message.ts';
import { timeoutOf } from '../testing/pending-waits.ts';
import type { DeliveredRange, Queue } from '../testing/queue.ts';
import {
  checkDenial,
  checkThrottle,
  expectedWords,
  type Denial,
  type ExpectedDenial,
  type ExpectedThrottle,
  type Throttle,
} from '../testing/refusals.ts';
import { SoughtMessages } from '../testing/sought-messages.ts';
import type { ReadOptions } from '../testing/test-broker.ts';
import {
  DEFAULT_WITHIN_MS,
  checkCommitWait,
  checkDeliveryWait,
  checkGroupWait,
  checkIdleWait,
  checkLagWait,
  checkMessageWait,
  checkNoMessages,
  checkQueueMessages,
  checkQueueWait,
  checkAnswer,
  checkUntil,
} from '../testing/wait-checks.ts';
import type { IdleOptions, MessagePredicate, MessageWaitOptions, NoMessagesOptions } from '../testing/wait-options.ts';
import type { ExpectedCommit, ExpectedDelivery, ExpectedGroup, ExpectedQueue } from '../testing/wait-options.ts';
import type { QueueMessagesOptions, UntilOptions, WaitOptions } from '../testing/wait-options.ts';
import { messageFromJson, type MessageJson } from './json.ts';
import { RemoteCluster } from './remote-cluster.ts';

export abstract class RemoteWaiting extends RemoteCluster {
  abstract messages(topic: string, options?: ReadOptions): TestMessage[];
  abstract queue(group: string): Queue;
  abstract describe(topic?: string): string;

  waitForAcknowledged<Value = AnyJson, OwnHeaders = Headers>(
    group: string,
    wanted: number | MessagePredicate<Value, OwnHeaders> = 1,
    options: QueueMessagesOptions<Value, OwnHeaders> = {},
  ): Promise<TestMessage<Value, OwnHeaders>[]> {
    checkQueueMessages('waitForAcknowledged', wanted, options);
    const path = `/queues/${encodeURIComponent(group)}/acknowledged`;
    const what = `group '${group}' to accept records`;
    return this.#untilMessages('waitForAcknowledged', what, path, wanted as number, options as QueueMessagesOptions);
  }

  waitForDelivery(group: string, expected: ExpectedDelivery = {}, options: WaitOptions = {}): Promise<DeliveredRange> {
    checkDeliveryWait(expected, options);
    const what = `group '${group}' to be handed out records`;
    return this.#there('waitForDelivery', what, options, 'delivery', { group, ...expected });
  }

  waitForDeadLetter<Value = AnyJson, OwnHeaders = Headers>(
    topicOrGroup: string,
    wanted: number | MessagePredicate<Value, OwnHeaders> = 1,
    options: QueueMessagesOptions<Value, OwnHeaders> = {},
  ): Promise<TestMessage<Value, OwnHeaders>[]> {
    checkQueueMessages('waitForDeadLetter', wanted, options);
    const path = `/dead-letters/${encodeURIComponent(topicOrGroup)}`;
    const what = `dead letters in '${topicOrGroup}'`;
    return this.#untilMessages('waitForDeadLetter', what, path, wanted as number, options as QueueMessagesOptions);
  }

  async waitForQueue(group: string, expected: ExpectedQueue = {}, options: WaitOptions = {}): Promise<Queue> {
    checkQueueWait(expected, options);
    await this.#there('waitForQueue', `the queue of group '${group}'`, options, 'queue', { group, ...expected });
    return this.queue(group);
  }

  waitForMessages<Value = AnyJson, OwnHeaders = Headers>(
    topic: string,
    wanted: number | MessagePredicate<Value, OwnHeaders> = 1,
    options: MessageWaitOptions<Value, OwnHeaders> = {},
  ): Promise<TestMessage<Value, OwnHeaders>[]> {
    checkMessageWait(wanted, options);
    const { where, isolation } = options as MessageWaitOptions;
    const begin = (): SoughtMessages => new SoughtMessages(wanted as number | MessagePredicate, where);
    let sought = begin();
    const result = () => sought.result as TestMessage<Value, OwnHeaders>[] | undefined;
    const looked = {
      what: sought.describe(topic),
      place: this.calledAt('waitForMessages'),
      timeoutMs: timeoutOf(options),
      look: result,
      lastLook: () => {
        sought = begin();
        sought.add(this.messages(topic, isolation === undefined ? {} : { isolation }));
        return result();
      },
      found: () => `found ${sought.found}\n${this.describe(topic)}`,
    };
    return this.waits.messages(looked, { topic, isolation }, (messages) => sought.add(messages));
  }

  expectNoMessages<Value = AnyJson, OwnHeaders = Headers>(
    topic: string,
    options: NoMessagesOptions<Value, OwnHeaders> = {},
  ): Promise<void> {
    checkNoMessages(options);
    const { within = DEFAULT_WITHIN_MS, where, isolation } = options;
    const timeoutMs = milliseconds(within);
    const wanted = { what: `no messages in '${topic}'`, place: this.calledAt('expectNoMessages'), timeoutMs };
    if (where === undefined) return this.waits.there(wanted, 'none', { topic, within, isolation });
    const now = (): TestMessage[] => this.messages(topic, isolation === undefined ? {} : { isolation });
    const report = (): string => this.describe(topic);
    const unwanted = { where: where as unknown as (message: TestMessage) => boolean, now, report };
    return this.waits.none(wanted, { topic, isolation }, unwanted);
  }

  waitForGroup(id: string, expected: ExpectedGroup = {}, options: WaitOptions = {}): Promise<Group> {
    checkGroupWait(id, expected, options);
    return this.#there('waitForGroup', `group '${id}'`, options, 'group', { group: id, ...expected });
  }

  waitForCommit(group: string, expected: ExpectedCommit = {}, options: WaitOptions = {}): Promise<CommittedOffset> {
    checkCommitWait(expected, options);
    return this.#there('waitForCommit', `group '${group}' to commit`, options, 'commit', { group, ...expected });
  }

  waitForLag(group: string, lag = 0, options: WaitOptions = {}): Promise<Group> {
    checkLagWait(lag, options);
    return this.#there('waitForLag', `group '${group}' to have read its topics`, options, 'lag', { group, lag });
  }

  waitForDenied(expected: ExpectedDenial = {}, options: WaitOptions = {}): Promise<Denial> {
    checkDenial('waitForDenied', expected);
    return this.#there('waitForDenied', `a refusal of ${expectedWords(expected)}`, options, 'denied', { ...expected });
  }

  waitForThrottled(expected: ExpectedThrottle = {}, options: WaitOptions = {}): Promise<Throttle> {
    checkThrottle('waitForThrottled', expected);
    const what = `a throttle of ${expectedWords(expected)}`;
    return this.#there('waitForThrottled', what, options, 'throttled', { ...expected });
  }

  waitForIdle(options: IdleOptions = {}): Promise<void> {
    checkIdleWait(options);
    const { quiet } = options;
    return this.#there('waitForIdle', 'a time without activity', options, 'idle', { quiet });
  }

  waitUntil<T>(condition: () => T | undefined | false | null, options: UntilOptions = {}): Promise<T> {
    checkUntil(condition, options);
    const look = (): T | undefined => {
      const found = condition();
      checkAnswer(found);
      return found === false || found === null ? undefined : found;
    };
    return this.waits.until({
      what: options.what ?? 'the condition to hold',
      place: this.calledAt('waitUntil'),
      timeoutMs: timeoutOf(options),
      look,
      found: () => `found that it does not\n${this.describe()}`,
    });
  }

  /** Asks for all messages of a path whenever something may have changed, until there are enough. */
  #untilMessages<Value, OwnHeaders>(
    method: keyof this,
    what: string,
    path: string,
    wanted: number | MessagePredicate,
    options: QueueMessagesOptions,
  ): Promise<TestMessage<Value, OwnHeaders>[]> {
    let sought = new SoughtMessages(wanted, options.where);
    return this.waits.until({
      what,
      place: this.calledAt(method),
      timeoutMs: timeoutOf(options),
      look: () => {
        sought = new SoughtMessages(wanted, options.where);
        sought.add(this.port.get<MessageJson[]>(path).map(messageFromJson));
        return sought.result as TestMessage<Value, OwnHeaders>[] | undefined;
      },
      found: () => `found ${sought.found}\n${this.describe()}`,
    });
  }

  #there<T>(method: keyof this, what: string, options: WaitOptions, path: string, body: object): Promise<T> {
    const timeoutMs = timeoutOf(options);
    const wanted = { what, place: this.calledAt(method), timeoutMs };
    return this.waits.there(wanted, path, { ...body, timeout: timeoutMs });
  }

  protected calledAt(method: keyof this): CallPlace {
    return callPlace(this[method] as () => unknown);
  }
}
