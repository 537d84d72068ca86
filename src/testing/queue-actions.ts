/** What a test does to a share group's queue by hand: locks run out, records are taken back, dead letters produced again. */
import type { InFlightPlace } from '../share/delivery-view.ts';
import type { BrokerView } from './broker-view.ts';
import type { TopicPartition } from './group.ts';
import type { MessageToProduce, TestMessage } from './message.ts';
import { DEAD_LETTER } from './queue-words.ts';
import type { InFlightFilter, Queue } from './queue.ts';

export function queueActions(
  broker: BrokerView,
  group: string,
  changed: () => void,
): Pick<Queue, 'expireLocks' | 'release'> {
  const act = (filter: InFlightFilter): number => {
    const isMeant = meaning(broker, group, filter);
    let count = 0;
    for (const delivery of broker.deliveries()) count += delivery.takeBack(group, isMeant);
    changed();
    return count;
  };
  return {
    expireLocks: (filter = {}) => act(filter),
    release: (filter = {}) => act(filter),
  };
}

function meaning(broker: BrokerView, group: string, filter: InFlightFilter): (place: InFlightPlace) => boolean {
  const { topicsById } = broker.parts.metadata.image;
  const clients = new Map(
    broker.parts.groups.share.describe(group).members.map(({ memberId, clientId }) => [memberId, clientId]),
  );
  const { topic, partition, offset, memberId, clientId } = filter;
  return (place) =>
    (topic === undefined || topicsById.get(place.topicId)?.name === topic) &&
    (partition ?? place.partition) === place.partition &&
    (offset ?? place.offset) === place.offset &&
    (memberId ?? place.memberId) === place.memberId &&
    (clientId === undefined || clients.get(place.memberId ?? '') === clientId);
}

interface Redriven {
  messages(topic: string, options?: { partition?: number; from?: number; limit?: number }): TestMessage[];
  produce(topic: string, messages: readonly MessageToProduce[]): Promise<unknown>;
}

/** A dead letter without the record itself is looked up where it came from, while it is still there. */
export async function redrive(kafka: Redriven, group: string, topic: string): Promise<number> {
  let count = 0;
  for (const letter of kafka.messages(topic)) {
    const facts = letterFacts(kafka, letter);
    if (facts === null || facts.group !== group) continue;
    const original = facts.original ?? (letter.value === null ? null : letter);
    if (original === null) continue;
    const { keyBytes, valueBytes } = original;
    const headers = Object.fromEntries(Object.entries(original.headers).filter(([name]) => !name.startsWith('__dlq.')));
    const { topic: from, partition } = facts.source;
    await kafka.produce(from, [{ key: keyBytes, value: valueBytes, headers, partition }]);
    count++;
  }
  return count;
}

/** What a dead letter says of the record that could not be delivered, and that record where it is still there. */
export interface LetterFacts {
  readonly group: string;
  readonly cause: string;
  readonly deliveries: number;
  readonly source: TopicPartition & { readonly offset: number };
  readonly original: TestMessage | null;
}

/** Null where it is no dead letter. */
export function letterFacts(kafka: Pick<Redriven, 'messages'>, { headers }: TestMessage): LetterFacts | null {
  const text = (name: string): string => headers[`${DEAD_LETTER}${name}`] ?? '';
  if (text('topic') === '') return null;
  const source = { topic: text('topic'), partition: Number(text('partition')), offset: Number(text('offset')) };
  const [stored] = kafka.messages(source.topic, { partition: source.partition, from: source.offset, limit: 1 });
  return {
    group: text('group'),
    cause: text('message'),
    deliveries: Number(text('delivery.count')),
    source,
    original: stored?.offset === source.offset ? stored : null,
  };
}
