/** What share consumers were handed, and what they have accepted: read out of requests and answers as they go by. */
import { AckType } from '../../protocol/acknowledge-type.ts';
import type { Exchange } from './exchange.ts';
import type { DeliveredRange, OffsetRange } from './queue.ts';
import type { TopicNames } from './request-parts.ts';
import type { Traffic } from './traffic.ts';

interface AckBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly acknowledgeTypes: readonly number[];
}

interface GroupHistory {
  readonly acknowledged: OffsetRange[];
  readonly delivered: DeliveredRange[];
}

const NOTHING: GroupHistory = { acknowledged: [], delivered: [] };

export class QueueHistory {
  readonly #groups = new Map<string, GroupHistory>();
  readonly #names: TopicNames;
  readonly #end: () => void;

  constructor(traffic: Traffic, names: TopicNames) {
    this.#names = names;
    this.#end = traffic.onExchange((exchange) => this.#note(exchange));
  }

  of(groupId: string): Readonly<GroupHistory> {
    return this.#groups.get(groupId) ?? NOTHING;
  }

  clear(): void {
    this.#groups.clear();
  }

  close(): void {
    this.#end();
  }

  #note(exchange: Exchange): void {
    if (exchange.outcome !== 'answered') return;
    if (exchange.api === 'ShareFetch') this.#noteFetch(exchange as Exchange<'ShareFetch'>);
    if (exchange.api === 'ShareAcknowledge') this.#noteAcknowledge(exchange as Exchange<'ShareAcknowledge'>);
  }

  #noteFetch({ request, response }: Exchange<'ShareFetch'>): void {
    const { groupId, memberId } = request;
    if (groupId === null || response === null || response.errorCode !== 0) return;
    const failed = new Set<string>();
    for (const { topicId, partitions } of response.responses) {
      for (const { partitionIndex, acknowledgeErrorCode, acquiredRecords } of partitions) {
        if (acknowledgeErrorCode !== 0) failed.add(`${topicId}/${partitionIndex}`);
        const topic = this.#names(topicId) ?? topicId;
        for (const { firstOffset, lastOffset, deliveryCount } of acquiredRecords) {
          this.#group(groupId).delivered.push({
            topic,
            partition: partitionIndex,
            first: firstOffset,
            last: lastOffset,
            deliveries: deliveryCount,
            memberId: memberId ?? '',
          });
        }
      }
    }
    this.#noteAcks(groupId, request.topics, failed);
  }

  #noteAcknowledge({ request, response }: Exchange<'ShareAcknowledge'>): void {
    const { groupId, topics } = request;
    if (groupId === null || response === null || response.errorCode !== 0) return;
    const failed = new Set(
      response.responses.flatMap(({ topicId, partitions }) =>
        partitions.flatMap(({ partitionIndex, errorCode }) => (errorCode === 0 ? [] : `${topicId}/${partitionIndex}`)),
      ),
    );
    this.#noteAcks(groupId, topics, failed);
  }

  #noteAcks(
    groupId: string,
    topics: readonly {
      readonly topicId: string;
      readonly partitions: readonly {
        readonly partitionIndex: number;
        readonly acknowledgementBatches: readonly AckBatch[];
      }[];
    }[],
    failed: ReadonlySet<string>,
  ): void {
    for (const { topicId, partitions } of topics) {
      const topic = this.#names(topicId) ?? topicId;
      for (const { partitionIndex: partition, acknowledgementBatches } of partitions) {
        if (failed.has(`${topicId}/${partition}`)) continue;
        for (const batch of acknowledgementBatches) {
          for (const [first, last] of acceptedIn(batch)) {
            this.#group(groupId).acknowledged.push({ topic, partition, first, last });
          }
        }
      }
    }
  }

  #group(groupId: string): GroupHistory {
    let group = this.#groups.get(groupId);
    if (group === undefined) this.#groups.set(groupId, (group = { acknowledged: [], delivered: [] }));
    return group;
  }
}

function acceptedIn({ firstOffset, lastOffset, acknowledgeTypes }: AckBatch): [number, number][] {
  if (acknowledgeTypes.length === 1) {
    return acknowledgeTypes[0] === AckType.accept ? [[firstOffset, lastOffset]] : [];
  }
  return acknowledgeTypes.flatMap((type, i): [number, number][] =>
    type === AckType.accept ? [[firstOffset + i, firstOffset + i]] : [],
  );
}
