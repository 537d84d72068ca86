/** What a test does to a share group's queue by hand: locks run out, records are taken back, dead letters produced again. */
import type { InFlightPlace } from '../share/delivery-view.ts';
import type { BrokerView } from './broker-view.ts';
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
    const source = sourceOf(letter);
    if (source === null || source.group !== group) continue;
    const [stored] = kafka.messages(source.topic, { partition: source.partition, from: source.offset, limit: 1 });
    const original = stored?.offset === source.offset ? stored : letter.value === null ? null : letter;
    if (original === null) continue;
    const { keyBytes, valueBytes } = original;
    const headers = Object.fromEntries(Object.entries(original.headers).filter(([name]) => !name.startsWith('__dlq.')));
    await kafka.produce(source.topic, [{ key: keyBytes, value: valueBytes, headers, partition: source.partition }]);
    count++;
  }
  return count;
}

function sourceOf({ headers }: TestMessage) {
  const [topic, partition, offset, group] = ['topic', 'partition', 'offset', 'group'].map(
    (name) => headers[`${DEAD_LETTER}${name}`],
  );
  if (typeof topic !== 'string' || typeof group !== 'string') return null;
  return { topic, group, partition: Number(partition), offset: Number(offset) };
}
