import { Fetch, Produce } from '../../protocol/apis/index.ts';
import { BatchField, setCrc, writeInt16, writeInt32 } from '../../protocol/records/batch.ts';
import { canCompressZstd, type Codec } from '../../protocol/records/compression.ts';
import { encodeBatch, type RecordDraft } from '../../protocol/records/encode.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { keyed, plain } from './records.ts';
import type { Side, TopicOptions } from './side.ts';

type ProduceSide = typeof Produce extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Cases = Record<string, (side: ProduceSide) => Promise<unknown>>;

const compressions: readonly Codec[] = canCompressZstd()
  ? ['gzip', 'snappy', 'lz4', 'zstd']
  : ['gzip', 'snappy', 'lz4'];
const HOUR_MS = 3_600_000;

/** A compressed batch, perhaps damaged, its CRC then made right; produced, and read back. */
function compressed(
  compression: Codec,
  make: (side: ProduceSide) => readonly RecordDraft[],
  damage: (batch: Buffer) => Buffer | void = () => {},
  options: TopicOptions = {},
) {
  return async (side: ProduceSide) => {
    const topic = await side.topic('topic', options);
    const made = encodeBatch({ records: make(side), compression });
    const records = damage(made) ?? made;
    writeInt32(records, BatchField.batchLength, records.length - 12);
    setCrc(records, 0);
    await side.ask({ acks: -1, timeoutMs: 10_000, topicData: [{ ...topic, partitionData: [{ index: 0, records }] }] });
    await side.askOf(Fetch, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic: topic.name, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
    });
  };
}

/** max.decompressed.message.bytes, and records of 1000 bytes each but for one. */
const limited = { configs: { 'max.decompressed.message.bytes': '2000' } };
const sized =
  (...sizes: number[]) =>
  (side: ProduceSide): RecordDraft[] =>
    sizes.map((size, at) => ({
      ...plain(side, 1).records[0],
      key: Buffer.from(`k${at}`),
      value: Buffer.alloc(size, 'v'),
    }));

function casesOf(codec: Codec): Cases {
  const three = (side: ProduceSide) => keyed(side, 3);
  const counts =
    (count: number, lastDelta = count - 1) =>
    (batch: Buffer) => {
      writeInt32(batch, BatchField.recordCount, count);
      writeInt32(batch, BatchField.lastOffsetDelta, lastDelta);
    };
  const cases: Cases = {
    'three records': compressed(codec, three),
    'records below the limit': compressed(codec, sized(1000, 1000, 1000, 1000, 1000), () => {}, limited),
    'a record beyond the limit': compressed(codec, sized(3000), () => {}, limited),
    'a record beyond the limit behind others': compressed(codec, sized(1000, 1000, 1000, 2500), () => {}, limited),
    'a record of just the limit': compressed(codec, sized(1991), () => {}, limited),
    'a record of a byte more': compressed(codec, sized(1992), () => {}, limited),
    'a byte flipped in the middle': compressed(codec, three, (batch) => {
      batch[61 + ((batch.length - 61) >> 1)] ^= 0x55;
    }),
    'the first byte flipped': compressed(codec, three, (batch) => {
      batch[61] ^= 0x55;
    }),
    'the last byte flipped': compressed(codec, three, (batch) => {
      batch[batch.length - 1] ^= 0x55;
    }),
    'the last bytes gone': compressed(codec, three, (batch) => Buffer.from(batch.subarray(0, -5))),
    'all but two bytes gone': compressed(codec, three, (batch) => Buffer.from(batch.subarray(0, 63))),
    'no payload': compressed(codec, three, (batch) => Buffer.from(batch.subarray(0, 61))),
    'zeros behind it': compressed(codec, three, (batch) => Buffer.concat([batch, Buffer.alloc(7)])),
    'plain records said to be compressed': compressed('none', three, (batch) =>
      writeInt16(batch, BatchField.attributes, compressions.indexOf(codec) + 1),
    ),
    'a count too high': compressed(codec, three, counts(4)),
    'a count too low': compressed(codec, three, counts(2)),
    'a huge count': compressed(codec, three, counts(0x7fff_ffff)),
    'a wrong last offset': compressed(codec, three, counts(3, 7)),
    'offsets that jump': compressed(
      codec,
      (side) => three(side).map((each, at) => ({ ...each, offsetDelta: at * 2 })),
      counts(3),
    ),
    'offsets that go back': compressed(
      codec,
      (side) => three(side).map((each, at) => ({ ...each, offsetDelta: 2 - at })),
      counts(3),
    ),
    'offsets all 0': compressed(codec, (side) => three(side).map((each) => ({ ...each, offsetDelta: 0 })), counts(3)),
    'no keys on a compacted topic': compressed(codec, (side) => plain(side, 2).records, undefined, {
      configs: { 'cleanup.policy': 'compact' },
    }),
    'two hours in the future': compressed(codec, (side) =>
      keyed(side, 2).map((each) => ({ ...each, timestamp: side.startedMs + 2 * HOUR_MS })),
    ),
    'one record two hours in the future, the header silent about it': compressed(
      codec,
      (side) => keyed(side, 2).map((each, at) => ({ ...each, timestamp: side.startedMs + at * 2 * HOUR_MS })),
      (batch) => {
        batch.copy(batch, BatchField.maxTimestamp, BatchField.baseTimestamp, BatchField.baseTimestamp + 8);
      },
    ),
    'a wrong maximal timestamp': compressed(codec, three, (batch) => {
      batch.fill(0, BatchField.maxTimestamp, BatchField.maxTimestamp + 7);
    }),
    'the bit for LogAppendTime': compressed(codec, three, (batch) => {
      batch[22] |= 8;
    }),
    'to a topic with LogAppendTime': compressed(codec, three, undefined, {
      configs: { 'message.timestamp.type': 'LogAppendTime' },
    }),
    'garbled, to a topic with LogAppendTime': compressed(
      codec,
      three,
      (batch) => {
        batch[70] ^= 0x55;
      },
      { configs: { 'message.timestamp.type': 'LogAppendTime' } },
    ),
    'to a topic that compresses otherwise': compressed(codec, three, undefined, {
      configs: { 'compression.type': codec === 'gzip' ? 'lz4' : 'gzip' },
    }),
    'to a topic that does not compress': compressed(codec, three, undefined, {
      configs: { 'compression.type': 'uncompressed' },
    }),
    'a count too low, to a topic that does not compress': compressed(codec, three, counts(2), {
      configs: { 'compression.type': 'uncompressed' },
    }),
  };
  return Object.fromEntries(Object.entries(cases).map(([name, each]) => [`${codec}: ${name}`, each]));
}

const codecs: Cases = {
  'codec 5': compressed(
    'none',
    (side) => keyed(side, 1),
    (batch) => {
      batch[22] |= 5;
    },
  ),
  'codec 7': compressed(
    'none',
    (side) => keyed(side, 1),
    (batch) => {
      batch[22] |= 7;
    },
  ),
  'plain records to a topic with gzip': compressed('none', (side) => keyed(side, 2), undefined, {
    configs: { 'compression.type': 'gzip' },
  }),
  'gzip: a thousand records': compressed('gzip', (side) => keyed(side, 1000)),
};

differential(Produce, Object.assign(codecs, ...compressions.map(casesOf)) as Cases);
