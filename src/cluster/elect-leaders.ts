/** Elections that a client asks for (KIP-460): of the preferred leader, or of any replica where there is no leader. */
import { ErrorCode } from '../../protocol/errors.ts';
import { type ClusterImage, type PartitionImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';
import { usableBrokers } from './placement.ts';

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
export function electLeaders(
  unclean: boolean,
  elections: readonly Election[] | null,
  image: ClusterImage,
): { results: ElectionResult[]; records: MetadataDraft[] } {
  const records: MetadataDraft[] = [];
  const alive = new Set(usableBrokers(image).map(({ id }) => id));
  const elect = (topic: string, partitionId: number): Elected => {
    const found = image.topicsByName.get(topic);
    const partition = found?.partitions[partitionId];
    if (found === undefined || partition === undefined) {
      const errorMessage =
        found === undefined ? `There is no topic ${topic}` : `${topic} has no partition ${partitionId}`;
      return { partitionId, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage };
    }
    const leader = unclean ? anyLeader(partition, alive) : preferredLeader(partition, alive);
    if (typeof leader !== 'number') return { partitionId, ...leader };
    const isr = partition.isr.includes(leader) ? null : [leader];
    records.push({ type: 'PartitionChangeRecord', topicId: found.id, partitionId, leader, isr });
    return { partitionId, errorCode: ErrorCode.NONE, errorMessage: null };
  };
  const asked =
    elections ?? [...image.topicsByName.values()].map(({ name, partitions }) => everything(name, partitions));
  const results = asked.map(({ topic, partitions }) => {
    const partitionResult = partitions.map((index) => elect(topic, index));
    const isNews = ({ errorCode }: Elected): boolean => errorCode !== ErrorCode.ELECTION_NOT_NEEDED;
    return { topic, partitionResult: elections === null ? partitionResult.filter(isNews) : partitionResult };
  });
  return { results, records };
}

function everything(topic: string, partitions: readonly unknown[]): Election {
  return { topic, partitions: [...partitions.keys()] };
}

const NO_LEADER = -1;

type Refusal = Omit<Elected, 'partitionId'>;

const NOT_NEEDED: Refusal = {
  errorCode: ErrorCode.ELECTION_NOT_NEEDED,
  errorMessage: 'The partition has the leader that an election would give it',
};

function preferredLeader({ leader, replicas, isr }: PartitionImage, alive: ReadonlySet<number>): number | Refusal {
  const [preferred] = replicas;
  if (leader === preferred) return NOT_NEEDED;
  if (alive.has(preferred) && isr.includes(preferred)) return preferred;
  const errorMessage = `Broker ${preferred}, the preferred leader, is not there or not in sync`;
  return { errorCode: ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, errorMessage };
}

function anyLeader({ leader, replicas, isr }: PartitionImage, alive: ReadonlySet<number>): number | Refusal {
  if (leader !== NO_LEADER) return NOT_NEEDED;
  const candidate = isr.find((id) => alive.has(id)) ?? replicas.find((id) => alive.has(id));
  if (candidate !== undefined) return candidate;
  const errorMessage = `None of the brokers ${replicas.join(', ')} is there`;
  return { errorCode: ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, errorMessage };
}
