/**
 * Members of a share group whose coordinator, whose state and whose records move from broker to broker, and what must be true of them: a
 * record that was acknowledged as accepted is never delivered again, and each one is accepted in the end.
 */
import {
  DescribeShareGroupOffsets,
  IncrementalAlterConfigs,
  Metadata,
  ShareAcknowledge,
  ShareFetch,
  ShareGroupHeartbeat,
} from '../../../protocol/apis/index.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { ResourceType } from '../../../src/cluster/image.ts';
import { INPUT } from '../../transactions/clients.ts';
import type { RoutedSender } from '../../transactions/routed-sender.ts';

const GROUP = 'workers';
const ACCEPT = 1;
const RELEASE = 2;
const SET = 0;
const RELEASED_SHARE = 0.2;
const MOST_RECORDS = 5;

/** What the members of one group were told, by offsets of one partition. */
export class ShareHistory {
  readonly wrong: string[] = [];
  deliveries = 0;
  readonly #accepted = new Set<number>();

  delivered(memberId: string, offset: number): void {
    this.deliveries++;
    if (this.#accepted.has(offset)) this.wrong.push(`offset ${offset} was accepted, and is delivered to ${memberId}`);
  }

  accepted(offset: number): void {
    this.#accepted.add(offset);
  }

  get acceptances(): number {
    return this.#accepted.size;
  }
}

/** The group reads from the beginning. */
export async function prepareGroup(sender: RoutedSender): Promise<void> {
  const configs = [{ name: 'share.auto.offset.reset', configOperation: SET, value: 'earliest' }];
  const resources = [{ resourceType: ResourceType.group, resourceName: GROUP, configs }];
  for (;;) {
    const set = await sender.send(IncrementalAlterConfigs, 1, { resources, validateOnly: false }).catch(() => null);
    if (set?.responses[0].errorCode === ErrorCode.NONE) return;
  }
}

/** All before this had been accepted when the state was written last, whoever was told so; -1 where that is not known now. */
export async function acceptedBefore(sender: RoutedSender): Promise<number> {
  const groups = [{ groupId: GROUP, topics: [{ topicName: INPUT, partitions: [0] }] }];
  const told = await sender.send(DescribeShareGroupOffsets, 0, { groups }).catch(() => null);
  const partition = told?.groups[0].topics[0]?.partitions[0];
  return partition?.errorCode === ErrorCode.NONE ? partition.startOffset : -1;
}

/** Joins, fetches, accepts and now and then releases; whatever goes wrong, it begins anew. */
export class ShareMember {
  readonly #sender: RoutedSender;
  readonly #history: ShareHistory;
  readonly #memberId: string;
  readonly #random: () => number;
  #memberEpoch = 0;

  constructor(sender: RoutedSender, history: ShareHistory, memberId: string, random: () => number) {
    this.#sender = sender;
    this.#history = history;
    this.#memberId = memberId;
    this.#random = random;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      try {
        await this.#beat();
        if (this.#memberEpoch > 0) await this.#work();
      } catch {
        // No answer: what is not acknowledged is delivered again.
      }
    }
  }

  async #beat(): Promise<void> {
    const subscribedTopicNames = this.#memberEpoch === 0 ? [INPUT] : null;
    const request = { groupId: GROUP, memberId: this.#memberId, memberEpoch: this.#memberEpoch, subscribedTopicNames };
    const { errorCode, memberEpoch } = await this.#sender.send(ShareGroupHeartbeat, 1, request);
    const isLost = errorCode === ErrorCode.UNKNOWN_MEMBER_ID || errorCode === ErrorCode.FENCED_MEMBER_EPOCH;
    if (errorCode === ErrorCode.NONE) this.#memberEpoch = memberEpoch;
    else if (isLost) this.#memberEpoch = 0;
  }

  /** One session of a fetch and its acknowledgements. */
  async #work(): Promise<void> {
    const [{ topicId }] = (await this.#sender.send(Metadata, 12, { topics: [{ name: INPUT }] })).topics;
    const common = { groupId: GROUP, memberId: this.#memberId };
    const { responses } = await this.#sender.send(ShareFetch, 1, {
      ...common,
      shareSessionEpoch: 0,
      maxWaitMs: 100,
      minBytes: 1,
      maxRecords: MOST_RECORDS,
      batchSize: MOST_RECORDS,
      topics: [{ topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }] }],
      forgottenTopicsData: [],
    });
    let shareSessionEpoch = 1;
    for (const { firstOffset, lastOffset } of responses[0]?.partitions[0].acquiredRecords ?? []) {
      for (let offset = firstOffset; offset <= lastOffset; offset++) {
        this.#history.delivered(this.#memberId, offset);
        const type = this.#random() < RELEASED_SHARE ? RELEASE : ACCEPT;
        const acknowledgementBatches = [{ firstOffset: offset, lastOffset: offset, acknowledgeTypes: [type] }];
        const topics = [{ topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches }] }];
        const request = { ...common, shareSessionEpoch: shareSessionEpoch++, topics };
        const { errorCode, responses: told } = await this.#sender.send(ShareAcknowledge, 1, request);
        const partition = told[0]?.partitions[0];
        if (errorCode !== ErrorCode.NONE || partition?.errorCode !== ErrorCode.NONE) return;
        if (type === ACCEPT) this.#history.accepted(offset);
      }
    }
  }
}
