/**
 * What vitest and jest learn to expect of a broker, as plain functions: `expect.extend(matchers)`. They look at what is there
 * now; wait first where it may still be on its way.
 */
import { count } from '../insight/words.ts';
import type { ApiName, Part, RequestBody } from './api-names.ts';
import { groupLine } from './failure-report.ts';
import { checkKeys, type KeysOf } from './known-keys.ts';
import type { TestMessage } from './message.ts';
import { closest, differencesOf, isLikeMessage, shownAs, type ExpectedMessage } from './message-likeness.ts';
import { deliveryWords, findDelivery, isAbout, isDeadLetter, rangeWords } from './queue-words.ts';
import {
  checkDenial,
  checkThrottle,
  denialWords,
  expectedWords,
  isDenial,
  isThrottle,
  throttleWords,
  type ExpectedDenial,
  type ExpectedThrottle,
} from './refusals.ts';
import type { TestBroker } from './test-broker.ts';

export type { ExpectedMessage };

export interface ExpectedCommitOf {
  readonly topic: string;
  /** 0 unless given. */
  readonly partition?: number;
  /** Exactly this one; any unless given. */
  readonly offset?: number;
}

export interface ReceivedOptions {
  /** Exactly so many times; once or more unless given. */
  readonly times?: number;
}

/** What `expect(kafka)` can say; vitest's and jest's own types take it up in `ottla/vitest` and `ottla/jest`. */
export interface KafkaMatchers<R> {
  /** A message like this is in the topic; any message where nothing is said of it. */
  toHaveMessage(topic: string, expected?: ExpectedMessage): R;
  /** These messages are in the topic, and no others, in this order: that of their timestamps where there are partitions. */
  toHaveMessages(topic: string, expected: readonly ExpectedMessage[]): R;
  /** The group has committed an offset of this partition. */
  toHaveCommitted(group: string, expected: ExpectedCommitOf): R;
  /** The share group has accepted such a record. */
  toHaveAcknowledged(group: string, expected: ExpectedRecordOf): R;
  /** Such a record has been handed out to the share group, so often or more often. */
  toHaveDelivered(group: string, expected: ExpectedDeliveryOf): R;
  /** A dead letter like this is in the topic; any where nothing is said of it. */
  toHaveDeadLetter(topic: string, expected?: ExpectedMessage): R;
  /** A client was denied this; `not.toHaveDenied()`: none was denied anything. */
  toHaveDenied(expected?: ExpectedDenial): R;
  /** A client was throttled. */
  toHaveThrottled(expected?: ExpectedThrottle): R;
  /** A client has sent such a request, `times` times where that is given. */
  toHaveReceived<Name extends ApiName>(api: Name, request?: Part<RequestBody<Name>>, options?: ReceivedOptions): R;
}

/** Which record of a share group is meant; all that is said must hold. */
export interface ExpectedRecordOf {
  readonly topic: string;
  /** Any unless given. */
  readonly partition?: number;
  /** Any unless given. */
  readonly offset?: number;
}

export interface ExpectedDeliveryOf extends ExpectedRecordOf {
  /** So often, or more often; once unless given. */
  readonly deliveries?: number;
}

function toHaveDenied(received: unknown, expected: ExpectedDenial = {}): MatcherResult {
  const { denials } = brokerOf(received, 'toHaveDenied').refusals;
  checkDenial('toHaveDenied', expected);
  const found = denials.filter((one) => isDenial(one, expected));
  return told(`denied ${expectedWords(expected)}`, found.map(denialWords), denials.map(denialWords));
}

function toHaveThrottled(received: unknown, expected: ExpectedThrottle = {}): MatcherResult {
  const { throttles } = brokerOf(received, 'toHaveThrottled').refusals;
  checkThrottle('toHaveThrottled', expected);
  const found = throttles.filter((one) => isThrottle(one, expected));
  return told(`throttled ${expectedWords(expected)}`, found.map(throttleWords), throttles.map(throttleWords));
}

/** What was found instead is told, or what should not be there. */
function told(what: string, found: readonly string[], all: readonly string[]): MatcherResult {
  const pass = found.length > 0;
  const lines = (pass ? found : all).slice(-SHOWN).map((line) => `\n  ${line}`);
  const start = `expected the broker ${pass ? 'not ' : ''}to have ${what}, found`;
  return { pass, message: () => `${start}${lines.join('') || ' nothing of the kind'}` };
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** As much of the matcher's `this` as both runners have. */
interface MatcherContext {
  readonly utils?: { diff?(expected: unknown, received: unknown): string | null | undefined };
}

const SHOWN = 20;
const MESSAGE: KeysOf<ExpectedMessage> = { key: true, value: true, headers: true, partition: true, offset: true };
const COMMIT: KeysOf<ExpectedCommitOf> = { topic: true, partition: true, offset: true };
const RECORD: KeysOf<ExpectedRecordOf> = { topic: true, partition: true, offset: true };
const DELIVERY: KeysOf<ExpectedDeliveryOf> = { ...RECORD, deliveries: true };
const RECEIVED: KeysOf<ReceivedOptions> = { times: true };

function toHaveMessage(
  this: MatcherContext | void,
  received: unknown,
  topic: string,
  expected: ExpectedMessage = {},
): MatcherResult {
  const kafka = brokerOf(received, 'toHaveMessage');
  checkKeys('toHaveMessage', expected, MESSAGE);
  const messages = kafka.messages(topic);
  const pass = messages.some((message) => isLikeMessage(message, expected));
  return {
    pass,
    message: () => {
      const start = `expected topic '${topic}' ${pass ? 'not ' : ''}to have a message like ${JSON.stringify(expected)}`;
      const near = closest(messages, expected);
      if (pass || near === undefined) return `${start}, found ${there(kafka, topic, messages)}`;
      const diff = difference(this, differencesOf(expected, near), shownAs(near, expected));
      return `${start}, found ${there(kafka, topic, messages)}\n\nthe nearest, ${place(near)}:\n${diff}`;
    },
  };
}

function toHaveMessages(
  this: MatcherContext | void,
  received: unknown,
  topic: string,
  expected: readonly ExpectedMessage[],
): MatcherResult {
  const kafka = brokerOf(received, 'toHaveMessages');
  if (!Array.isArray(expected)) throw new TypeError('toHaveMessages takes a list of messages; for one, toHaveMessage');
  for (const each of expected as readonly ExpectedMessage[]) checkKeys('toHaveMessages', each, MESSAGE);
  const messages = inOrder(kafka.messages(topic));
  const pass =
    messages.length === expected.length && messages.every((message, i) => isLikeMessage(message, expected[i]));
  return {
    pass,
    message: () => {
      const start = `expected topic '${topic}' ${pass ? 'not ' : ''}to have exactly ${count(expected.length, 'message')}, in order`;
      if (pass) return `${start}, found them`;
      const wanted = expected.map((each, i) => (messages[i] === undefined ? each : differencesOf(each, messages[i])));
      const found = messages.map((message, i) => shownAs(message, expected[i] ?? { key: null, value: null }));
      return `${start}, found ${count(messages.length, 'message')}\n${difference(this, wanted, found)}`;
    },
  };
}

function toHaveCommitted(received: unknown, group: string, expected: ExpectedCommitOf): MatcherResult {
  const kafka = brokerOf(received, 'toHaveCommitted');
  checkKeys('toHaveCommitted', expected, COMMIT);
  const { topic, partition = 0, offset } = expected;
  const found = kafka.group(group);
  const pass = found.offsets.some(
    (one) => one.topic === topic && one.partition === partition && (offset ?? one.offset) === one.offset,
  );
  const what = `${topic}[${partition}]${offset === undefined ? '' : ` at offset ${offset}`}`;
  return {
    pass,
    message: () =>
      `expected group '${group}' ${pass ? 'not ' : ''}to have committed ${what}, found\n${groupLine(found)}`,
  };
}

function toHaveAcknowledged(received: unknown, group: string, expected: ExpectedRecordOf): MatcherResult {
  const kafka = brokerOf(received, 'toHaveAcknowledged');
  checkKeys('toHaveAcknowledged', expected, RECORD);
  const { acknowledged } = kafka.queue(group);
  const pass = acknowledged.some((range) => isAbout(range, expected));
  const found = acknowledged.slice(-SHOWN).map(rangeWords).join(', ') || 'nothing accepted';
  const what = `expected group '${group}' ${pass ? 'not ' : ''}to have accepted ${deliveryWords(expected)}`;
  return { pass, message: () => `${what}, found ${found}\n${kafka.describe(expected.topic)}` };
}

function toHaveDelivered(received: unknown, group: string, expected: ExpectedDeliveryOf): MatcherResult {
  const kafka = brokerOf(received, 'toHaveDelivered');
  checkKeys('toHaveDelivered', expected, DELIVERY);
  const { delivered } = kafka.queue(group);
  const pass = findDelivery(delivered, expected) !== undefined;
  const found = delivered.slice(-SHOWN).map((range) => `${rangeWords(range)} (delivery ${range.deliveries})`);
  const what = `expected group '${group}' ${pass ? 'not ' : ''}to have been handed out ${deliveryWords(expected)}`;
  return { pass, message: () => `${what}, found ${found.join(', ') || 'nothing'}\n${kafka.describe(expected.topic)}` };
}

function toHaveDeadLetter(
  this: MatcherContext | void,
  received: unknown,
  topic: string,
  expected: ExpectedMessage = {},
): MatcherResult {
  const kafka = brokerOf(received, 'toHaveDeadLetter');
  checkKeys('toHaveDeadLetter', expected, MESSAGE);
  const letters = kafka.messages(topic).filter(isDeadLetter);
  const pass = letters.some((message) => isLikeMessage(message, expected));
  const what = `expected topic '${topic}' ${pass ? 'not ' : ''}to have a dead letter like ${JSON.stringify(expected)}`;
  return { pass, message: () => `${what}, found ${there(kafka, topic, letters)}` };
}

function toHaveReceived<Name extends ApiName>(
  received: unknown,
  api: Name,
  request?: Part<RequestBody<Name>>,
  options: ReceivedOptions = {},
): MatcherResult {
  const { traffic } = brokerOf(received, 'toHaveReceived');
  checkKeys('toHaveReceived', options, RECEIVED, { request: 'what the request says comes before the options' });
  const { times } = options;
  const found = traffic.of(api, request === undefined ? {} : { request });
  const pass = times === undefined ? found.length > 0 : found.length === times;
  const like = request === undefined ? '' : ` like ${JSON.stringify(request)}`;
  return {
    pass,
    message: () => {
      const all = traffic.of(api).slice(-SHOWN);
      const shown = all.length === 0 ? traffic.toString().split('\n').slice(-SHOWN) : all.map((one) => one.describe());
      const wanted = times === undefined ? '' : ` ${count(times, 'time')}`;
      return (
        `expected the broker ${pass ? 'not ' : ''}to have received ${api}${like}${wanted}, ` +
        `found ${found.length} among ${count(traffic.of(api).length, 'such request')}:\n${shown.join('\n')}`
      );
    },
  };
}

/** Partitions have an order of their own; between them it is that of time. */
function inOrder(messages: readonly TestMessage[]): TestMessage[] {
  return messages.toSorted((a, b) => (a.partition === b.partition ? a.offset - b.offset : a.timestamp - b.timestamp));
}

function there(kafka: TestBroker, topic: string, messages: readonly TestMessage[]): string {
  if (messages.length === 0) return `none:\n${kafka.describe(topic)}`;
  const shown = messages.slice(-SHOWN).map((message) => `\n  ${String(message)}`);
  return `${count(messages.length, 'message')}:${shown.join('')}`;
}

function place({ topic, partition, offset }: TestMessage): string {
  return `${topic}[${partition}]@${offset}`;
}

/** As the runner shows differences; as JSON where it does not. */
function difference(context: MatcherContext | void, expected: unknown, received: unknown): string {
  const shown = context?.utils?.diff?.(expected, received);
  return shown ?? `- expected ${JSON.stringify(expected)}\n+ received ${JSON.stringify(received)}`;
}

function brokerOf(received: unknown, matcher: string): TestBroker {
  // Not by class: a test runner may have loaded it twice.
  if (typeof (received as Partial<TestBroker> | null)?.waitForIdle === 'function') return received as TestBroker;
  throw new TypeError(`expect(…).${matcher} is about a broker: write expect(kafka), with what startBroker answered`);
}

/** For `expect.extend(matchers)`. */
export const matchers = {
  toHaveMessage,
  toHaveMessages,
  toHaveCommitted,
  toHaveAcknowledged,
  toHaveDelivered,
  toHaveDeadLetter,
  toHaveReceived,
  toHaveDenied,
  toHaveThrottled,
};
