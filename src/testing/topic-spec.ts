/** A topic as tests ask for it. */
import type { Content, MessageToProduce } from './message.ts';

/** The place of a file: `new URL('orders.json', import.meta.url)`. */
export interface FileUrl {
  readonly href: string;
}

export interface TopicSpec {
  readonly name: string;
  /** 1 unless given. */
  readonly partitions?: number;
  /** As many as there are brokers unless given. */
  readonly replicationFactor?: number;
  /** By Kafka's names: `{ 'cleanup.policy': 'compact', 'retention.ms': 60_000 }`. */
  readonly configs?: Readonly<Record<string, string | number | boolean>>;
  /** What is in it from the beginning: messages, or a JSON or NDJSON file of them; see `seed`. */
  readonly messages?: readonly (MessageToProduce | Content)[] | string | FileUrl;
}
