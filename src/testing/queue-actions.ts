/** What a test does to a share group's queue by hand: locks run out, records are taken back, dead letters produced again. */
import { isOriginal, letterFacts, type LetterFacts } from '../insight/dead-letter.ts';
import type { InFlightPlace } from '../share/delivery-view.ts';
import type { BrokerView } from './broker-view.ts';
import { checkKeys, type KeysOf } from './known-keys.ts';
import type { MessageToProduce, TestMessage } from './message.ts';
import type { InFlightFilter, Queue } from './queue.ts';

const FILTER: KeysOf<InFlightFilter> = { topic: true, partition: true, offset: true, memberId: true, clientId: true };

export function queueActions(
  broker: BrokerView,
  group: string,
  changed: () => void,
): Pick<Queue, 'expireLocks' | 'release'> {
  const act = (what: string, filter: InFlightFilter): number => {
    checkKeys(what, filter, FILTER);
    const isMeant = meaning(broker, group, filter);
    let count = 0;
    for (const delivery of broker.deliveries()) count += delivery.takeBack(group, isMeant);
    changed();
    return count;
  };
  return {
    expireLocks: (filter = {}) => act('expireLocks', filter),
    release: (filter = {}) => act('release', filter),
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
  topics(): string[];
  messages(topic: string, options?: { partition?: number; from?: number; limit?: number }): TestMessage[];
  produce(topic: string, messages: readonly MessageToProduce[]): Promise<unknown>;
}

/** A dead letter without the record itself is looked up where it came from, while it is still there. */
export async function redrive(kafka: Redriven, group: string, topic: string): Promise<number> {
  if (!kafka.topics().includes(topic)) {
    throw new Error(`there is no topic '${topic}' with dead letters; topics: ${kafka.topics().join(', ') || 'none'}`);
  }
  let count = 0;
  for (const letter of kafka.messages(topic)) {
    const facts = originalOf(kafka, letter);
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

/** What a dead letter says, and the record that it is about where that is still there; null where it is no dead letter. */
export function originalOf(
  kafka: Pick<Redriven, 'messages'>,
  letter: TestMessage,
): (LetterFacts & { readonly original: TestMessage | null }) | null {
  const facts = letterFacts((name) => letter.headers[name] ?? undefined);
  if (facts === null) return null;
  const { topic, partition, offset } = facts.source;
  const [stored] = kafka.messages(topic, { partition, from: offset, limit: 1 });
  const isThere = stored?.offset === offset && isOriginal(bytesOf(stored), bytesOf(letter));
  return { ...facts, original: isThere ? stored : null };
}

function bytesOf({ keyBytes: key, valueBytes: value }: TestMessage) {
  return { key, value };
}
