/** Messages between JSON and the broker: bytes that are no text travel as base64. */
import { isUtf8 } from 'node:buffer';
import type { z } from '@hono/zod-openapi';
import type { Content, MessageToProduce, TestMessage } from '../testing/message.ts';
import type { TopicSpec } from '../testing/topic-spec.ts';
import type { message, messageToProduce, topicSpec } from './schemas.ts';

export function messageFromJson(said: z.infer<typeof messageToProduce>): MessageToProduce {
  const { value, valueBase64, key, keyBase64, headers, partition, timestamp } = said;
  return {
    value: contentOf(value, valueBase64),
    ...(key === undefined && keyBase64 === undefined ? {} : { key: contentOf(key, keyBase64) }),
    ...(headers === undefined ? {} : { headers: headers as Record<string, Content> }),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
}

function contentOf(content: unknown, base64: string | undefined): Content {
  return base64 === undefined ? (content ?? null) : Buffer.from(base64, 'base64');
}

export function messageToJson(produced: TestMessage): z.infer<typeof message> {
  const { topic, partition, offset, timestamp, key, value, headers, keyBytes, valueBytes } = produced;
  return {
    topic,
    partition,
    offset,
    timestamp,
    key,
    value,
    headers: { ...headers },
    ...(keyBytes === null || isUtf8(keyBytes) ? {} : { keyBase64: Buffer.from(keyBytes).toString('base64') }),
    ...(valueBytes === null || isUtf8(valueBytes) ? {} : { valueBase64: Buffer.from(valueBytes).toString('base64') }),
  };
}

export function topicFromJson({ messages, ...spec }: z.infer<typeof topicSpec>): TopicSpec {
  return { ...spec, ...(messages === undefined ? {} : { messages: messages.map(messageFromJson) }) };
}
