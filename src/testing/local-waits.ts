/** What a test waits for in a broker of its own process; each wait knows where the test began it. */
import { callPlace, type CallPlace } from './call-place.ts';
import type { CommittedOffset, Group } from './group.ts';
import { LocalCluster } from './local-cluster.ts';
import type { AnyJson, TestMessage } from './message.ts';
import type { QueueWaiters } from './queue-waiters.ts';
import type { RefusalWaiters } from './refusal-waiters.ts';
import type { Denial, ExpectedDenial, ExpectedThrottle, Throttle } from './refusals.ts';
import type { DeliveredRange, Queue } from './queue.ts';
import type { IdleOptions, MessagePredicate, MessageWaitOptions, NoMessagesOptions } from './wait-options.ts';
import type { ExpectedCommit, ExpectedDelivery, ExpectedGroup, ExpectedQueue } from './wait-options.ts';
import type { QueueMessagesOptions, UntilOptions, WaitOptions } from './wait-options.ts';
import type { Waiters } from './waiters.ts';

export abstract class LocalWaits extends LocalCluster {
  protected abstract readonly waiters: Waiters;
  protected abstract readonly queueWaiters: QueueWaiters;
  protected abstract readonly refusalWaiters: RefusalWaiters;

  waitForDenied(expected?: ExpectedDenial, options?: WaitOptions): Promise<Denial> {
    return this.refusalWaiters.forDenied(this.calledAt('waitForDenied'), expected, options);
  }

  waitForThrottled(expected?: ExpectedThrottle, options?: WaitOptions): Promise<Throttle> {
    return this.refusalWaiters.forThrottled(this.calledAt('waitForThrottled'), expected, options);
  }

  waitForAcknowledged<Value = AnyJson, OwnHeaders = TestMessage['headers']>(
    group: string,
    wanted?: number | MessagePredicate<Value, OwnHeaders>,
    options?: QueueMessagesOptions<Value, OwnHeaders>,
  ): Promise<TestMessage<Value, OwnHeaders>[]> {
    const place = this.calledAt('waitForAcknowledged');
    const found = this.queueWaiters.forAcknowledged(place, group, wanted as number, options as QueueMessagesOptions);
    return found as unknown as Promise<TestMessage<Value, OwnHeaders>[]>;
  }

  waitForDelivery(group: string, expected?: ExpectedDelivery, options?: WaitOptions): Promise<DeliveredRange> {
    return this.queueWaiters.forDelivery(this.calledAt('waitForDelivery'), group, expected, options);
  }

  waitForDeadLetter<Value = AnyJson, OwnHeaders = TestMessage['headers']>(
    topicOrGroup: string,
    wanted?: number | MessagePredicate<Value, OwnHeaders>,
    options?: QueueMessagesOptions<Value, OwnHeaders>,
  ): Promise<TestMessage<Value, OwnHeaders>[]> {
    const place = this.calledAt('waitForDeadLetter');
    const found = this.queueWaiters.forDeadLetter(
      place,
      topicOrGroup,
      wanted as number,
      options as QueueMessagesOptions,
    );
    return found as unknown as Promise<TestMessage<Value, OwnHeaders>[]>;
  }

  waitForQueue(group: string, expected?: ExpectedQueue, options?: WaitOptions): Promise<Queue> {
    return this.queueWaiters.forQueue(this.calledAt('waitForQueue'), group, expected, options);
  }

  waitForMessages<Value = AnyJson, OwnHeaders = TestMessage['headers']>(
    topic: string,
    wanted?: number | MessagePredicate<Value, OwnHeaders>,
    options?: MessageWaitOptions<Value, OwnHeaders>,
  ): Promise<TestMessage<Value, OwnHeaders>[]> {
    const place = this.calledAt('waitForMessages');
    const found = this.waiters.forMessages(place, topic, wanted as number, options as MessageWaitOptions);
    return found as unknown as Promise<TestMessage<Value, OwnHeaders>[]>;
  }

  expectNoMessages<Value = AnyJson, OwnHeaders = TestMessage['headers']>(
    topic: string,
    options?: NoMessagesOptions<Value, OwnHeaders>,
  ): Promise<void> {
    return this.waiters.forNoMessages(this.calledAt('expectNoMessages'), topic, options as NoMessagesOptions);
  }

  waitForGroup(id: string, expected?: ExpectedGroup, options?: WaitOptions): Promise<Group> {
    return this.waiters.forGroup(this.calledAt('waitForGroup'), id, expected, options);
  }

  waitForCommit(group: string, expected?: ExpectedCommit, options?: WaitOptions): Promise<CommittedOffset> {
    return this.waiters.forCommit(this.calledAt('waitForCommit'), group, expected, options);
  }

  waitForLag(group: string, lag?: number, options?: WaitOptions): Promise<Group> {
    return this.waiters.forLag(this.calledAt('waitForLag'), group, lag, options);
  }

  waitForIdle(options?: IdleOptions): Promise<void> {
    return this.waiters.forIdle(this.calledAt('waitForIdle'), options);
  }

  waitUntil<T>(condition: () => T | undefined | false | null, options?: UntilOptions): Promise<T> {
    return this.waiters.until(this.calledAt('waitUntil'), condition, options);
  }

  /** Where the test called this method: what is below it in the stack. */
  protected calledAt(method: keyof this): CallPlace {
    return callPlace(this[method] as () => unknown);
  }
}
