/**
 * What a decoded request or response speaks about, whatever its API: topics, partitions, groups, transactional ids. By the
 * names of fields, which Kafka's messages share: so that one rule works on forty requests. Pure.
 */
import { ZERO_UUID } from '../../protocol/schema.ts';

/** A decoded message or a part of it. */
export type Body = Readonly<Record<string, unknown>>;

/** `partition` is -1 where the message speaks of the topic as a whole. */
export interface Spoken {
  readonly topic: string;
  readonly partition: number;
}

/** The name of a topic id; undefined where no topic has it. */
export type TopicNames = (topicId: string) => string | undefined;

const TOPIC_LISTS = new Set([
  'topics',
  'topicData',
  'responses',
  'results',
  'topicPartitions',
  'topicResults',
  'v3AndBelowTopics',
  'resultsByTopicV3AndBelow',
]);
const PARTITION_LISTS = new Set([
  'partitions',
  'partitionData',
  'partitionResponses',
  'partitionIndexes',
  'resultsByPartition',
]);
const GROUP_LISTS = ['groups', 'groupIds', 'groupsNames'];

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function topicOf(entry: Body, names: TopicNames): string | undefined {
  const said = entry.name ?? entry.topic ?? entry.topicName;
  if (typeof said === 'string' && said !== '') return said;
  const { topicId } = entry;
  return typeof topicId === 'string' && topicId !== ZERO_UUID ? (names(topicId) ?? topicId) : undefined;
}

function indexOf(entry: unknown): number {
  if (typeof entry === 'number') return entry;
  if (!isBody(entry)) return -1;
  const index = entry.partitionIndex ?? entry.partition ?? entry.index;
  return typeof index === 'number' ? index : -1;
}

function isTopicList(key: string, value: unknown): value is Body[] {
  return TOPIC_LISTS.has(key) && Array.isArray(value) && value.every(isBody);
}

function partitionsOf(topic: Body): [string, unknown[]] | null {
  const found = Object.entries(topic).find(([key, value]) => PARTITION_LISTS.has(key) && Array.isArray(value));
  return found === undefined ? null : [found[0], found[1] as unknown[]];
}

/** Every topic and partition it names, in its order. */
export function spokenOf(body: Body, names: TopicNames): Spoken[] {
  return Object.entries(body).flatMap(([key, value]) => {
    if (isTopicList(key, value)) {
      return value.flatMap((entry) => {
        const topic = topicOf(entry, names);
        if (topic === undefined) return [];
        const partitions = partitionsOf(entry);
        if (partitions === null) return [{ topic, partition: -1 }];
        return partitions[1].map((each) => ({ topic, partition: indexOf(each) }));
      });
    }
    return Array.isArray(value) ? value.filter(isBody).flatMap((inner) => spokenOf(inner, names)) : [];
  });
}

/** The same message with those partitions only that `keep` wants; topics without any left go. */
export function only(body: Body, names: TopicNames, keep: (spoken: Spoken) => boolean): Body {
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => {
      if (isTopicList(key, value)) return [key, value.flatMap((entry) => keptOf(entry, names, keep))];
      if (!Array.isArray(value)) return [key, value];
      return [key, value.map((inner) => (isBody(inner) ? only(inner, names, keep) : inner))];
    }),
  );
}

function keptOf(entry: Body, names: TopicNames, keep: (spoken: Spoken) => boolean): Body[] {
  const topic = topicOf(entry, names);
  if (topic === undefined) return [entry];
  const partitions = partitionsOf(entry);
  if (partitions === null) return keep({ topic, partition: -1 }) ? [entry] : [];
  const [key, list] = partitions;
  const kept = list.filter((each) => keep({ topic, partition: indexOf(each) }));
  return kept.length > 0 ? [{ ...entry, [key]: kept }] : [];
}

/** Changes the entries of partitions in a response; of topics where it speaks of no partitions. */
export function changed(body: Body, names: TopicNames, change: (entry: Body, spoken: Spoken) => Body): Body {
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => {
      if (isTopicList(key, value)) return [key, value.map((entry) => changedTopic(entry, names, change))];
      if (!Array.isArray(value)) return [key, value];
      return [key, value.map((inner) => (isBody(inner) ? changed(inner, names, change) : inner))];
    }),
  );
}

function changedTopic(entry: Body, names: TopicNames, change: (entry: Body, spoken: Spoken) => Body): Body {
  const topic = topicOf(entry, names);
  if (topic === undefined) return entry;
  const partitions = partitionsOf(entry);
  if (partitions === null) return change(entry, { topic, partition: -1 });
  const [key, list] = partitions;
  const changedList = list.map((each) => (isBody(each) ? change(each, { topic, partition: indexOf(each) }) : each));
  return { ...entry, [key]: changedList };
}

/** One answer of two that speak of different partitions; what else they say is that of the first. */
export function merged(answer: Body, more: Body): Body {
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]) => {
      const others = more[key];
      if (isTopicList(key, value) && isTopicList(key, others)) return [key, mergedTopics(value, others)];
      if (!Array.isArray(value) || !Array.isArray(others)) return [key, value];
      return [key, value.map((inner, i) => (isBody(inner) && isBody(others[i]) ? merged(inner, others[i]) : inner))];
    }),
  );
}

function mergedTopics(topics: readonly Body[], more: readonly Body[]): Body[] {
  const result = [...topics];
  for (const topic of more) {
    const at = result.findIndex((each) => identityOf(each) === identityOf(topic));
    const partitions = partitionsOf(topic);
    if (at < 0 || partitions === null) {
      result.push(topic);
      continue;
    }
    const [key, list] = partitions;
    result[at] = { ...result[at], [key]: [...((result[at][key] as unknown[] | undefined) ?? []), ...list] };
  }
  return result;
}

function identityOf(topic: Body): string {
  return JSON.stringify([topic.name ?? topic.topic, topic.topicId]);
}

/** The groups that a request is about. */
export function groupsOf(body: Body): string[] {
  const listed = GROUP_LISTS.flatMap((key) => (Array.isArray(body[key]) ? (body[key] as unknown[]) : []));
  const named = [body.groupId, ...listed.map((each) => (isBody(each) ? each.groupId : each))];
  return [...named, ...(body.keyType === 0 ? keysOf(body) : [])].filter(
    (each): each is string => typeof each === 'string' && each !== '',
  );
}

/** The transactional ids that a request is about. */
export function transactionalIdsOf(body: Body): string[] {
  const listed = Array.isArray(body.transactionalIds) ? (body.transactionalIds as unknown[]) : [];
  const transactions = Array.isArray(body.transactions) ? (body.transactions as unknown[]) : [];
  const named = [
    body.transactionalId,
    body.v3AndBelowTransactionalId,
    ...listed,
    ...transactions.map((each) => (isBody(each) ? each.transactionalId : each)),
  ];
  return [...named, ...(body.keyType === 1 ? keysOf(body) : [])].filter(
    (each): each is string => typeof each === 'string' && each !== '',
  );
}

function keysOf(body: Body): unknown[] {
  return [body.key, ...(Array.isArray(body.coordinatorKeys) ? (body.coordinatorKeys as unknown[]) : [])];
}

/** Every error code in a response but 0, each with what it is about: a topic, a partition, or ''. */
export function errorsOf(body: Body, names: TopicNames, about = ''): { about: string; code: number }[] {
  const code = body.errorCode ?? body.partitionErrorCode;
  const own = typeof code === 'number' && code !== 0 ? [{ about, code }] : [];
  const inner = Object.values(body).flatMap((value) => {
    if (!Array.isArray(value)) return [];
    return value.filter(isBody).flatMap((entry) => {
      const topic = topicOf(entry, names);
      const index = indexOf(entry);
      const group = typeof entry.groupId === 'string' ? entry.groupId : about;
      const place = index >= 0 ? `${about}[${index}]` : (topic ?? group);
      return errorsOf(entry, names, place);
    });
  });
  return [...own, ...inner];
}
