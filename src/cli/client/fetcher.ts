/** Reads partitions from their leaders, follows leaders that move, and leaves out what aborted transactions wrote. */
import { Fetch } from '../../../protocol/apis/01-fetch.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { batches, decodeBatch, type DecodedBatch, type Record } from '../../../protocol/records/decode.ts';
import type { ResponseOf } from '../../../protocol/schema.ts';
import type { Cluster } from './cluster.ts';
import { Refused } from './failure.ts';
import { byTopic, nameOf, type TopicPartition } from './offsets.ts';

/** A partition that is read, and how far. */
export interface Reading extends TopicPartition {
  /** The next offset to ask for. */
  offset: number;
  /** Where to end; null: never. */
  readonly until: number | null;
}

export interface FetchOptions {
  /** Only what is not of an open or aborted transaction. */
  readonly committed: boolean;
  readonly signal: AbortSignal;
  /** Takes records in order of their offsets, a batch at a time; the next are fetched when it resolves. */
  readonly take: (at: TopicPartition, records: Record[], batch: BatchFacts) => Promise<void>;
}

/** What the records of one batch have in common. */
export type BatchFacts = Pick<DecodedBatch, 'timestampType' | 'leaderEpoch'>;

type PartitionAnswer = ResponseOf<typeof Fetch>['responses'][number]['partitions'][number];

const MAX_WAIT_MS = 500;
const PARTITION_BYTES = 1 << 20;
const RETRY_MS = 200;

const MOVED = new Set<number>([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.REPLICA_NOT_AVAILABLE,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.OFFSET_NOT_AVAILABLE,
]);

/** Resolves when every reading has come to its end, or the signal says so. */
export async function fetchAll(cluster: Cluster, readings: readonly Reading[], options: FetchOptions): Promise<void> {
  const left = new Set(readings.filter((reading) => !isDone(reading)));
  const turn = new Turns();
  while (left.size > 0 && !options.signal.aborted) {
    const leaders = await leadersOf(cluster, left);
    const round = { isStale: leaders.has(-1) };
    const loops = [...leaders].map(async ([leader, mine]) => {
      if (leader < 0) return;
      while (mine.size > 0 && !round.isStale && !options.signal.aborted) {
        const answer = await unlessAborted(ask(cluster, leader, mine, options), options.signal);
        if (answer === null) return;
        await turn.take(() => absorb(answer, mine, left, round, options));
      }
    });
    await Promise.all(loops);
    if (round.isStale) await unlessAborted(cluster.pause(RETRY_MS), options.signal);
  }
}

function isDone({ offset, until }: Reading): boolean {
  return until !== null && offset >= until;
}

async function leadersOf(cluster: Cluster, left: ReadonlySet<Reading>): Promise<Map<number, Set<Reading>>> {
  const { topics } = await cluster.metadata([...new Set([...left].map(({ topic }) => topic))]);
  const leaders = new Map<number, Set<Reading>>();
  for (const reading of left) {
    const topic = topics.find(({ name }) => name === reading.topic);
    if (topic === undefined || topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      throw new Refused(`topic '${reading.topic}'`, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'it was deleted');
    }
    const leader = topic.partitions.find(({ partitionIndex }) => partitionIndex === reading.partition)?.leaderId ?? -1;
    leaders.set(leader, (leaders.get(leader) ?? new Set()).add(reading));
  }
  return leaders;
}

async function ask(cluster: Cluster, leader: number, mine: ReadonlySet<Reading>, { committed }: FetchOptions) {
  const draft = {
    maxWaitMs: MAX_WAIT_MS,
    minBytes: 1,
    maxBytes: 16 << 20,
    isolationLevel: committed ? 1 : 0,
    topics: byTopic([...mine]).map(([topic, some]) => ({
      topic,
      partitions: some.map(({ partition, offset }) => ({
        partition,
        fetchOffset: offset,
        partitionMaxBytes: PARTITION_BYTES,
      })),
    })),
  };
  return cluster.again(() => cluster.sendTo(leader, Fetch, draft, MAX_WAIT_MS));
}

async function absorb(
  answer: ResponseOf<typeof Fetch>,
  mine: Set<Reading>,
  left: Set<Reading>,
  round: { isStale: boolean },
  { signal, take }: FetchOptions,
): Promise<void> {
  if (MOVED.has(answer.errorCode)) {
    round.isStale = true;
    return;
  }
  if (answer.errorCode !== 0) throw new Refused('reading', answer.errorCode);
  for (const { topic, partitions } of answer.responses) {
    for (const partition of partitions) {
      const reading = [...mine].find((each) => each.topic === topic && each.partition === partition.partitionIndex);
      if (reading === undefined || signal.aborted) continue;
      if (MOVED.has(partition.errorCode)) {
        round.isStale = true;
        continue;
      }
      if (partition.errorCode !== 0) throw new Refused(nameOf(reading), partition.errorCode);
      for (const [records, batch] of recordsOf(partition, reading)) {
        if (records.length > 0) await take(reading, records, batch);
        if (signal.aborted) return;
      }
      if (isDone(reading)) {
        mine.delete(reading);
        left.delete(reading);
      }
    }
  }
}

/** The records of each batch that are to be seen; the reading moves behind each batch as it is handed out. */
function* recordsOf(answer: PartitionAnswer, reading: Reading): Generator<[Record[], BatchFacts]> {
  if (answer.records === null) return;
  const bytes = Buffer.from(answer.records.buffer, answer.records.byteOffset, answer.records.byteLength);
  const upcoming = (answer.abortedTransactions ?? []).toSorted((a, b) => a.firstOffset - b.firstOffset);
  const abortedProducers = new Set<number>();
  for (const at of batches(bytes)) {
    const batch = decodeBatch(bytes, at);
    while (upcoming.length > 0 && upcoming[0].firstOffset <= batch.lastOffset) {
      abortedProducers.add(upcoming.shift()!.producerId);
    }
    const from = reading.offset;
    reading.offset = Math.max(from, batch.lastOffset + 1);
    if (batch.isControl) {
      if (isAbort(batch)) abortedProducers.delete(batch.producerId);
      continue;
    }
    if (batch.isTransactional && abortedProducers.has(batch.producerId)) continue;
    const end = reading.until ?? Infinity;
    yield [batch.records.filter(({ offset }) => offset >= from && offset < end), batch];
  }
}

/** The type in a control record's key, behind its version: 0 abort, 1 commit. */
function isAbort({ records }: DecodedBatch): boolean {
  const key = records[0]?.key;
  return key !== null && key !== undefined && key.length >= 4 && key.readInt16BE(2) === 0;
}

/** One at a time, in the order of asking. */
class Turns {
  #last: Promise<void> = Promise.resolve();

  take(run: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** null as soon as the signal says so; what still comes then is nobody's. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null;
  promise.catch(() => {});
  let stop = (): void => {};
  const aborted = new Promise<null>((resolve) => {
    stop = () => resolve(null);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
