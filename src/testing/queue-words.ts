/** Deliveries and dead letters of share groups: what is meant by them, and how they are called. Pure. */
import { DEAD_LETTER } from '../insight/dead-letter.ts';
import type { TestMessage } from './message.ts';
import type { DeliveredRange, OffsetRange } from './queue.ts';
import type { ExpectedDelivery, ExpectedQueue } from './wait-options.ts';

export function isDeadLetter({ headers }: Pick<TestMessage, 'headers'>): boolean {
  return `${DEAD_LETTER}offset` in headers;
}

export function isAbout(
  range: OffsetRange,
  { topic, partition, offset }: Pick<ExpectedDelivery, 'topic' | 'partition' | 'offset'>,
): boolean {
  return (
    (topic ?? range.topic) === range.topic &&
    (partition ?? range.partition) === range.partition &&
    (offset === undefined || (range.first <= offset && offset <= range.last))
  );
}

/** jobs[0]@3, jobs[0]@3-7 */
export function rangeWords({ topic, partition, first, last }: OffsetRange): string {
  return `${topic}[${partition}]@${first}${last === first ? '' : `-${last}`}`;
}

export function findDelivery(
  delivered: readonly DeliveredRange[],
  { deliveries = 1, ...place }: ExpectedDelivery,
): DeliveredRange | undefined {
  return delivered.findLast((range) => isAbout(range, { ...place }) && range.deliveries >= deliveries);
}

export function deliveryWords({ topic, partition, offset, deliveries = 1 }: ExpectedDelivery): string {
  const place = `${topic ?? 'a record'}${partition === undefined ? '' : `[${partition}]`}`;
  const at = offset === undefined ? '' : `@${offset}`;
  return `${place}${at}${deliveries === 1 ? '' : ` ${deliveries} times`}`;
}

/** 'backlog 0, 2 in flight, 1 member' */
export function queueWords({
  backlog,
  inFlight,
  members,
}: { readonly [Key in keyof ExpectedQueue]?: number | null }): string {
  const parts = [
    ...(backlog === undefined ? [] : [`backlog ${backlog ?? 'unknown'}`]),
    ...(inFlight === undefined ? [] : [`${inFlight} in flight`]),
    ...(members === undefined ? [] : [`${members} ${members === 1 ? 'member' : 'members'}`]),
  ];
  return parts.join(', ');
}
