/** Reads the queues of share groups out of a broker: members, offsets, and what is in flight. */
import { finish } from '../platform/pieces.ts';
import type { InFlightPartition } from '../share/delivery-view.ts';
import { DeliveryState, type Run } from '../share/runs.ts';
import type { BrokerView } from './broker-view.ts';
import type { GroupMember, GroupState } from './group.ts';
import type { QueueHistory } from './queue-history.ts';
import type { InFlightRecord, InFlightState, Queue, QueuePartition } from './queue.ts';

type QueueFacts = Omit<Queue, 'expireLocks' | 'release' | 'redrive' | 'acknowledged' | 'delivered'>;

const STATES: Readonly<Partial<Record<DeliveryState, InFlightState>>> = {
  [DeliveryState.available]: 'available',
  [DeliveryState.acquired]: 'acquired',
  [DeliveryState.archiving]: 'archiving',
};

export function queueOf(
  broker: BrokerView,
  history: QueueHistory,
  id: string,
): QueueFacts & Pick<Queue, 'acknowledged' | 'delivered'> {
  const { acknowledged, delivered } = history.of(id);
  return { ...queueFacts(broker, id), acknowledged, delivered };
}

export function queueFacts(broker: BrokerView, id: string): QueueFacts {
  const described = broker.parts.groups.share.describe(id);
  const members = shareMembers(broker, id);
  const clients = new Map(members.map(({ memberId, clientId }) => [memberId, clientId]));
  const partitions = partitionsOf(broker, id, clients);
  const held = partitions.flatMap(({ inFlight }) => inFlight.filter(({ state }) => state === 'acquired'));
  const state = (described.groupState === '' ? 'Dead' : described.groupState) as GroupState;
  return { id, state, members, partitions, backlog: backlogOf(partitions), inFlight: held.length };
}

export function shareMembers(broker: BrokerView, id: string): GroupMember[] {
  return broker.parts.groups.share.describe(id).members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: null,
    clientId: member.clientId,
    clientHost: member.clientHost,
    assignment: member.assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
      partitions.map((partition) => ({ topic: topicName, partition })),
    ),
  }));
}

/** Records that are not finished; null where that is not known of a partition, or the group has none. */
export function shareBacklog(broker: BrokerView, id: string): number | null {
  return backlogOf(partitionsOf(broker, id, new Map()));
}

/** The partitions of its queue, without who has what. */
export function queuePartitions(broker: BrokerView, id: string): QueuePartition[] {
  return partitionsOf(broker, id, new Map());
}

function backlogOf(partitions: readonly QueuePartition[]): number | null {
  if (partitions.length === 0) return null;
  let sum = 0;
  for (const { backlog } of partitions) {
    if (backlog === null) return null;
    sum += backlog;
  }
  return sum;
}

function partitionsOf(broker: BrokerView, id: string, clients: ReadonlyMap<string, string>): QueuePartition[] {
  const described = finish(broker.parts.groups.share.describeOffsets(id, null));
  // Where it must be asked of another broker, or has not been loaded yet, what is being worked through is all that is told.
  const topics = described instanceof Promise ? workedThrough(broker, id) : described.topics;
  return topics.flatMap(({ topicName: topic, topicId, partitions }) =>
    partitions.map(({ partitionIndex: partition, startOffset, lag }) => {
      const end = broker.parts.partitions.get(topic, partition)?.highWatermark ?? 0;
      const delivered = deliveredOf(broker, id, topicId, partition);
      const start = delivered?.startOffset ?? (startOffset < 0 ? null : startOffset);
      const left = delivered === null ? lag : end - delivered.startOffset - delivered.finishedCount;
      const backlog = start === null ? null : Math.max(left, 0);
      const inFlight = (delivered?.runs ?? []).flatMap((run) => recordsOf(run, topic, partition, clients));
      return { topic, partition, start, end, backlog, inFlight };
    }),
  );
}

/** The partitions of the group that any broker has in its memory, as DescribeShareGroupOffsets would name them. */
function workedThrough(broker: BrokerView, groupId: string) {
  return broker.deliveries().flatMap((delivery) =>
    delivery.summaries(groupId).flatMap(({ topicId, partition }) => {
      const topic = broker.parts.metadata.image.topicsById.get(topicId);
      const isLed = topic !== undefined && broker.parts.partitions.get(topic.name, partition) !== undefined;
      if (!isLed) return [];
      return [
        { topicName: topic.name, topicId, partitions: [{ partitionIndex: partition, startOffset: -1, lag: -1 }] },
      ];
    }),
  );
}

/** Null where no broker works through the partition for the group now. */
function deliveredOf(
  broker: BrokerView,
  groupId: string,
  topicId: string,
  partition: number,
): InFlightPartition | null {
  for (const delivery of broker.deliveries()) {
    const found = delivery.find(groupId, topicId, partition);
    if (found !== null) return found;
  }
  return null;
}

function recordsOf(
  { state: deliveryState, first, last, deliveryCount, memberId, lockedUntil, availableAt }: Run,
  topic: string,
  partition: number,
  clients: ReadonlyMap<string, string>,
): InFlightRecord[] {
  const state = STATES[deliveryState];
  if (state === undefined || deliveryCount === 0) return [];
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    topic,
    partition,
    offset: first + i,
    state,
    memberId,
    clientId: memberId === null ? null : (clients.get(memberId) ?? null),
    deliveries: deliveryCount,
    lockedUntil: lockedUntil === 0 ? null : lockedUntil,
    availableAt: availableAt === 0 ? null : availableAt,
  }));
}

/** A line for each group's queue: what is in flight, and with whom. */
export function queueLines({
  partitions,
  inFlight,
  backlog,
}: Pick<Queue, 'partitions' | 'inFlight' | 'backlog'>): string[] {
  const shown = partitions.flatMap(({ inFlight: records }) => records).slice(0, SHOWN);
  const title = `    queue: backlog ${backlog ?? 'unknown'}, ${inFlight} in flight`;
  return [title, ...shown.map((record) => `      ${recordLine(record)}`)];
}

const SHOWN = 10;

export function recordLine({
  topic,
  partition,
  offset,
  state,
  clientId,
  memberId,
  deliveries,
}: InFlightRecord): string {
  const who = memberId === null ? '' : ` by ${clientId ?? memberId}`;
  return `${topic}[${partition}]@${offset} ${state}${who}, delivery ${deliveries}`;
}
