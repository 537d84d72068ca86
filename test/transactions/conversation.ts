/**
 * One conversation about transactions, held with Apache Kafka and with Ottla: what each request was answered, and what the
 * logs say afterwards, a line each. Ids that a broker makes up are shown as names.
 */
import {
  AddOffsetsToTxn, AddPartitionsToTxn, DescribeProducers, DescribeTransactions, EndTxn, Fetch, FindCoordinator,
  InitProducerId, ListOffsets, ListTransactions, OffsetFetch, Produce, TxnOffsetCommit, WriteTxnMarkers,
} from '../../protocol/apis/index.ts';
import { errorName } from '../../protocol/errors.ts';
import { readEndTxnMarker } from '../../protocol/records/control.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { TransactionLogKey, TransactionLogValue } from '../../protocol/topics/transaction-log.ts';
import { decodeRecordKey, decodeVersioned } from '../../protocol/versioned.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';

export type Send = <Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>, version: number, draft: Draft<Req>,
) => Promise<Values<Res>>;

/** One or the other, and how long to wait before asking again what a broker is still busy with. */
export interface Setting {
  readonly send: Send;
  /** Sets this conversation's names apart from those of the last on the same broker. */
  readonly run: string;
  /** A topic of two partitions. */
  readonly topic: string;
  readonly topicId: string;
  /** Lets `ms` of the broker's time pass. */
  wait(ms: number): Promise<void>;
}

interface Producer {
  id: string;
  producerId: number;
  producerEpoch: number;
}

const CONCURRENT_TRANSACTIONS = 51;
const COORDINATOR_LOAD_IN_PROGRESS = 14;

export class Conversation {
  readonly lines: string[] = [];
  readonly #setting: Setting;
  readonly #names = new Map<number, string>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  note(what: string, answer: string): void {
    this.lines.push(`${what}: ${answer}`);
  }

  heading(text: string): void {
    this.lines.push(`# ${text}`);
  }

  nameOf(producerId: number): string {
    if (producerId < 0) return String(producerId);
    let name = this.#names.get(producerId);
    if (name === undefined) this.#names.set(producerId, (name = `P${this.#names.size + 1}`));
    return name;
  }

  id(name: string): string {
    return `${this.#setting.run}-${name}`;
  }

  /** Repeats a request while the transaction before is still being ended: when that is done is each broker's own affair. */
  async #settled<T>(ask: () => Promise<T>, errorOf: (answer: T) => number): Promise<T> {
    for (;;) {
      const answer = await ask();
      const errorCode = errorOf(answer);
      if (errorCode !== CONCURRENT_TRANSACTIONS && errorCode !== COORDINATOR_LOAD_IN_PROGRESS) return answer;
      await this.#setting.wait(20);
    }
  }

  async init(
    name: string, more: Partial<Draft<typeof InitProducerId['request']['fields']>> = {}, version = 5,
  ): Promise<Producer> {
    const transactionalId = this.id(name);
    const answer = await this.#settled(() => this.#setting.send(InitProducerId, version, {
      transactionalId, transactionTimeoutMs: 60_000, ...more,
    }), ({ errorCode }) => errorCode);
    const { errorCode, producerId, producerEpoch } = answer;
    this.note(`init ${name} v${version}`, `${errorName(errorCode)} ${this.nameOf(producerId)}/${producerEpoch}`);
    return { id: transactionalId, producerId, producerEpoch };
  }

  async add(what: string, { id, producerId, producerEpoch }: Producer, partitions = [0], version = 3): Promise<void> {
    const { send, topic } = this.#setting;
    const answer = await this.#settled(() => send(AddPartitionsToTxn, version, {
      v3AndBelowTransactionalId: id, v3AndBelowProducerId: producerId, v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions }],
    }), ({ resultsByTopicV3AndBelow: [first] }) => first.resultsByPartition[0].partitionErrorCode);
    this.note(`add ${what}`, answer.resultsByTopicV3AndBelow[0].resultsByPartition
      .map(({ partitionIndex, partitionErrorCode }) => `${partitionIndex} ${errorName(partitionErrorCode)}`).sort().join(', '));
  }

  async verify(what: string, { id, producerId, producerEpoch }: Producer, verifyOnly: boolean, version = 5): Promise<void> {
    const { send, topic } = this.#setting;
    const answer = await this.#settled(() => send(AddPartitionsToTxn, version, {
      transactions: [{
        transactionalId: id, producerId, producerEpoch, verifyOnly, topics: [{ name: topic, partitions: [0, 1] }],
      }],
    }), ({ resultsByTransaction: [first] }) => first.topicResults[0].resultsByPartition[0].partitionErrorCode);
    const results = answer.resultsByTransaction.flatMap(({ topicResults }) => topicResults)
      .flatMap(({ resultsByPartition }) => resultsByPartition);
    this.note(`${verifyOnly ? 'verify' : 'add many'} ${what}`, `${errorName(answer.errorCode)} ${results
      .map(({ partitionIndex, partitionErrorCode }) => `${partitionIndex} ${errorName(partitionErrorCode)}`).sort().join(', ')}`);
  }

  async addOffsets(what: string, { id, producerId, producerEpoch }: Producer, version = 3): Promise<void> {
    const { errorCode } = await this.#settled(() => this.#setting.send(AddOffsetsToTxn, version, {
      transactionalId: id, producerId, producerEpoch, groupId: this.id('group'),
    }), (answer) => answer.errorCode);
    this.note(`add offsets ${what}`, errorName(errorCode));
  }

  async commitOffset(
    what: string, { id, producerId, producerEpoch }: Producer, committedOffset: number, version = 5,
    more: Partial<Draft<typeof TxnOffsetCommit['request']['fields']>> = {},
  ): Promise<void> {
    const { send, topic } = this.#setting;
    const { topics } = await this.#settled(() => send(TxnOffsetCommit, version, {
      transactionalId: id, groupId: this.id('group'), producerId, producerEpoch, ...more,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: '' }] }],
    }), (answer) => answer.topics[0].partitions[0].errorCode);
    this.note(`commit offset ${what}`, errorName(topics[0].partitions[0].errorCode));
  }

  async produce(
    what: string, { id, producerId, producerEpoch }: Producer, baseSequence: number, version = 12, index = 0,
    more: { transactionalId?: string | null; isTransactional?: boolean } = {},
  ): Promise<void> {
    const { send, topic, topicId } = this.#setting;
    const records = encodeBatch({
      records: [{ key: null, value: Buffer.from(what), timestamp: 1_000_000 }], producerId, producerEpoch, baseSequence,
      isTransactional: more.isTransactional ?? true,
    });
    const transactionalId = more.transactionalId === undefined ? id : more.transactionalId;
    const answer = await this.#settled(() => send(Produce, version, {
      transactionalId, acks: -1, timeoutMs: 5000,
      topicData: [{ name: version < 13 ? topic : '', topicId, partitionData: [{ index, records }] }],
    }), ({ responses: [first] }) => first.partitionResponses[0].errorCode);
    const { errorCode, baseOffset } = answer.responses[0].partitionResponses[0];
    this.note(`produce ${what} v${version}`, `${errorName(errorCode)} ${baseOffset}`);
  }

  async end(what: string, producer: Producer, committed: boolean, version = 5): Promise<Producer> {
    const { id, producerId, producerEpoch } = producer;
    const answer = await this.#settled(() => this.#setting.send(EndTxn, version, {
      transactionalId: id, producerId, producerEpoch, committed,
    }), ({ errorCode }) => errorCode);
    const next = version < 5 ? '' : ` ${this.nameOf(answer.producerId)}/${answer.producerEpoch}`;
    this.note(`${committed ? 'commit' : 'abort'} ${what} v${version}`, `${errorName(answer.errorCode)}${next}`);
    if (answer.errorCode === 0) await this.#stateOf(id); // until the markers are written
    if (version < 5 || answer.errorCode !== 0) return producer;
    return { id, producerId: answer.producerId, producerEpoch: answer.producerEpoch };
  }

  #stateOf(transactionalId: string) {
    return this.#settled(async () => {
      const { transactionStates: [state] } = await this.#setting.send(DescribeTransactions, 0, {
        transactionalIds: [transactionalId],
      });
      return state;
    }, ({ transactionState }) => (transactionState.startsWith('Prepare') ? CONCURRENT_TRANSACTIONS : 0));
  }

  async describe(name: string, transactionalId = this.id(name)): Promise<void> {
    const answer = await this.#stateOf(transactionalId);
    const { errorCode, transactionState, transactionTimeoutMs, producerId, producerEpoch, topics } = answer;
    const partitions = topics.map(({ topic, partitions: all }) => `${this.#plain(topic)}${JSON.stringify(ascending(all))}`).sort();
    this.note(`describe ${name}`, `${errorName(errorCode)} ${transactionState} ${transactionTimeoutMs} ${
      errorCode === 0 ? this.nameOf(producerId) : producerId}/${producerEpoch} start ${answer.transactionStartTimeMs > 0 ? 'set' : answer.transactionStartTimeMs
    } ${partitions.join(' ')}`);
  }

  async list(what: string, filter: Partial<Draft<typeof ListTransactions['request']['fields']>>, version = 2): Promise<void> {
    const answer = await this.#setting.send(ListTransactions, version, { stateFilters: [], producerIdFilters: [], ...filter });
    const own = answer.transactionStates.filter(({ transactionalId }) => transactionalId.startsWith(this.#setting.run))
      .map(({ transactionalId, transactionState }) => `${this.#plain(transactionalId)} ${transactionState}`).sort();
    this.note(`list ${what}`, `${errorName(answer.errorCode)} unknown ${JSON.stringify(answer.unknownStateFilters)} ${own.join(', ')}`);
  }

  async offset(what: string, requireStable: boolean): Promise<void> {
    const { send, topic } = this.#setting;
    const { groups: [group] } = await send(OffsetFetch, 9, {
      groups: [{ groupId: this.id('group'), memberId: null, memberEpoch: -1, topics: [{ name: topic, partitionIndexes: [0] }] }],
      requireStable,
    });
    const [{ partitions: [{ committedOffset, errorCode }] }] = group.topics;
    this.note(`offset ${what}${requireStable ? ', stable' : ''}`, `${errorName(errorCode)} ${committedOffset}`);
  }

  async ends(what: string, partitionIndex = 0): Promise<void> {
    const { send, topic } = this.#setting;
    const latest = async (isolationLevel: number): Promise<number> => {
      const { topics: [{ partitions: [{ offset }] }] } = await send(ListOffsets, 7, {
        replicaId: -1, isolationLevel, topics: [{ name: topic, partitions: [{ partitionIndex, timestamp: -1 }] }],
      });
      return offset;
    };
    this.note(`ends ${what}`, `high watermark ${await latest(0)}, last stable ${await latest(1)}`);
  }

  async producers(what: string): Promise<void> {
    const { send, topic } = this.#setting;
    const { topics: [{ partitions }] } = await send(DescribeProducers, 0, { topics: [{ name: topic, partitionIndexes: [0, 9] }] });
    for (const { partitionIndex, errorCode, activeProducers } of partitions) {
      const shown = activeProducers.map((each) => `${this.nameOf(each.producerId)}/${each.producerEpoch} last ${each.lastSequence
      } open ${each.currentTxnStartOffset} coordinator ${Math.min(each.coordinatorEpoch, 0)}`);
      this.note(`producers ${what} ${partitionIndex}`, `${errorName(errorCode)} ${shown.sort().join('; ')}`);
    }
  }

  async marker(what: string, { producerId, producerEpoch }: Producer, coordinatorEpoch: number, partitions = [0]): Promise<void> {
    const { send, topic } = this.#setting;
    const { markers } = await send(WriteTxnMarkers, 1, {
      markers: [{
        producerId, producerEpoch, transactionResult: false, coordinatorEpoch,
        topics: [{ name: topic, partitionIndexes: partitions }],
      }],
    });
    this.note(`marker ${what}`, markers.flatMap(({ topics }) => topics).flatMap((each) => each.partitions)
      .map(({ partitionIndex, errorCode }) => `${partitionIndex} ${errorName(errorCode)}`).join(', '));
  }

  async coordinator(what: string, key: string, version: number): Promise<void> {
    const { send } = this.#setting;
    const answer = await send(FindCoordinator, version, { key, coordinatorKeys: [key], keyType: 1 });
    const errorCode = version < 4 ? answer.errorCode : answer.coordinators[0].errorCode;
    this.note(`coordinator ${what} v${version}`, errorName(errorCode));
  }

  /** What all fetches together tell a reader of committed records to pass over. */
  async aborted(partition: number): Promise<void> {
    const seen = new Set<string>();
    for (let offset = 0; ;) {
      const { records, abortedTransactions } = await this.#read(this.#setting.topicId, partition, offset, 1);
      for (const { producerId, firstOffset } of abortedTransactions ?? []) seen.add(`${firstOffset} of ${this.nameOf(producerId)}`);
      const bytes = Buffer.from(records ?? []);
      if (bytes.length === 0) break;
      for (const at of batches(bytes)) offset = decodeBatch(bytes, at).lastOffset + 1;
    }
    this.note(`aborted in ${partition}`, [...seen].sort((a, b) => parseInt(a, 10) - parseInt(b, 10)).join(', '));
  }

  /** Each batch of a partition, markers with what they say. */
  async dump(partition = 0): Promise<void> {
    for (const batch of await this.#batches(this.#setting.topicId, partition)) {
      const marker = batch.isControl ? readEndTxnMarker(batch.records[0]) : null;
      const what = marker === null
        ? `data ${batch.records.map(({ value }) => String(Buffer.from(value ?? []))).join()} sequence ${batch.baseSequence}`
        : `${marker.type} value ${Buffer.from(batch.records[0].value ?? []).length} bytes`;
      this.note(`log ${partition} ${batch.baseOffset}`, `${this.nameOf(batch.producerId)}/${batch.producerEpoch}${
        batch.isTransactional ? ' transactional' : ''} ${what}`);
    }
  }

  /** Each record of __transaction_state, by transactional id. */
  async dumpState(topicId: string, partitions: number): Promise<void> {
    const lines = new Map<string, string[]>();
    for (let partition = 0; partition < partitions; partition++) {
      for (const batch of await this.#batches(topicId, partition)) {
        for (const { key, value } of batch.records) {
          if (key === null) continue;
          const { transactionalId } = decodeRecordKey(TransactionLogKey, key);
          if (!transactionalId.startsWith(this.#setting.run)) continue;
          const own = lines.get(transactionalId) ?? [];
          lines.set(transactionalId, own);
          own.push(value === null ? 'tombstone' : this.#state(value));
        }
      }
    }
    for (const [id, own] of [...lines].sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (const line of own) this.note(`state ${this.#plain(id)}`, line);
    }
  }

  #state(bytes: Uint8Array): string {
    const value = decodeVersioned(TransactionLogValue, bytes);
    const partitions = value.transactionPartitions?.map(({ topic, partitionIds }) => `${this.#plain(topic)}${JSON.stringify(ascending(partitionIds))}`).sort();
    const id = (producerId: number) => this.nameOf(producerId);
    return `v${bytes[1]} status ${value.transactionStatus} ${id(value.producerId)}/${value.producerEpoch} previous ${
      id(value.previousProducerId)} next ${id(value.nextProducerId)}/${value.nextProducerEpoch} client ${
      value.clientTransactionVersion} timeout ${value.transactionTimeoutMs} start ${
      value.transactionStartTimestampMs > 0 ? 'set' : value.transactionStartTimestampMs} ${partitions?.join(' ') ?? 'null'}`;
  }

  #plain(text: string): string {
    return text.replace(this.#setting.topic, 'topic').replace(`${this.#setting.run}-`, '');
  }

  async #read(topicId: string, partition: number, fetchOffset: number, isolationLevel: number) {
    const { responses: [{ partitions: [found] }] } = await this.#setting.send(Fetch, 16, {
      maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 24, isolationLevel,
      topics: [{ topicId, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 24 }] }],
    });
    return found;
  }

  async #batches(topicId: string, partition: number) {
    const all = [];
    for (let offset = 0; ;) {
      const { records } = await this.#read(topicId, partition, offset, 0);
      const bytes = Buffer.from(records ?? []);
      if (bytes.length === 0) return all;
      for (const at of batches(bytes)) {
        const batch = decodeBatch(bytes, at);
        all.push(batch);
        offset = batch.lastOffset + 1;
      }
    }
  }
}

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}
