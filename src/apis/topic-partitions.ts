/** Separates the partitions of a request into those that exist and those that do not. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ClusterImage } from '../cluster/image.ts';
import { allOf, andThen, type Answer } from '../coordination/answers.ts';
import type { Access } from '../security/access.ts';
import { read } from '../security/needs.ts';
import { eachInPieces, inPieces, whenDone, type Pieces } from '../platform/pieces.ts';

interface NamedTopic<P> {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly P[];
}

export interface PartitionError {
  readonly partitionIndex: number;
  readonly errorCode: number;
}

interface TopicErrors {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: PartitionError[];
}

/** Finds topics by name, or with `byId` by id. Those found have both. `refusalOf` is asked of those that have a name. */
export function sortTopics<P extends { readonly partitionIndex: number }>(
  image: ClusterImage,
  topics: readonly NamedTopic<P>[],
  byId: boolean,
  refusalOf: (name: string) => number,
): Pieces<{ known: NamedTopic<P>[]; unknown: TopicErrors[] }> {
  const known: NamedTopic<P>[] = [];
  const unknown: TopicErrors[] = [];
  const sorted = eachInPieces(topics, ({ name, topicId, partitions }) => {
    const topic = byId ? image.topicsById.get(topicId) : image.topicsByName.get(name);
    const identity = { name: topic?.name ?? name, topicId: topic?.id ?? topicId };
    const isNameless = topic === undefined && byId;
    const refused = isNameless ? ErrorCode.NONE : refusalOf(identity.name);
    const errorCode = refused || (isNameless ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const present: P[] = [];
    const missing: PartitionError[] = [];
    const each = eachInPieces(partitions, (partition) => {
      const { partitionIndex } = partition;
      if (refused === ErrorCode.NONE && topic?.partitions[partitionIndex] !== undefined) present.push(partition);
      else missing.push({ partitionIndex, errorCode });
    });
    return whenDone(each, () => {
      if (missing.length > 0) unknown.push({ ...identity, partitions: missing });
      if (present.length > 0) known.push({ ...identity, partitions: present });
    });
  });
  return whenDone(sorted, () => ({ known, unknown }));
}

/** Of topics that the client may not read. */
export function readRefusal(access: Access | null, apiName: string): (name: string) => number {
  return (name) => access?.errorOf(read.topic(name), apiName) ?? ErrorCode.NONE;
}

/** What is done with partitions at once: a batch of so many records is written in a few milliseconds. */
const PARTITIONS_AT_ONCE = 1000;

interface Part<P> {
  readonly topics: NamedTopic<P>[];
  /** Its first topic is the one that ends the part before. */
  readonly isCut: boolean;
}

/**
 * What `act` makes of the partitions of `topics`, asked for a part of them at a time: each stands by itself, as if a request had named
 * no others.
 */
export function inParts<P, T extends { readonly partitions: unknown[] }>(
  topics: readonly NamedTopic<P>[],
  act: (part: readonly NamedTopic<P>[]) => Answer<T[]>,
): Pieces<Answer<T[]>> {
  let partitions = 0;
  for (const topic of topics) partitions += topic.partitions.length;
  return partitions <= PARTITIONS_AT_ONCE ? inPieces(act(topics)) : inManyParts(topics, act);
}

function* inManyParts<P, T extends { readonly partitions: unknown[] }>(
  topics: readonly NamedTopic<P>[],
  act: (part: readonly NamedTopic<P>[]) => Answer<T[]>,
): Pieces<Answer<T[]>> {
  const parts = [...partsOf(topics)];
  const answers: Answer<T[]>[] = [];
  for (const part of parts) {
    answers.push(act(part.topics));
    yield;
  }
  return andThen(allOf(answers), (all) => {
    const joined: T[] = [];
    for (const [i, answered] of all.entries()) {
      for (const [at, topic] of answered.entries()) {
        if (at > 0 || !parts[i].isCut || joined.length === 0) joined.push(topic);
        else for (const partition of topic.partitions) joined.at(-1)!.partitions.push(partition);
      }
    }
    return joined;
  });
}

function* partsOf<P>(topics: readonly NamedTopic<P>[]): Generator<Part<P>, void, void> {
  let part: Part<P> = { topics: [], isCut: false };
  let room = PARTITIONS_AT_ONCE;
  for (const topic of topics) {
    for (let from = 0; from < topic.partitions.length;) {
      if (room === 0) {
        yield part;
        part = { topics: [], isCut: from > 0 };
        room = PARTITIONS_AT_ONCE;
      }
      const partitions = topic.partitions.slice(from, from + room);
      part.topics.push({ ...topic, partitions });
      from += partitions.length;
      room -= partitions.length;
    }
  }
  yield part;
}

/** Merges both into one response with each topic once; as in Kafka, refused partitions come first. */
export function mergeTopics<T extends { readonly name: string; readonly partitions: PartitionError[] }>(
  unknown: readonly TopicErrors[],
  answered: readonly T[],
): Pieces<(T | TopicErrors)[]> {
  return unknown.length === 0 ? inPieces([...answered]) : mergeInPieces(unknown, answered);
}

function* mergeInPieces<T extends { readonly name: string; readonly partitions: PartitionError[] }>(
  unknown: readonly TopicErrors[],
  answered: readonly T[],
): Pieces<(T | TopicErrors)[]> {
  const merged = new Map<string, T | TopicErrors>();
  for (const topic of unknown) merged.set(topic.name === '' ? topic.topicId : topic.name, topic);
  // A request may name a topic a million times: each is added to, not made anew.
  const own = new Set<T | TopicErrors>();
  yield* eachInPieces(answered, (topic) => {
    const before = merged.get(topic.name);
    if (before !== undefined && own.has(before)) {
      for (const partition of topic.partitions) before.partitions.push(partition);
      return;
    }
    const first = { ...topic, partitions: [...(before?.partitions ?? []), ...topic.partitions] };
    own.add(first);
    merged.set(topic.name, first);
  });
  return [...merged.values()];
}
