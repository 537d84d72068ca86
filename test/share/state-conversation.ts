/** What brokers ask one another about the state of share partitions (APIs 83 to 87), and the records it leaves. */
import {
  DeleteShareGroupState,
  Fetch,
  InitializeShareGroupState,
  Metadata,
  ReadShareGroupState,
  ReadShareGroupStateSummary,
  WriteShareGroupState,
} from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode, errorName } from '../../protocol/errors.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { decodeState } from '../../src/share/state-records.ts';
import type { StateBatch } from '../../src/share/share-state.ts';
import type { Conversation } from './conversation.ts';

type Batch = readonly [first: number, last: number, state: number, count: number];

export async function converseAboutState(talk: Conversation): Promise<void> {
  const topicId = await talk.topic(`${talk.setting.run}-state`);
  const state = new StateTalk(talk, topicId, `${talk.setting.run}-direct`);
  await talk.setting.wait(500); // until Kafka's share coordinator has heard of the topic
  talk.heading('before there is a state');
  await state.read('read', 0);
  await state.summary('summary', 0);
  await state.write('write', 0, 0, 0, []);
  await state.delete('delete');
  talk.heading('initializing');
  await state.initialize('at latest', 1, -1);
  await state.initialize('again', 1, 5);
  await state.initialize('of an older epoch', 0, 5);
  await state.initialize('of a negative epoch', -1, 5);
  await state.initialize('of a partition that is not there', 1, 5, 7);
  await state.initialize('of a negative partition', 1, 5, -1);
  await state.initialize('without a group', 0, 0, 0, '');
  talk.heading('reading');
  await state.summary('summary', 0);
  await state.read('by its leader', 0);
  await state.read('by no leader', -1);
  await state.read('by the next leader', 3);
  await state.read('by the leader before', 2);
  await state.summary('summary', 0);
  await state.summary('summary for nobody', -1);
  await state.read('of a partition that is not there', 3, 9);
  await state.summary('summary of a partition that is not there', 3, 9);
  await state.delete('of a partition that is not there', 9);
  talk.heading('writing');
  await state.write('two batches', 1, 3, 10, [[10, 19, 2, 1], [20, 29, 0, 1]], 10); // prettier-ignore
  await state.write('by the leader before', 1, 2, 10, []);
  await state.write('of an older epoch', 0, 3, 10, []);
  await state.write('of a later epoch', 2, 3, 10, []);
  await state.write('of a negative epoch', -1, 3, 10, []);
  await state.write('by no leader', 1, -1, 10, []);
  await state.write('of a partition that is not there', 1, 3, 10, [], -1, 9);
  await state.write('over both', 1, 3, -1, [[15, 24, 4, 2], [30, 31, 2, 1]]); // prettier-ignore
  await state.read('all', 3);
  await state.write('a start', 1, 3, 22, []);
  await state.read('all', 3);
  await state.write('a start before it', 1, 3, 5, [[5, 8, 0, 1]]);
  await state.read('all', 3);
  await state.write('below the start', 1, 3, -1, [[1, 2, 2, 7]]);
  await state.write('fewer deliveries', 1, 3, -1, [[23, 26, 0, 1]]);
  await state.read('all', 3);
  await state.write('neighbours', 1, 3, 100, [[100, 100, 2, 1], [101, 101, 2, 1], [102, 102, 2, 2], [103, 103, 0, 2], [104, 105, 0, 2]]); // prettier-ignore
  await state.read('all', 3);
  await state.summary('summary', 3);
  await state.write('a count alone', 1, 3, -1, [], 5);
  await state.summary('summary', 3);
  await state.write('a count and a start', 1, 3, 100, [], 4);
  await state.summary('summary', 3);
  talk.heading('beginning anew');
  await state.initialize('of a later epoch', 4, 50);
  await state.read('all', 3);
  await state.summary('summary', 3);
  await state.delete('all');
  await state.read('all', 3);
  await state.summary('summary', 0);
  await state.delete('again');
  talk.heading('what the log says');
  await dumpState(talk, state.groupId);
}

class StateTalk {
  readonly groupId: string;
  readonly #talk: Conversation;
  readonly #topicId: string;

  constructor(talk: Conversation, topicId: string, groupId: string) {
    this.#talk = talk;
    this.#topicId = topicId;
    this.groupId = groupId;
  }

  get #client(): Client {
    return this.#talk.client;
  }

  #asked<P>(partition: P) {
    return { groupId: this.groupId, topics: [{ topicId: this.#topicId, partitions: [partition] }] };
  }

  async initialize(
    what: string,
    stateEpoch: number,
    startOffset: number,
    partition = 0,
    groupId = this.groupId,
  ): Promise<void> {
    const request = { ...this.#asked({ partition, stateEpoch, startOffset }), groupId };
    const { results } = await this.#client.send(InitializeShareGroupState, 0, request);
    this.#talk.note(`initialize ${what}`, results.map(({ partitions }) => errorName(partitions[0].errorCode)).join());
  }

  async read(what: string, leaderEpoch: number, partition = 0): Promise<void> {
    const { results } = await this.#client.send(ReadShareGroupState, 0, this.#asked({ partition, leaderEpoch }));
    const { errorCode, stateEpoch, startOffset, stateBatches } = results[0].partitions[0];
    this.#talk.note(
      `read ${what}`,
      `${errorName(errorCode)} epoch ${stateEpoch} start ${startOffset} [${told(stateBatches)}]`,
    );
  }

  async summary(what: string, leaderEpoch: number, partition = 0): Promise<void> {
    const { results } = await this.#client.send(ReadShareGroupStateSummary, 1, this.#asked({ partition, leaderEpoch }));
    const { errorCode, stateEpoch, leaderEpoch: leader, startOffset, deliveryCompleteCount } = results[0].partitions[0];
    const facts = `epoch ${stateEpoch} leader ${leader} start ${startOffset} complete ${deliveryCompleteCount}`;
    this.#talk.note(what, `${errorName(errorCode)} ${facts}`);
  }

  async write(
    what: string,
    stateEpoch: number,
    leaderEpoch: number,
    startOffset: number,
    stateBatches: readonly Batch[],
    deliveryCompleteCount = -1,
    partition = 0,
  ): Promise<void> {
    const request = this.#asked({
      partition,
      stateEpoch,
      leaderEpoch,
      startOffset,
      deliveryCompleteCount,
      stateBatches: stateBatches.map(([firstOffset, lastOffset, deliveryState, deliveryCount]) => {
        return { firstOffset, lastOffset, deliveryState, deliveryCount };
      }),
    });
    const { results } = await this.#client.send(WriteShareGroupState, 1, request);
    this.#talk.note(`write ${what}`, errorName(results[0].partitions[0].errorCode));
  }

  async delete(what = '', partition = 0): Promise<void> {
    const { results } = await this.#client.send(DeleteShareGroupState, 0, this.#asked({ partition }));
    this.#talk.note(`delete ${what}`.trim(), errorName(results[0].partitions[0].errorCode));
  }
}

/** The records of one group, without their times. */
export async function dumpState(talk: Conversation, groupId: string): Promise<void> {
  const { topics } = await talk.client.send(Metadata, 12, { topics: [{ name: '__share_group_state' }] });
  const { topicId, partitions } = topics[0];
  for (const { partitionIndex } of partitions) {
    for (let fetchOffset = 0; ;) {
      const { responses } = await talk.client.send(Fetch, 13, {
        maxWaitMs: 0,
        minBytes: 1,
        topics: [{ topicId, partitions: [{ partition: partitionIndex, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
      });
      const { errorCode, logStartOffset, records: found } = responses[0].partitions[0];
      const bytes = Buffer.from(found ?? []);
      if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE)
        fetchOffset = logStartOffset >= 0 ? logStartOffset : fetchOffset + 1;
      else if (bytes.length === 0) break;
      for (const at of batches(bytes)) {
        const { records, lastOffset } = decodeBatch(bytes, at);
        fetchOffset = lastOffset + 1;
        for (const { key, value } of records) {
          const record = key === null ? null : decodeState(key, value);
          if (record?.key.groupId === groupId) talk.note(`partition ${record.key.partition}`, recordText(record.value));
        }
      }
    }
  }
}

function recordText(value: NonNullable<ReturnType<typeof decodeState>>['value']): string {
  if (value === null) return 'tombstone';
  const { snapshotEpoch, leaderEpoch, startOffset, deliveryCompleteCount, stateBatches } = value;
  const kind =
    'stateEpoch' in value ? `snapshot ${snapshotEpoch} epoch ${value.stateEpoch}` : `update ${snapshotEpoch}`;
  return `${kind} leader ${leaderEpoch} start ${startOffset} complete ${deliveryCompleteCount} [${told(stateBatches)}]`;
}

function told(stateBatches: readonly StateBatch[]): string {
  return stateBatches
    .map(
      ({ firstOffset, lastOffset, deliveryState, deliveryCount }) =>
        `${firstOffset}-${lastOffset}:${deliveryState}x${deliveryCount}`,
    )
    .join(' ');
}
