import { Fetch, Produce } from '../../protocol/apis/index.ts';
import { BatchField, setCrc, writeInt16, writeInt32, writeInt53 } from '../../protocol/records/batch.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { Api, ResponseOf } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { keyed, plain } from './records.ts';
import type { Side, Topic, TopicOptions } from './side.ts';

type ProduceSide = typeof Produce extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Damage = (batch: Buffer) => void;

/** Produces to one partition, then reads what became of it. */
async function produce(
  side: ProduceSide,
  topic: Topic,
  records: Uint8Array | null,
  { index = 0, acks = -1, transactionalId = null as string | null } = {},
): Promise<ResponseOf<typeof Produce> | null> {
  return side.ask({
    acks,
    timeoutMs: 10_000,
    transactionalId,
    topicData: [{ ...topic, partitionData: [{ index, records }] }],
  });
}

async function readBack(side: ProduceSide, { name, topicId }: Topic): Promise<void> {
  await side.askOf(Fetch, 12, {
    maxWaitMs: 0,
    minBytes: 0,
    topics: [{ topic: name, topicId, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
  });
}

/** One batch to a fresh topic. */
function batch(make: (side: ProduceSide) => Uint8Array | null, options: TopicOptions = {}) {
  return async (side: ProduceSide) => {
    const topic = await side.topic('topic', options);
    await produce(side, topic, make(side));
    await readBack(side, topic);
  };
}

/** A batch of two records that is damaged, its CRC then made right again. */
function damaged(damage: Damage, options: TopicOptions = {}) {
  return batch((side) => {
    const bytes = encodeBatch(plain(side, 2));
    damage(bytes);
    setCrc(bytes, 0);
    return bytes;
  }, options);
}

const compacted: TopicOptions = { configs: { 'cleanup.policy': 'compact' } };
const HOUR_MS = 3_600_000;
const late = (side: ProduceSide, ms: number) =>
  encodeBatch({ records: keyed(side, 2).map((each) => ({ ...each, timestamp: side.startedMs + ms })) });

differential(Produce, {
  'two records': batch((side) => encodeBatch(plain(side, 2))),
  'records with keys and headers': batch((side) =>
    encodeBatch({
      records: [
        {
          key: Buffer.from('k'),
          value: null,
          timestamp: side.startedMs,
          headers: [
            { key: 'h', value: null },
            { key: '', value: Buffer.of(1) },
          ],
        },
      ],
    }),
  ),
  'to a topic that is not there': async (side) => {
    await produce(side, { name: side.name('none'), topicId: 'bm9uZW5vbmVub25lbm9uZQ' }, encodeBatch(plain(side, 1)));
  },
  'to a topic with an impossible name': (side) =>
    produce(side, { name: 'a b/c', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }, encodeBatch(plain(side, 1))),
  'to a topic without a name or id': (side) =>
    produce(side, { name: '', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }, encodeBatch(plain(side, 1))),
  'to a partition that is not there': async (side) =>
    produce(side, await side.topic(), encodeBatch(plain(side, 1)), { index: 7 }),
  'to a negative partition': async (side) =>
    produce(side, await side.topic(), encodeBatch(plain(side, 1)), { index: -1 }),
  'to the offsets topic': (side) =>
    side.learn('__consumer_offsets').then((topic) => produce(side, topic, encodeBatch(plain(side, 1)))),
  'with acks 1': async (side) => produce(side, await side.topic(), encodeBatch(plain(side, 1)), { acks: 1 }),
  'with acks 2': async (side) => produce(side, await side.topic(), encodeBatch(plain(side, 1)), { acks: 2 }),
  'with acks -2': async (side) => produce(side, await side.topic(), encodeBatch(plain(side, 1)), { acks: -2 }),
  'with acks 2 and bad records': async (side) => produce(side, await side.topic(), Buffer.alloc(30), { acks: 2 }),
  'with a transactional id but a plain batch': async (side) =>
    produce(side, await side.topic(), encodeBatch(plain(side, 1)), { transactionalId: side.name('tx') }),
  'nothing at all': (side) => side.ask({ acks: -1, timeoutMs: 1000, topicData: [] }),
  'a topic without partitions': async (side) =>
    side.ask({ acks: -1, timeoutMs: 1000, topicData: [{ ...(await side.topic()), partitionData: [] }] }),
  'one partition twice': async (side) => {
    const topic = await side.topic();
    const records = encodeBatch(plain(side, 1));
    await side.ask({
      acks: -1,
      timeoutMs: 1000,
      topicData: [
        {
          ...topic,
          partitionData: [
            { index: 0, records },
            { index: 0, records },
          ],
        },
      ],
    });
    await readBack(side, topic);
  },
  'one topic twice': async (side) => {
    const topic = await side.topic('topic', { partitions: 2 });
    const records = encodeBatch(plain(side, 1));
    const entry = (index: number) => ({ ...topic, partitionData: [{ index, records }] });
    await side.ask({ acks: -1, timeoutMs: 1000, topicData: [entry(0), entry(1)] });
  },
  'a negative timeout': async (side) =>
    side.ask({
      acks: -1,
      timeoutMs: -5,
      topicData: [{ ...(await side.topic()), partitionData: [{ index: 0, records: encodeBatch(plain(side, 1)) }] }],
    }),

  'null records': batch(() => null),
  'no bytes': batch(() => Buffer.alloc(0)),
  'a few bytes': batch(() => Buffer.alloc(10)),
  'seventeen zeros': batch(() => Buffer.alloc(17)),
  'a hundred zeros': batch(() => Buffer.alloc(100)),
  'a batch that is cut short': batch((side) => encodeBatch(plain(side, 2)).subarray(0, -1)),
  'a batch of which only the header came': batch((side) => encodeBatch(plain(side, 2)).subarray(0, 61)),
  'a byte too many': batch((side) => Buffer.concat([encodeBatch(plain(side, 1)), Buffer.of(0)])),
  'twenty zeros behind the batch': batch((side) => Buffer.concat([encodeBatch(plain(side, 1)), Buffer.alloc(20)])),
  'two batches': batch((side) => Buffer.concat([encodeBatch(plain(side, 1)), encodeBatch(plain(side, 1))])),
  'a whole batch and half a one': batch((side) =>
    Buffer.concat([encodeBatch(plain(side, 1)), encodeBatch(plain(side, 1)).subarray(0, 40)]),
  ),
  'a batch without records': batch(() => encodeBatch({ records: [] })),
  'a wrong CRC': batch((side) => {
    const bytes = encodeBatch(plain(side, 1));
    bytes[20] ^= 1;
    return bytes;
  }),
  'magic 0': damaged((bytes) => {
    bytes[16] = 0;
  }),
  'magic 1': damaged((bytes) => {
    bytes[16] = 1;
  }),
  'magic 3': damaged((bytes) => {
    bytes[16] = 3;
  }),
  'magic -1': damaged((bytes) => {
    bytes[16] = 255;
  }),
  'a negative length': batch((side) => {
    const bytes = encodeBatch(plain(side, 1));
    writeInt32(bytes, BatchField.batchLength, -1);
    return bytes;
  }),
  'a length of thirty': batch((side) => {
    const bytes = encodeBatch(plain(side, 1));
    writeInt32(bytes, BatchField.batchLength, 30);
    return bytes;
  }),
  'a base offset of 5': damaged((bytes) => writeInt53(bytes, 0, 5)),
  'a leader epoch of 9': damaged((bytes) => writeInt32(bytes, BatchField.leaderEpoch, 9)),
  'a count too high': damaged((bytes) => writeInt32(bytes, BatchField.recordCount, 3)),
  'a count too low': damaged((bytes) => writeInt32(bytes, BatchField.recordCount, 1)),
  'a count and a last offset too high': damaged((bytes) => {
    writeInt32(bytes, BatchField.recordCount, 3);
    writeInt32(bytes, BatchField.lastOffsetDelta, 2);
  }),
  'a count and a last offset too low': damaged((bytes) => {
    writeInt32(bytes, BatchField.recordCount, 1);
    writeInt32(bytes, BatchField.lastOffsetDelta, 0);
  }),
  'a huge count': damaged((bytes) => {
    writeInt32(bytes, BatchField.recordCount, 0x7fffffff);
    writeInt32(bytes, BatchField.lastOffsetDelta, 0x7ffffffe);
  }),
  'a negative count': damaged((bytes) => writeInt32(bytes, BatchField.recordCount, -1)),
  'a wrong last offset': damaged((bytes) => writeInt32(bytes, BatchField.lastOffsetDelta, 5)),
  'the control bit': damaged((bytes) => writeInt16(bytes, BatchField.attributes, 0x20)),
  'the transactional bit without a producer': damaged((bytes) => writeInt16(bytes, BatchField.attributes, 0x10)),
  'the bit for LogAppendTime': damaged((bytes) => writeInt16(bytes, BatchField.attributes, 0x08)),
  'the bit for LogAppendTime on such a topic': damaged((bytes) => writeInt16(bytes, BatchField.attributes, 0x08), {
    configs: { 'message.timestamp.type': 'LogAppendTime' },
  }),
  'the bit for a delete horizon': damaged((bytes) => writeInt16(bytes, BatchField.attributes, 0x40)),
  'unknown bits': damaged((bytes) => writeInt16(bytes, BatchField.attributes, 0x7f00)),
  'a wrong offset delta in a record': batch((side) =>
    encodeBatch({ records: keyed(side, 2).map((each) => ({ ...each, offsetDelta: 4 })), lastOffsetDelta: 1 }),
  ),
  'a wrong maximal timestamp': damaged((bytes) => writeInt53(bytes, BatchField.maxTimestamp, 5)),
  'a garbled record': damaged((bytes) => {
    bytes[63] = 0xff;
  }),
  'a record longer than the batch': damaged((bytes) => {
    bytes[61] = 0x7e;
  }),

  'no key on a compacted topic': batch((side) => encodeBatch(plain(side, 2)), compacted),
  'one record of three without a key on a compacted topic': batch(
    (side) => encodeBatch({ records: [...keyed(side, 2), ...plain(side, 1).records] }),
    compacted,
  ),
  'keys on a compacted topic': batch((side) => encodeBatch({ records: keyed(side, 2) }), compacted),
  'an empty key on a compacted topic': batch(
    (side) => encodeBatch({ records: [{ key: Buffer.alloc(0), value: null, timestamp: side.startedMs }] }),
    compacted,
  ),
  'to a topic with LogAppendTime': batch((side) => encodeBatch(plain(side, 2)), {
    configs: { 'message.timestamp.type': 'LogAppendTime' },
  }),
  'two hours in the future': batch((side) => late(side, 2 * HOUR_MS)),
  'fifty minutes in the future': batch((side) => late(side, 0.83 * HOUR_MS)),
  'thirty years ago': batch((side) => late(side, -HOUR_MS * 24 * 365 * 30)),
  'two hours ago where an hour is allowed': batch((side) => late(side, -2 * HOUR_MS), {
    configs: { 'message.timestamp.before.max.ms': '3600000' },
  }),
  'timestamp -1': batch(() => encodeBatch({ records: [{ key: null, value: null, timestamp: -1 }] })),
  'timestamp -5': batch(() => encodeBatch({ records: [{ key: null, value: null, timestamp: -5 }] })),
  'larger than max.message.bytes': batch(
    (side) => encodeBatch({ records: [{ key: null, value: Buffer.alloc(300), timestamp: side.startedMs }] }),
    { configs: { 'max.message.bytes': '200' } },
  ),
  'exactly max.message.bytes': batch(
    (side) => encodeBatch({ records: [{ key: null, value: Buffer.alloc(130), timestamp: side.startedMs }] }),
    { configs: { 'max.message.bytes': '201' } },
  ),
});
