import { expect, test } from 'vitest';
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  DescribeTransactions,
  EndTxn,
  InitProducerId,
  ListOffsets,
  OffsetFetch,
  Produce,
  TxnOffsetCommit,
} from '../../protocol/apis/index.ts';
import { errorName } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { ZERO_UUID, type Api, type Draft, type Fields, type Values } from '../../protocol/schema.ts';
import { FaultyBroker, Lost } from './faulty-broker.ts';

const TOPIC = 'output';
const ID = 'id';
const GROUP = 'group';
const PARTITIONS = [0, 1];
const MANY_CHANGES = 100;

/** One client and a broker, of which each request is answered at once. */
class Talk {
  readonly broker = new FaultyBroker(1);
  readonly version: 1 | 2;
  producerId = -1;
  producerEpoch = -1;
  #sequence = 0;

  constructor(version: 1 | 2) {
    this.version = version;
  }

  async start(): Promise<this> {
    const { broker } = this;
    await broker.start();
    for (const topic of ['__consumer_offsets', '__transaction_state'] as const)
      await broker.parts.controller.ensureInternalTopic(topic);
    const topic = { name: TOPIC, numPartitions: PARTITIONS.length, replicationFactor: 1, assignments: [], configs: [] };
    await broker.parts.controller.createTopics([topic], { validateOnly: false });
    const { producerId, producerEpoch } = await this.ask(InitProducerId, 5, {
      transactionalId: ID,
      transactionTimeoutMs: 60_000,
    });
    return Object.assign(this, { producerId, producerEpoch });
  }

  async ask<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
  ): Promise<Values<Res>> {
    const answer = this.broker.send(api, version, draft);
    answer.catch(() => {}); // told below, once the broker is up again
    await this.broker.step();
    return answer;
  }

  /** A record into each partition, and an offset. */
  async write(committedOffset: number): Promise<void> {
    const { producerId, producerEpoch } = this;
    const producer = { transactionalId: ID, producerId, producerEpoch };
    if (this.version === 1) {
      await this.ask(AddPartitionsToTxn, 3, {
        v3AndBelowTransactionalId: ID,
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: [{ name: TOPIC, partitions: PARTITIONS }],
      });
      await this.ask(AddOffsetsToTxn, 3, { ...producer, groupId: GROUP });
    }
    for (const index of PARTITIONS) {
      const records = encodeBatch({
        records: [{ key: null, value: Buffer.from('x'), timestamp: 1 }],
        producerId,
        producerEpoch,
        baseSequence: this.#sequence,
        isTransactional: true,
      });
      const {
        responses: [
          {
            partitionResponses: [{ errorCode }],
          },
        ],
      } = await this.ask(Produce, this.version === 1 ? 11 : 12, {
        transactionalId: ID,
        acks: -1,
        timeoutMs: 1,
        topicData: [{ name: TOPIC, partitionData: [{ index, records }] }],
      });
      expectNone(errorCode);
    }
    if (this.version === 1) this.#sequence++;
    const {
      topics: [
        {
          partitions: [{ errorCode }],
        },
      ],
    } = await this.ask(TxnOffsetCommit, this.version === 1 ? 3 : 5, {
      ...producer,
      groupId: GROUP,
      topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: null }] }],
    });
    expectNone(errorCode);
  }

  end(committed: boolean) {
    const { producerId, producerEpoch } = this;
    return this.ask(EndTxn, this.version === 1 ? 4 : 5, { transactionalId: ID, producerId, producerEpoch, committed });
  }

  async state(): Promise<string> {
    return (await this.ask(DescribeTransactions, 0, { transactionalIds: [ID] })).transactionStates[0].transactionState;
  }

  /** Per partition, whether nothing of it is open; and the offset that the group has committed for good. */
  async outcome(): Promise<{ open: number; offset: number }> {
    const latest = async (isolationLevel: number) =>
      (
        await this.ask(ListOffsets, 7, {
          replicaId: -1,
          isolationLevel,
          topics: [
            { name: TOPIC, partitions: PARTITIONS.map((partitionIndex) => ({ partitionIndex, timestamp: -1 })) },
          ],
        })
      ).topics[0].partitions.map(({ offset }) => offset);
    const [ends, stable] = [await latest(0), await latest(1)];
    const {
      groups: [
        {
          topics: [
            {
              partitions: [{ committedOffset }],
            },
          ],
        },
      ],
    } = await this.ask(OffsetFetch, 8, {
      groups: [{ groupId: GROUP, topics: [{ name: TOPIC, partitionIndexes: [0] }] }],
      requireStable: true,
    });
    return { open: ends.filter((end, index) => end !== stable[index]).length, offset: committedOffset };
  }
}

function expectNone(errorCode: number): void {
  if (errorCode !== 0) throw new Error(errorName(errorCode));
}

for (const version of [1, 2] as const) {
  for (const committed of [true, false]) {
    test(`version ${version}: ${committed ? 'a commit' : 'an abort'} ends whole, wherever the broker was killed in it`, async () => {
      const decided = new Set<boolean>();
      let changes = 0;
      for (let change = 1; change < MANY_CHANGES; change++) {
        const talk = await new Talk(version).start();
        await talk.write(5);
        talk.broker.killAt(change);
        const answer = await talk.end(committed).catch((error: unknown) => error);
        if (!(answer instanceof Lost)) break;
        changes = change;
        const state = await talk.state();
        decided.add(state !== 'Ongoing');
        expect(['Ongoing', committed ? 'CompleteCommit' : 'CompleteAbort']).toContain(state);
        expect((await talk.outcome()).open, `${state} after change ${change}`).toBe(state === 'Ongoing' ? 2 : 0);
        // The client asks again, for it had no answer.
        expect((await talk.end(committed)).errorCode).toBe(0);
        expect(await talk.outcome()).toEqual({ open: 0, offset: committed ? 5 : -1 });
        await talk.broker.stop();
      }
      expect(decided).toEqual(new Set([true, false]));
      expect(changes).toBeGreaterThanOrEqual(PARTITIONS.length + 3); // decision, markers, also of the offsets, end: each was the last
    });
  }
}

test('a transaction whose client is gone when the broker starts again is aborted when its time is over', async () => {
  const talk = await new Talk(2).start();
  await talk.write(5);
  talk.broker.killAt(1);
  await talk.end(true).catch(() => {});
  expect(await talk.state()).toBe('Ongoing');
  await talk.broker.advance(59_000);
  expect((await talk.outcome()).open).toBe(2);
  await talk.broker.advance(3000);
  expect(await talk.outcome()).toEqual({ open: 0, offset: -1 });
  expect(await talk.state()).toBe('CompleteAbort');
});

test('a disk that takes no marker holds up its partition alone, until it takes one', async () => {
  const talk = await new Talk(2).start();
  await talk.write(5);
  talk.broker.refuses = (path) => path.includes(`/${TOPIC}-1/`);
  expect((await talk.end(true)).errorCode).toBe(0);
  expect(await talk.state()).toBe('PrepareCommit');
  expect(await talk.outcome()).toEqual({ open: 1, offset: 5 });
  await talk.broker.advance(1000);
  expect(await talk.state()).toBe('PrepareCommit');
  talk.broker.refuses = null;
  await talk.broker.advance(1000);
  expect(await talk.state()).toBe('CompleteCommit');
  expect(await talk.outcome()).toEqual({ open: 0, offset: 5 });
});

test('a partition that is deleted while a transaction writes to it does not hold up its end', async () => {
  const talk = await new Talk(2).start();
  await talk.write(5);
  await talk.broker.parts.controller.deleteTopics([{ name: TOPIC, topicId: ZERO_UUID }]);
  expect((await talk.end(true)).errorCode).toBe(0);
  expect(await talk.state()).toBe('CompleteCommit');
});

test('version 2: an end that comes late does not end the transaction after it (KAFKA-17754)', async () => {
  const talk = await new Talk(2).start();
  await talk.write(5);
  const { producerId, producerEpoch } = await talk.end(true);
  const late = { transactionalId: ID, producerId, producerEpoch: producerEpoch - 1 };
  Object.assign(talk, { producerEpoch });
  await talk.write(6);
  for (const committed of [true, false]) {
    expect((await talk.ask(EndTxn, 5, { ...late, committed })).errorCode).not.toBe(0);
  }
  expect(await talk.state()).toBe('Ongoing');
  expect((await talk.end(true)).errorCode).toBe(0);
  expect(await talk.outcome()).toEqual({ open: 0, offset: 6 });
});
