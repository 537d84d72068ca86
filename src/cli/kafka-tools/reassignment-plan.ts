/** Which replicas partitions are to have: as a file of kafka-reassign-partitions says it, or as a proposal. PURE. */
import { UsageError } from '../usage.ts';

export interface PlannedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: readonly number[];
}

export interface PlacedBroker {
  readonly id: number;
  readonly rack: string | null;
}

/** As the file has it. */
interface WrittenPartition extends PlannedPartition {
  readonly log_dirs?: readonly string[];
}

/** In which log directory each replica is, by broker; 'any' where that is not known, or does not matter. */
export type DirectoryOf = (topic: string, partition: number, broker: number) => string;

const ANY = 'any';

/** @throws {UsageError} for what is no plan, or one that this tool cannot carry out */
export function parsePlan(text: string): PlannedPartition[] {
  const { partitions } = parsed(
    text,
    '{"version": 1, "partitions": [{"topic": "orders", "partition": 0, "replicas": [1, 2]}]}',
  ) as {
    partitions?: WrittenPartition[];
  };
  if (partitions === undefined || partitions.length === 0)
    throw new UsageError('Partition reassignment list cannot be empty');
  const seen = new Set<string>();
  return partitions.map(({ topic, partition, replicas, log_dirs: directories = [] }) => {
    const name = `${topic}-${partition}`;
    if (seen.has(name)) throw new UsageError(`Partition reassignment contains duplicate topic partitions: ${name}`);
    seen.add(name);
    if (replicas.length === 0) throw new UsageError(`Partition replica list cannot be empty: ${name}`);
    if (new Set(replicas).size < replicas.length)
      throw new UsageError(
        `Partition replica lists may not contain duplicate entries: ${name} contains multiple entries`,
      );
    if (directories.some((each) => each !== ANY))
      throw new UsageError(`${name} names log directories: this tool moves replicas between brokers; write "any"`);
    return { topic, partition, replicas };
  });
}

/** The topics of `{"version": 1, "topics": [{"topic": "orders"}]}`. @throws {UsageError} */
export function parseTopics(text: string): string[] {
  const { topics } = parsed(text, '{"version": 1, "topics": [{"topic": "orders"}]}') as {
    topics?: readonly { readonly topic: string }[];
  };
  if (!Array.isArray(topics)) throw new UsageError('the file names no topics');
  const names = topics.map(({ topic }) => topic);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new UsageError(`List of topics to reassign contains duplicate entries: ${twice}`);
  return names;
}

function parsed(text: string, form: string): object {
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    throw new UsageError(`the file is no JSON (${(error as Error).message}): write ${form}`);
  }
}

/** As Kafka writes it, in the order of topics and partitions. */
export function planText(plan: readonly PlannedPartition[], directoryOf: DirectoryOf = () => ANY): string {
  const partitions = plan.toSorted(byName).map(({ topic, partition, replicas }) => ({
    topic,
    partition,
    replicas,
    log_dirs: replicas.map((broker) => directoryOf(topic, partition, broker)),
  }));
  return JSON.stringify({ version: 1, partitions });
}

export function byName(a: PlannedPartition, b: PlannedPartition): number {
  if (a.topic === b.topic) return a.partition - b.partition;
  return a.topic < b.topic ? -1 : 1;
}

/**
 * Spreads leaders, and the replicas behind each, evenly over the brokers, and the replicas of a partition over as many racks as
 * there are. `isRackAware` needs a rack of every broker. @throws {UsageError} where there are too few brokers
 */
export function propose(
  current: readonly PlannedPartition[],
  brokers: readonly PlacedBroker[],
  isRackAware: boolean,
  random: () => number,
): PlannedPartition[] {
  const racks = isRackAware ? racksOf(brokers) : null;
  const ring = racks === null ? brokers.map(({ id }) => id) : alternating(racks);
  let start = Math.floor(random() * ring.length);
  return current.toSorted(byName).map(({ topic, partition, replicas }) => {
    if (replicas.length > ring.length) {
      throw new UsageError(
        `${topic}-${partition} has ${replicas.length} replicas, and there are ${ring.length} brokers for it`,
      );
    }
    const at = start++;
    const order = ring.map((_, step) => ring[(at + step) % ring.length]);
    const rackOf = (id: number): string | null =>
      racks === null ? null : brokers.find((each) => each.id === id)!.rack;
    return { topic, partition, replicas: pick(order, replicas.length, rackOf) };
  });
}

/** Null where no broker has a rack. @throws {UsageError} where some have, as in Kafka */
function racksOf(brokers: readonly PlacedBroker[]): Map<string, number[]> | null {
  const without = brokers.filter(({ rack }) => rack === null);
  if (without.length === brokers.length) return null;
  if (without.length > 0)
    throw new UsageError(
      'Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment without rack information.',
    );
  const racks = new Map<string, number[]>();
  for (const { id, rack } of brokers) racks.set(rack!, [...(racks.get(rack!) ?? []), id]);
  return racks;
}

/** One broker of each rack in turn. */
function alternating(racks: ReadonlyMap<string, readonly number[]>): number[] {
  const lists = [...racks.values()];
  const most = lists.reduce((longest, { length }) => (length > longest ? length : longest), 0);
  return Array.from({ length: most }, (_, at) => lists.flatMap((list) => (at < list.length ? [list[at]] : []))).flat();
}

/** The first of the order, and then those of racks that have none yet before others. */
function pick(order: readonly number[], count: number, rackOf: (id: number) => string | null): number[] {
  const chosen = [order[0]];
  while (chosen.length < count) {
    const left = order.filter((id) => !chosen.includes(id));
    const taken = new Set(chosen.map(rackOf));
    chosen.push(left.find((id) => !taken.has(rackOf(id))) ?? left[0]);
  }
  return chosen;
}
