/**
 * What vitest and jest learn to expect of a broker, as plain functions: `expect.extend(matchers)`. They look at what is there
 * now; wait first where it may still be on its way.
 */
import type { ApiName, Part, RequestBody } from './api-names.ts';
import { isLike } from './likeness.ts';
import type { TestMessage } from './message.ts';
import { count, groupLine } from './failure-report.ts';
import type { TestBroker } from './test-broker.ts';

/** What a message must say, as far as it is written here; a value that is an object is compared with the value's JSON. */
export interface ExpectedMessage {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly partition?: number;
  readonly offset?: number;
}

export interface ExpectedCommitOf {
  readonly topic: string;
  /** 0 unless given. */
  readonly partition?: number;
  /** Exactly this one; any unless given. */
  readonly offset?: number;
}

/** What `expect(kafka)` can say; vitest's and jest's own types take it up in `ottla/vitest` and `ottla/jest`. */
export interface KafkaMatchers<R> {
  /** A message like this is in the topic; any message where nothing is said of it. */
  toHaveMessage(topic: string, expected?: ExpectedMessage): R;
  /** The group has committed an offset of this partition. */
  toHaveCommitted(group: string, expected: ExpectedCommitOf): R;
  /** A client has sent such a request, `times` times where that is given. */
  toHaveReceived<Name extends ApiName>(
    api: Name,
    request?: Part<RequestBody<Name>>,
    options?: { readonly times?: number },
  ): R;
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

const SHOWN = 20;

function isLikeMessage(message: TestMessage, { value, ...rest }: ExpectedMessage): boolean {
  if (!isLike(message, rest)) return false;
  if (value === undefined) return true;
  const isText = typeof value !== 'object' || value === null || value instanceof RegExp || ArrayBuffer.isView(value);
  if (ArrayBuffer.isView(value)) return isLike(message.valueBytes, value);
  return isText || 'asymmetricMatch' in value
    ? isLike(message.value, value) || isLikeJson(message, value)
    : isLikeJson(message, value);
}

function isLikeJson(message: TestMessage, value: unknown): boolean {
  try {
    return isLike(message.json, value);
  } catch {
    return false; // no JSON
  }
}

function toHaveMessage(received: unknown, topic: string, expected: ExpectedMessage = {}): MatcherResult {
  const kafka = brokerOf(received, 'toHaveMessage');
  const messages = kafka.messages(topic);
  const pass = messages.some((message) => isLikeMessage(message, expected));
  const shown = messages.slice(-SHOWN).map((message) => `\n  ${String(message)}`);
  const there = messages.length === 0 ? `\n${kafka.describe(topic)}` : shown.join('');
  return {
    pass,
    message: () =>
      `expected topic '${topic}' ${pass ? 'not ' : ''}to have a message like ${JSON.stringify(expected)}; ` +
      `it has ${count(messages.length, 'message')}:${there}`,
  };
}

function toHaveCommitted(received: unknown, group: string, expected: ExpectedCommitOf): MatcherResult {
  const kafka = brokerOf(received, 'toHaveCommitted');
  const { topic, partition = 0, offset } = expected;
  const found = kafka.group(group);
  const pass = found.offsets.some(
    (one) => one.topic === topic && one.partition === partition && (offset ?? one.offset) === one.offset,
  );
  const what = `${topic}[${partition}]${offset === undefined ? '' : ` at offset ${offset}`}`;
  return {
    pass,
    message: () =>
      `expected group '${group}' ${pass ? 'not ' : ''}to have committed ${what}; there is\n${groupLine(found)}`,
  };
}

function toHaveReceived<Name extends ApiName>(
  received: unknown,
  api: Name,
  request?: Part<RequestBody<Name>>,
  { times }: { readonly times?: number } = {},
): MatcherResult {
  const { traffic } = brokerOf(received, 'toHaveReceived');
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
        `expected the broker ${pass ? 'not ' : ''}to have received ${api}${like}${wanted}; ` +
        `${found.length} of ${count(traffic.of(api).length, 'such request')} fit:\n${shown.join('\n')}`
      );
    },
  };
}

function brokerOf(received: unknown, matcher: string): TestBroker {
  // Not by class: a test runner may have loaded it twice.
  if (typeof (received as Partial<TestBroker> | null)?.waitForIdle === 'function') return received as TestBroker;
  throw new TypeError(`expect(…).${matcher} is about a broker: write expect(kafka), with what startBroker answered`);
}

/** For `expect.extend(matchers)`. */
export const matchers = { toHaveMessage, toHaveCommitted, toHaveReceived };
