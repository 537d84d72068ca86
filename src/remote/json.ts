/** Messages, topics and patterns as the control port has them. */
import type { AnyJson, Content, MessageToProduce, TestMessage } from '../testing/message.ts';
import { StoredMessage } from '../testing/stored-message.ts';
import type { TopicSpec } from '../testing/topic-spec.ts';
import { messageOf, messagesIn } from '../testing/topics.ts';

type Json = Readonly<Record<string, unknown>>;

export interface MessageJson {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string | null>>;
  /** There where the bytes are no UTF-8. */
  readonly keyBase64?: string;
  readonly valueBase64?: string;
}

export function messageFromJson(told: MessageJson): TestMessage<AnyJson, never> {
  const { topic, partition, offset, timestamp, headers } = told;
  const record = {
    offset,
    timestamp,
    key: bytesOf(told.key, told.keyBase64),
    value: bytesOf(told.value, told.valueBase64),
    headers: Object.entries(headers).map(([key, value]) => ({ key, value: bytesOf(value, undefined) })),
  };
  // Its headers are those that the test says it has.
  return new StoredMessage(topic, partition, record) as unknown as TestMessage<AnyJson, never>;
}

function bytesOf(text: string | null, base64: string | undefined): Buffer | null {
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  return text === null ? null : Buffer.from(text);
}

export function messageToJson(said: MessageToProduce | Content): Json {
  const { value, key, headers, partition, timestamp } = messageOf(said);
  return {
    ...contentToJson('value', value),
    ...(key === undefined ? {} : contentToJson('key', key)),
    ...(headers === undefined ? {} : { headers }),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestamp: Number(timestamp) }),
  };
}

function contentToJson(name: string, content: Content): Json {
  if (!ArrayBuffer.isView(content)) return { [name]: content };
  const { buffer, byteOffset, byteLength } = content;
  return { [`${name}Base64`]: Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64') };
}

/** Files of messages are read here: the broker may be on another machine. */
export function topicToJson(topic: string | TopicSpec): Json {
  if (typeof topic === 'string') return { name: topic };
  const { messages, ...spec } = topic;
  if (messages === undefined) return spec;
  const isFile = typeof messages === 'string' || 'href' in messages;
  return { ...spec, messages: (isFile ? messagesIn(messages) : messages).map(messageToJson) };
}

export function patternToJson(said: string | RegExp): string | { readonly matches: string } {
  return typeof said === 'string' ? said : { matches: said.source };
}

/** `name` as it was before patternToJson; {} where it was not said. */
export function patternIn(name: string, told: unknown): Readonly<Record<string, string | RegExp>> {
  if (told === undefined) return {};
  return { [name]: typeof told === 'string' ? told : new RegExp((told as { matches: string }).matches) };
}
