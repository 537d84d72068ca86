/** Whom to ask instead of this broker (KIP-951): the leaders of partitions as the cluster's image has them, for one answer. */
import type { Writer } from '../../protocol/writer.ts';
import type { ClusterImage, TopicImage } from '../cluster/image.ts';
import { brokersOn } from './topic-view.ts';

interface CurrentLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

const NONE: CurrentLeader = { leaderId: -1, leaderEpoch: -1 };
/** Of nodeEndpoints, in every response that has them. */
const NODE_ENDPOINTS_TAG = 0;

export class LeaderHints {
  readonly image: ClusterImage;
  readonly #listener: string;
  readonly #leaders = new Set<number>();

  /** `listener` is the one by which the client came: it decides on addresses. */
  constructor(image: ClusterImage, listener: string) {
    this.image = image;
    this.#listener = listener;
  }

  /** Writes currentLeader as the tagged field `tag`. The leader is among the endpoints then. */
  writeLeader(output: Writer, tag: number, topic: TopicImage | undefined, index: number): void {
    const { leaderId, leaderEpoch } = this.#leaderOf(topic, index);
    const start = output.openTagged(tag);
    output.int32(leaderId);
    output.int32(leaderEpoch);
    output.int8(0);
    output.closeTagged(start);
  }

  /** Writes all tagged fields of the response itself: where the leaders can be reached that were named before. */
  writeEndpoints(output: Writer): void {
    const endpoints = brokersOn(this.image, this.#listener).filter(({ nodeId }) => this.#leaders.has(nodeId));
    if (endpoints.length === 0) return output.int8(0);
    output.int8(1);
    const start = output.openTagged(NODE_ENDPOINTS_TAG);
    output.unsignedVarint(endpoints.length + 1);
    for (const { nodeId, host, port, rack } of endpoints) {
      output.int32(nodeId);
      output.compactString(host);
      output.int32(port);
      output.compactNullableString(rack);
      output.int8(0);
    }
    output.closeTagged(start);
  }

  #leaderOf(topic: TopicImage | undefined, index: number): CurrentLeader {
    const partition = topic?.partitions[index];
    if (partition === undefined) return NONE;
    this.#leaders.add(partition.leader);
    return { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch };
  }
}
