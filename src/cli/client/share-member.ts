/** A member of a share group (KIP-932): joins, acquires records of the partitions it is assigned, and acknowledges each. */
import { AckType } from '../../../protocol/acknowledge-type.ts';
import { ShareGroupHeartbeat } from '../../../protocol/apis/76-share-group-heartbeat.ts';
import { ShareFetch } from '../../../protocol/apis/78-share-fetch.ts';
import { ShareAcknowledge } from '../../../protocol/apis/79-share-acknowledge.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { batches, decodeBatch, type Record } from '../../../protocol/records/decode.ts';
import type { ResponseOf } from '../../../protocol/schema.ts';
import type { Cluster } from './cluster.ts';
import { Refused, refuse, unlessGone } from './failure.ts';
import type { BatchFacts } from './fetcher.ts';
import { nameOf, type TopicPartition } from './offsets.ts';

/** One record that is this member's to work on. */
export interface SharedRecord extends Record, BatchFacts, TopicPartition {
  /** How often it has been handed out, this time included. */
  readonly deliveryCount: number;
}

export interface ShareOptions {
  readonly signal: AbortSignal;
  /** Takes one record, and says what becomes of it; null where it is given back, as are those behind it. */
  readonly take: (record: SharedRecord) => Promise<AckType | null>;
}

type PartitionAnswer = ResponseOf<typeof ShareFetch>['responses'][number]['partitions'][number];

interface Assigned extends TopicPartition {
  readonly topicId: string;
  readonly leader: number;
}

/** What has been decided about one offset. */
interface Ack {
  readonly offset: number;
  readonly type: AckType;
}

/** With one leader: the partitions that it knows to be fetched, and what it is told with the next request. */
interface Session {
  epoch: number;
  readonly fetched: Map<string, Assigned>;
  readonly acks: Map<string, Ack[]>;
}

const MAX_WAIT_MS = 500;
const MAX_BYTES = 16 << 20;
const MAX_RECORDS = 500;
const RETRY_MS = 200;
const [OPENS, CLOSES] = [0, -1];

const REJOINS: ReadonlySet<number> = new Set([ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH]);
const REOPENS: ReadonlySet<number> = new Set([
  ErrorCode.SHARE_SESSION_NOT_FOUND,
  ErrorCode.INVALID_SHARE_SESSION_EPOCH,
]);
/** Another broker leads the partition now, or the same one anew. */
const MOVED: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.KAFKA_STORAGE_ERROR,
]);

export class ShareMember {
  readonly #cluster: Cluster;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  readonly #memberId: string;
  readonly #sessions = new Map<number, Session>();
  #epoch = 0;
  #nextBeatMs = 0;
  #assignment: readonly { readonly topicId: string; readonly partitions: readonly number[] }[] = [];
  #assigned: readonly Assigned[] = [];
  #isStale = true;

  /** `memberId`: a UUID of its own. */
  constructor(cluster: Cluster, groupId: string, memberId: string, topics: readonly string[]) {
    this.#cluster = cluster;
    this.#groupId = groupId;
    this.#memberId = memberId;
    this.#topics = topics;
  }

  /** Until the signal says so; then what is acknowledged is told, what is not is given back, and the group is left. */
  async run(options: ShareOptions): Promise<void> {
    try {
      while (!options.signal.aborted) {
        await this.#beat();
        if (this.#isStale) await this.#findLeaders();
        const leaders = new Set([...this.#assigned.map(({ leader }) => leader), ...this.#sessions.keys()]);
        leaders.delete(-1);
        for (const leader of leaders) if (!options.signal.aborted) await this.#fetch(leader, options);
        if (leaders.size === 0) await this.#cluster.pause(RETRY_MS);
      }
    } finally {
      await this.#leave();
    }
  }

  /** Before its time is up; the broker says how often. */
  async #beat(): Promise<void> {
    const isEarly = this.#cluster.clock.monotonic() < this.#nextBeatMs;
    if (this.#epoch > 0 && this.#assigned.length > 0 && isEarly) return;
    const answer = await this.#heartbeat(this.#epoch);
    if (REJOINS.has(answer.errorCode)) {
      this.#epoch = 0;
      return;
    }
    refuse(`group '${this.#groupId}'`, answer.errorCode, answer.errorMessage);
    this.#epoch = answer.memberEpoch;
    this.#nextBeatMs = this.#cluster.clock.monotonic() + answer.heartbeatIntervalMs / 2;
    if (answer.assignment === null) return;
    this.#assignment = answer.assignment.topicPartitions;
    this.#isStale = true;
  }

  #heartbeat(memberEpoch: number): Promise<ResponseOf<typeof ShareGroupHeartbeat>> {
    const subscribedTopicNames = memberEpoch === 0 ? [...this.#topics] : null;
    const draft = { groupId: this.#groupId, memberId: this.#memberId, memberEpoch, subscribedTopicNames };
    return this.#cluster.sendToCoordinator(this.#groupId, ShareGroupHeartbeat, draft, ({ errorCode, errorMessage }) => {
      const isForUs = errorCode === ErrorCode.NONE || REJOINS.has(errorCode);
      if (!isForUs) refuse(`group '${this.#groupId}'`, errorCode, errorMessage);
    });
  }

  async #findLeaders(): Promise<void> {
    const { topics } = await this.#cluster.metadata(this.#topics);
    const byId = new Map(topics.map((topic) => [topic.topicId, topic]));
    this.#assigned = this.#assignment.flatMap(({ topicId, partitions }) => {
      const topic = byId.get(topicId);
      return partitions.map((partition) => {
        const leader = topic?.partitions.find(({ partitionIndex }) => partitionIndex === partition)?.leaderId ?? -1;
        return { topicId, topic: topic?.name ?? topicId, partition, leader };
      });
    });
    this.#isStale = this.#assigned.some(({ leader }) => leader < 0);
  }

  async #fetch(leader: number, options: ShareOptions): Promise<void> {
    const session = this.#sessionOf(leader);
    const draft = this.#fetchOf(leader, session);
    const answer = await this.#cluster.sendTo(leader, ShareFetch, draft, MAX_WAIT_MS).catch(unlessGone);
    if (answer === null) return this.#lost(leader);
    if (REOPENS.has(answer.errorCode)) {
      this.#sessions.delete(leader);
      return;
    }
    refuse(`group '${this.#groupId}'`, answer.errorCode, answer.errorMessage);
    session.epoch++;
    for (const { topicId, partitions } of answer.responses) {
      for (const partition of partitions) {
        const key = keyOf({ topicId, partition: partition.partitionIndex });
        const assigned = session.fetched.get(key);
        if (assigned === undefined) continue;
        if (MOVED.has(partition.errorCode)) this.#isStale = true;
        else if (partition.errorCode !== 0) throw new Refused(nameOf(assigned), partition.errorCode);
        session.acks.set(key, await acksOf(assigned, partition, options));
      }
    }
  }

  /** The session has ended with the connection, and what was held is given back: others may lead by now. */
  #lost(leader: number): Promise<void> {
    this.#sessions.delete(leader);
    this.#isStale = true;
    return this.#cluster.pause(RETRY_MS);
  }

  #sessionOf(leader: number): Session {
    let session = this.#sessions.get(leader);
    if (session === undefined) {
      session = { epoch: OPENS, fetched: new Map(), acks: new Map() };
      this.#sessions.set(leader, session);
    }
    return session;
  }

  /** What the leader does not know yet: partitions that are new or gone, and what has become of records. */
  #fetchOf(leader: number, session: Session) {
    const { fetched } = session;
    const mine = new Map(this.#assigned.filter((each) => each.leader === leader).map((each) => [keyOf(each), each]));
    const added = [...mine].flatMap(([key, each]) => (fetched.has(key) ? [] : [each]));
    const gone = [...fetched].flatMap(([key, each]) => (mine.has(key) ? [] : [each]));
    const topics = topicsOf(session, added);
    for (const each of added) fetched.set(keyOf(each), each);
    for (const each of gone) fetched.delete(keyOf(each));
    return {
      groupId: this.#groupId,
      memberId: this.#memberId,
      shareSessionEpoch: session.epoch,
      maxWaitMs: MAX_WAIT_MS,
      minBytes: 1,
      maxBytes: MAX_BYTES,
      maxRecords: MAX_RECORDS,
      batchSize: MAX_RECORDS,
      topics,
      forgottenTopicsData: gone.map(({ topicId, partition }) => ({ topicId, partitions: [partition] })),
    };
  }

  async #leave(): Promise<void> {
    for (const [leader, session] of this.#sessions) {
      if (session.epoch === OPENS) continue;
      const draft = {
        groupId: this.#groupId,
        memberId: this.#memberId,
        shareSessionEpoch: CLOSES,
        topics: topicsOf(session, []),
      };
      await this.#cluster.sendTo(leader, ShareAcknowledge, draft).catch(() => {}); // what it holds goes with the connection
    }
    if (this.#epoch > 0) await this.#heartbeat(CLOSES).catch(() => {});
  }
}

/** Each record in turn; what is asked for no more stays unacknowledged, and is given back when the session ends. */
async function acksOf(at: Assigned, answer: PartitionAnswer, { signal, take }: ShareOptions): Promise<Ack[]> {
  const acks: Ack[] = [];
  const records = recordsIn(answer);
  for (const { firstOffset, lastOffset, deliveryCount } of answer.acquiredRecords) {
    for (let offset = firstOffset; offset <= lastOffset; offset++) {
      if (signal.aborted) return acks;
      const record = records.get(offset);
      const { topic, partition } = at;
      const type = record === undefined ? AckType.gap : await take({ ...record, topic, partition, deliveryCount });
      if (type === null) return acks;
      acks.push({ offset, type });
    }
  }
  return acks;
}

/** By offset; control records are none. */
function recordsIn({ records }: PartitionAnswer): Map<number, Record & BatchFacts> {
  const found = new Map<number, Record & BatchFacts>();
  if (records === null) return found;
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  for (const at of batches(bytes)) {
    const { isControl, timestampType, leaderEpoch, records: all } = decodeBatch(bytes, at);
    if (isControl) continue;
    for (const record of all) found.set(record.offset, { ...record, timestampType, leaderEpoch });
  }
  return found;
}

/** The partitions that are new to the session, and those with acknowledgements, which are told once. */
function topicsOf({ fetched, acks }: Session, added: readonly Assigned[]) {
  const told = new Map(added.map((each) => [keyOf(each), each]));
  for (const key of acks.keys()) told.set(key, fetched.get(key)!);
  const topics = [...told].map(([key, { topicId, partition }]) => ({
    topicId,
    partitions: [
      {
        partitionIndex: partition,
        acknowledgementBatches: (acks.get(key) ?? []).map(({ offset, type }) => {
          return { firstOffset: offset, lastOffset: offset, acknowledgeTypes: [type] };
        }),
      },
    ],
  }));
  acks.clear();
  return topics;
}

function keyOf({ topicId, partition }: { readonly topicId: string; readonly partition: number }): string {
  return `${topicId}:${partition}`;
}
