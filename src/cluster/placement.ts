/** On which brokers the replicas of new partitions go. */
import { isActive, type BrokerImage, type ClusterImage } from './image.ts';
import type { DraftOf } from './metadata-records.ts';
import { UNASSIGNED_DIRECTORY } from './partition-rules.ts';

/** What placement looks at of a broker. */
export type Place = Pick<BrokerImage, 'id' | 'rack' | 'fenced'>;

/** Brokers in a round, of which each partition begins with another. */
class Round {
  #ids: number[];
  #start: number;
  #taken = 0;

  constructor(ids: readonly number[], random: () => number) {
    this.#ids = [...ids].sort((a, b) => a - b);
    this.#start = ids.length > 1 ? Math.floor(random() * ids.length) : 0;
  }

  nextPartition(): void {
    this.#start++;
    this.#taken = 0;
  }

  shuffle(random: () => number): void {
    this.#ids = shuffled(this.#ids, random);
  }

  /** Undefined when each has been taken for this partition. */
  take(): number | undefined {
    const { length } = this.#ids;
    return this.#taken < length ? this.#ids[(this.#start + this.#taken++) % length] : undefined;
  }
}

interface Rack {
  readonly unfenced: Round;
  readonly fenced: Round;
}

/**
 * Replicas of each of `partitions`, the first of which is to lead: in a round over the racks, and over the brokers of each, so
 * that replicas of one partition are on as many racks as can be (KIP-36). Brokers that are fenced come last, and lead nothing.
 * There must be `factor` brokers, and one that is not fenced. A new order is drawn when each broker has had its turn.
 */
export function place(brokers: readonly Place[], partitions: number, factor: number, random: () => number): number[][] {
  const names = [...new Set(brokers.map(({ rack }) => rack ?? ''))].sort();
  const start = Math.floor(random() * names.length);
  let racks = names.map((name) => rackOf(brokers, name, random));
  const unfenced = brokers.filter(({ fenced }) => !fenced).length;
  return Array.from({ length: partitions }, (_, partition) => {
    if (partition > 0 && partition % unfenced === 0 && unfenced > 1) {
      racks = shuffled(racks, random);
      for (const rack of racks) rack.unfenced.shuffle(random);
    }
    return placeOne(racks, (start + partition) % racks.length, factor);
  });
}

function placeOne(racks: readonly Rack[], start: number, factor: number): number[] {
  for (const { unfenced, fenced } of racks) {
    unfenced.nextPartition();
    fenced.nextPartition();
  }
  const inTurn = [...racks.slice(start), ...racks.slice(0, start)];
  const replicas: number[] = [];
  const leading = inTurn.findIndex(({ unfenced }) => {
    const leader = unfenced.take();
    if (leader !== undefined) replicas.push(leader);
    return leader !== undefined;
  });
  // The rack that has the leader has had its turn in this round.
  for (let turn = 0; replicas.length < factor; turn++) {
    if (turn === leading) continue;
    const { unfenced, fenced } = inTurn[turn % inTurn.length];
    const id = unfenced.take() ?? fenced.take();
    if (id !== undefined) replicas.push(id);
  }
  return replicas;
}

function rackOf(brokers: readonly Place[], name: string, random: () => number): Rack {
  const here = brokers.filter(({ rack }) => (rack ?? '') === name);
  const round = (isFenced: boolean): Round =>
    new Round(
      here.filter(({ fenced }) => fenced === isFenced).map(({ id }) => id),
      random,
    );
  return { unfenced: round(false), fenced: round(true) };
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

/** Where new replicas may go: fenced brokers too, but none that is just stopping or takes no new partitions (KIP-1066). */
export function usableBrokers(image: ClusterImage): BrokerImage[] {
  return [...image.brokers.values()]
    .filter((broker) => (broker.fenced || !broker.inControlledShutdown) && !isCordoned(broker))
    .sort((a, b) => a.id - b.id);
}

function isCordoned({ logDirectoryIds, cordonedLogDirectoryIds: cordoned }: BrokerImage): boolean {
  return cordoned.length > 0 && logDirectoryIds.every((id) => cordoned.includes(id));
}

/** In sync are those that run; there must be one, see `inSyncFault`. */
export function newPartition(
  topicId: string,
  partitionId: number,
  replicas: number[],
  image: ClusterImage,
): DraftOf<'PartitionRecord'> {
  const isr = replicas.filter((id) => isActive(image, id));
  return {
    type: 'PartitionRecord',
    topicId,
    partitionId,
    replicas,
    isr,
    removingReplicas: [],
    addingReplicas: [],
    leader: isr[0],
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: replicas.map((id) => newDirectory(image, id)),
  };
}

/** A broker with several log directories chooses one, and has it noted (directory-assignment.ts). */
export function newDirectory(image: ClusterImage, brokerId: number): string {
  const { logDirectoryIds = [] } = image.brokers.get(brokerId) ?? {};
  return logDirectoryIds.length === 1 ? logDirectoryIds[0] : UNASSIGNED_DIRECTORY;
}

/** Why replicas given by hand, `factor` of them for each partition, cannot be used, or null. `first` is the first one's index. */
export function assignmentsFault(
  image: ClusterImage,
  assignments: readonly (readonly number[])[],
  factor: number,
  first = 0,
): string | null {
  for (const [i, replicas] of assignments.entries()) {
    const fault = assignmentFault(image, replicas);
    if (fault !== null) return fault;
    if (replicas.length !== factor) {
      return (
        `The manual partition assignment includes a partition with ${replicas.length} replica(s), but this is not ` +
        `consistent with previous partitions, which have ${factor} replica(s).`
      );
    }
    if (!replicas.some((id) => isActive(image, id))) {
      return (
        `All brokers specified in the manual partition assignment for partition ${first + i} are fenced or in ` +
        'controlled shutdown.'
      );
    }
  }
  return null;
}

/** Why these replicas of one partition cannot be, or null. */
export function assignmentFault(image: ClusterImage, replicas: readonly number[]): string | null {
  if (replicas.length === 0) return 'The manual partition assignment includes an empty replica list.';
  for (const [i, broker] of replicas.entries()) {
    if (!image.brokers.has(broker)) {
      return `The manual partition assignment includes broker ${broker}, but no such broker is registered.`;
    }
    if (replicas.indexOf(broker) !== i)
      return `The manual partition assignment includes the broker ${broker} more than once.`;
  }
  return null;
}

/** Why a factor cannot be had with these brokers, or null. */
export function factorFault(factor: number, brokers: readonly Place[]): string | null {
  const cannot = `Unable to replicate the partition ${factor} time(s):`;
  if (factor > brokers.length) {
    return (
      `${cannot} The target replication factor of ${factor} cannot be reached because only ${brokers.length} ` +
      'broker(s) are registered or some brokers have all their log directories cordoned.'
    );
  }
  return brokers.some(({ fenced }) => !fenced) ? null : `${cannot} All brokers are currently fenced.`;
}
