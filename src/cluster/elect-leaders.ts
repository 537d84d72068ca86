/** Elections that a client asks for (KIP-460): of the preferred leader, or of any replica where there is no leader. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ServerConfig } from '../config/server.ts';
import { mapInPieces, type Pieces } from '../platform/pieces.ts';
import type { ClusterImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';
import { changeOfPartition, NO_LEADER } from './partition-change.ts';
import { rulesOf } from './partition-rules.ts';

export interface Election {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface Elected {
  readonly partitionId: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface ElectionResult {
  readonly topic: string;
  readonly partitionResult: readonly Elected[];
}

/** `elections` null: of all partitions, and only those that needed one are told of. */
export function* electLeaders(
  unclean: boolean,
  elections: readonly Election[] | null,
  image: ClusterImage,
  config: ServerConfig,
): Pieces<{ results: ElectionResult[]; records: MetadataDraft[] }> {
  const records: MetadataDraft[] = [];
  const elect = (topic: string, partitionId: number): Elected => {
    const [errorCode, errorMessage, record] = electOne(unclean, topic, partitionId, image, config);
    if (record !== null) records.push(record);
    return { partitionId, errorCode, errorMessage };
  };
  const asked =
    elections ??
    (yield* mapInPieces(image.topicsByName.values(), ({ name, partitions }) => everything(name, partitions)));
  const results = yield* mapInPieces(asked, function* ({ topic, partitions }) {
    const partitionResult = yield* mapInPieces(partitions, (index) => elect(topic, index));
    const isNews = ({ errorCode }: Elected): boolean => errorCode !== ErrorCode.ELECTION_NOT_NEEDED;
    return { topic, partitionResult: elections === null ? partitionResult.filter(isNews) : partitionResult };
  });
  return { results, records };
}

/**
 * Gives every partition that another than its first replica leads back to that one, where it is in sync
 * (auto.leader.rebalance.enable). At most `most` records: there may be more to do.
 */
export function balanceLeaders(image: ClusterImage, config: ServerConfig, most: number): MetadataDraft[] {
  const records: MetadataDraft[] = [];
  for (const { name, partitions } of image.topicsById.values()) {
    // Of a million partitions: entries() costs ten times the look at one.
    for (let partitionId = 0; partitionId < partitions.length; partitionId++) {
      if (records.length === most) return records;
      const { leader, replicas } = partitions[partitionId];
      if (leader === replicas[0]) continue;
      const [, , record] = electOne(false, name, partitionId, image, config);
      if (record !== null) records.push(record);
    }
  }
  return records;
}

type Outcome = [errorCode: number, errorMessage: string | null, record: MetadataDraft | null];

function electOne(
  unclean: boolean,
  topic: string,
  partitionId: number,
  image: ClusterImage,
  config: ServerConfig,
): Outcome {
  const found = image.topicsByName.get(topic);
  const partition = found?.partitions[partitionId];
  if (found === undefined || partition === undefined) {
    const missing = found === undefined ? `There is no topic ${topic}` : `${topic} has no partition ${partitionId}`;
    return [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, missing, null];
  }
  const { leader, replicas } = partition;
  if (unclean ? leader !== NO_LEADER : leader === replicas[0]) {
    return [ErrorCode.ELECTION_NOT_NEEDED, 'The partition has the leader that an election would give it', null];
  }
  const rules = rulesOf(found, image, config, { election: unclean ? 'unclean' : 'preferred' });
  const change = changeOfPartition(partition, {}, rules);
  if (change !== null)
    return [ErrorCode.NONE, null, { type: 'PartitionChangeRecord', topicId: found.id, partitionId, ...change }];
  return unclean
    ? [ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, `None of the brokers ${replicas.join(', ')} is there`, null]
    : [
        ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
        `Broker ${replicas[0]}, the preferred leader, is not there or not in sync`,
        null,
      ];
}

function everything(topic: string, partitions: readonly unknown[]): Election {
  return { topic, partitions: [...partitions.keys()] };
}
