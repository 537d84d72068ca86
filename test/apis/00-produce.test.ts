import { describe, expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { produce } from '../../src/apis/00-produce.ts';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import { NO_REPLY } from '../../src/apis/handler.ts';
import { batchOf } from '../log/log-fixture.ts';
import { PartitionsFixture, topicId } from '../partitions/partitions-fixture.ts';
import { GeneratedValues } from '../protocol/generated-values.ts';
import { versionsOf } from '../protocol/tables.ts';
import { interpretEncode } from '../protocol/interpreter.ts';
import { clusterOf, endpointsOf } from './elsewhere.ts';
import { serve as serveOne } from './serve.ts';
import { contextOf } from './request-context.ts';

const PLAIN = topicId(0);
const COMPACTED = topicId(1);
const STAMPED = topicId(2);
const KNOWN = [
  ['plain', PLAIN],
  ['compacted', COMPACTED],
  ['stamped', STAMPED],
] as const;
const controller = { image: clusterOf({ name: 'stamped', id: STAMPED, leaders: [1, 1, 7] }) };
const NOW_MS = new PartitionsFixture().clock.now();

function room() {
  const fixture = new PartitionsFixture();
  fixture.apply('plain', PLAIN, 3);
  fixture.apply('compacted', COMPACTED, 2, { cleanupCompact: true });
  fixture.apply('stamped', STAMPED, 2, { messageTimestampType: 'LogAppendTime' });
  fixture.partitions.define({ name: 'stamped', id: STAMPED, count: 3 }); // broker 7 leads the third
  return fixture;
}

/** The body the handler answers, null where it answers nothing. */
function serve(fixture: PartitionsFixture, version: number, body: Buffer): Buffer | null {
  const output = new Writer(1); // grows again and again, each time somewhere else
  const { partitions, clock, logger } = fixture;
  const parts = { partitions, clock, logger, metadata: controller } as unknown as BrokerParts;
  const settle = () => fixture.partitions.settle();
  const served = serveOne(produce, new Reader(body), contextOf({ apiVersion: version }), output, parts, settle);
  if (served === NO_REPLY) return null;
  if (served !== undefined) throw new Error('with one replica and no flush.messages a produce never waits');
  return output.finish();
}

function encode(version: number, request: RequestOf<typeof Produce>): Buffer {
  const writer = new Writer();
  requestCodec(Produce, version).encode(writer, request);
  return writer.finish();
}

function decodeResponse(version: number, body: Buffer): ResponseOf<typeof Produce> {
  const reader = new Reader(body);
  const response = responseCodec(Produce, version).decode(reader);
  expect(reader.remaining()).toBe(0);
  return response;
}

const goodBatch = (values: GeneratedValues) =>
  batchOf(Array.from({ length: 1 + values.below(5) }, (_, i) => `value ${i} ${'x'.repeat(values.below(300))}`));

/** Records of every kind: sound, damaged, none at all, refused record by record. */
function records(values: GeneratedValues): Buffer | null {
  switch (values.below(8)) {
    case 0:
      return null;
    case 1:
      return Buffer.alloc(0);
    case 2: {
      const damaged = goodBatch(values);
      damaged[damaged.length - 1 - values.below(8)] ^= 1;
      return damaged;
    }
    case 3:
      return encodeBatch({
        records: [1, 2, 3].map((n) => ({ key: null, value: Buffer.from(`${n}`), timestamp: NOW_MS })),
      });
    case 4:
      return batchOf(['from the future'], { timestamps: [NOW_MS + 1e10] });
    case 5:
      return goodBatch(values).subarray(0, 30);
    default:
      return goodBatch(values);
  }
}

/** A request as the table makes it, with topics, partitions and records put in that mean something. */
function meaningful(values: GeneratedValues): RequestOf<typeof Produce> {
  const request = values.next() as RequestOf<typeof Produce>;
  return {
    ...request,
    acks: [1, -1, 1, -1, 2][values.below(5)],
    topicData: request.topicData.map((topic) => {
      const [name, id] = values.below(4) === 0 ? [topic.name, topic.topicId] : KNOWN[values.below(3)];
      return {
        name,
        topicId: id,
        partitionData: topic.partitionData.map(({ index }) => ({
          index: values.below(5) === 0 ? index : values.below(3),
          records: records(values),
        })),
      };
    }),
  };
}

/** What the handler should do with a request as the table reads it: the same appends, one after the other. */
function expected(fixture: PartitionsFixture, version: number, request: RequestOf<typeof Produce>): unknown {
  const isLedElsewhere = (name: string, index: number) => name === 'stamped' && index === 2;
  const nameOf = (id: string) => KNOWN.find((known) => known[1] === id)?.[0] ?? '';
  const hasHints =
    version >= 10 &&
    request.topicData.some(({ name, topicId: id, partitionData }) =>
      partitionData.some(({ index }) => isLedElsewhere(version >= 13 ? nameOf(id) : name, index)),
    );
  return {
    throttleTimeMs: 0,
    nodeEndpoints: hasHints ? endpointsOf([7]) : [],
    responses: request.topicData.map(({ name, topicId: id, partitionData }) => {
      const topic = version >= 13 ? fixture.partitions.topicById(id) : fixture.partitions.topicByName(name);
      return {
        name: version >= 13 ? '' : name,
        topicId: version >= 13 ? id : 'A'.repeat(22),
        partitionResponses: partitionData.map(({ index, records: bytes }) => {
          const partition = topic?.partitions[index];
          const refused = (errorCode: number) => ({
            index,
            errorCode,
            baseOffset: -1,
            logAppendTimeMs: -1,
            logStartOffset: -1,
            recordErrors: [],
            errorMessage: null,
            currentLeader: { leaderId: -1, leaderEpoch: -1 },
          });
          const isUnknownId = version >= 13 && topic === undefined;
          if (isUnknownId) return refused(ErrorCode.UNKNOWN_TOPIC_ID);
          if (topic !== undefined && isLedElsewhere(topic.name, index)) {
            const leader = version >= 10 ? { currentLeader: { leaderId: 7, leaderEpoch: 4 } } : {};
            return { ...refused(ErrorCode.NOT_LEADER_OR_FOLLOWER), ...leader };
          }
          if (partition === undefined) return refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
          if (request.acks === 2) return refused(ErrorCode.INVALID_REQUIRED_ACKS);
          const result = fixture.produce(partition, Buffer.from(bytes ?? []), request.acks === -1);
          return {
            ...refused(result.errorCode),
            baseOffset: result.baseOffset,
            logAppendTimeMs: result.logAppendTimeMs,
            logStartOffset: version >= 5 ? result.logStartOffset : -1,
            recordErrors:
              version < 8
                ? []
                : result.recordErrors.map(({ batchIndex, message }) => ({
                    batchIndex,
                    batchIndexErrorMessage: message,
                  })),
            errorMessage: version < 8 ? null : result.errorMessage,
          };
        }),
      };
    }),
  };
}

function contents({ partitions }: PartitionsFixture) {
  partitions.settle();
  return [...partitions.all()].map(({ topic, index, log, endOffset }) => {
    const range = endOffset === 0 ? null : log.locate(0, endOffset, 1 << 30, true);
    const bytes = Buffer.alloc(range?.length ?? 0);
    range?.file.read(bytes, 0, bytes.length, range.position);
    return { partition: `${topic}-${index}`, endOffset, bytes: bytes.toString('base64') };
  });
}

const versions = versionsOf(Produce.request);

describe.each(versions)('Produce v%i', (version) => {
  test('by hand and by the table, requests mean the same and responses say the same', () => {
    const values = new GeneratedValues(Produce.request, version, 100 + version);
    const [byHand, byTable] = [room(), room()];
    const seen = new Set<number>();
    for (let i = 0; i < 150; i++) {
      const body = encode(version, meaningful(values));
      const byTableRead = requestCodec(Produce, version).decode(new Reader(Buffer.from(body)));
      const response = decodeResponse(version, serve(byHand, version, body)!);
      byHand.partitions.settle();
      expect(response).toStrictEqual(expected(byTable, version, byTableRead));
      byTable.partitions.settle();
      for (const { partitionResponses } of response.responses)
        for (const { errorCode } of partitionResponses) seen.add(errorCode);
    }
    expect(contents(byHand)).toEqual(contents(byTable));
    // The generator must reach the interesting answers, or the comparison says little.
    const unknown = version >= 13 ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    for (const code of [
      ErrorCode.NONE,
      ErrorCode.CORRUPT_MESSAGE,
      ErrorCode.INVALID_RECORD,
      ErrorCode.INVALID_TIMESTAMP,
      ErrorCode.INVALID_REQUIRED_ACKS,
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
      unknown,
    ])
      expect(seen).toContain(code);
  });

  test('a response is the bytes that the table makes of its values', () => {
    const values = new GeneratedValues(Produce.request, version, 200 + version);
    const fixture = room();
    for (let i = 0; i < 30; i++) {
      const body = serve(fixture, version, encode(version, meaningful(values)))!;
      const writer = new Writer();
      responseCodec(Produce, version).encode(writer, decodeResponse(version, body));
      expect(writer.finish().equals(body)).toBe(true);
    }
  });

  test('bytes that the table refuses are refused by hand, and appended nowhere', () => {
    const values = new GeneratedValues(Produce.request, version, 300 + version);
    const fixture = room();
    const request = {
      transactionalId: null,
      acks: 1,
      timeoutMs: 1000,
      topicData: ['plain', 'compacted'].map((name, i) => ({
        name,
        topicId: KNOWN[i][1],
        partitionData: [0, 1].map((index) => ({ index, records: goodBatch(values) })),
      })),
    };
    const body = encode(version, request);
    expect(() => serve(room(), version, Buffer.from(body))).not.toThrow();
    for (let end = 0; end < body.length; end++) {
      expect(() => serve(fixture, version, Buffer.from(body.subarray(0, end)))).toThrow(InvalidRequest);
    }
    expect(contents(fixture).every(({ endOffset }) => endOffset === 0)).toBe(true);

    const refusedBy = (read: () => unknown): boolean => {
      try {
        read();
        return false;
      } catch (error) {
        if (error instanceof InvalidRequest) return true;
        throw error;
      }
    };
    let refused = 0;
    // Little but counts and lengths, so that most damage meets one of them.
    const bare = encode(version, {
      ...request,
      topicData: request.topicData.map((topic) => ({
        ...topic,
        partitionData: [0, 1].map((index) => ({ index, records: index === 0 ? null : Buffer.alloc(3) })),
      })),
    });
    for (let i = 0; i < 300; i++) {
      const damaged = Buffer.from(bare);
      damaged[values.below(bare.length)] = values.below(256);
      damaged.writeInt8(values.below(2) === 0 ? 1 : -1, version >= 9 ? 2 : 3); // acks 0 would end in an error of its own
      const byTable = refusedBy(() => requestCodec(Produce, version).decode(new Reader(Buffer.from(damaged))));
      const byHand = refusedBy(() => serve(room(), version, damaged));
      expect({ i, byHand }).toEqual({ i, byHand: byTable });
      if (byTable) refused++;
    }
    expect(refused).toBeGreaterThan(10);
  });

  test('a name longer than any string may be is refused', () => {
    if (version < 9 || version >= 13) return;
    const body = Buffer.concat([
      Buffer.from([0, 0, 1, 0, 0, 0, 1, 2, 0x81, 0x80, 2]),
      Buffer.alloc(0x8000, 'a'),
      Buffer.from([1, 0, 0]),
    ]);
    expect(() => requestCodec(Produce, version).decode(new Reader(body))).toThrow(/longer than/);
    expect(() => serve(room(), version, body)).toThrow(/longer than/);
  });

  test('tagged fields nobody knows are passed over', () => {
    if (version < 9) return;
    const fixture = room();
    const request = {
      transactionalId: 'tx',
      acks: -1,
      timeoutMs: 1,
      topicData: [{ name: 'plain', topicId: PLAIN, partitionData: [{ index: 1, records: batchOf(['a', 'b']) }] }],
    };
    const tags: [number, Buffer][] = [
      [7, Buffer.alloc(5, 9)],
      [300, Buffer.alloc(200, 1)],
    ];
    const response = decodeResponse(
      version,
      serve(fixture, version, interpretEncode(Produce.request, version, request, tags))!,
    );
    expect(response.responses[0].partitionResponses[0]).toMatchObject({ index: 1, errorCode: 0, baseOffset: 0 });
    expect(fixture.partition('plain', 1).endOffset).toBe(2);
  });

  test('acks=0 is not answered, and ends the connection when it fails', () => {
    const fixture = room();
    const ask = (index: number) =>
      encode(version, {
        transactionalId: null,
        acks: 0,
        timeoutMs: 1,
        topicData: [{ name: 'plain', topicId: PLAIN, partitionData: [{ index, records: batchOf(['a']) }] }],
      });
    expect(serve(fixture, version, ask(2))).toBe(null);
    expect(fixture.partition('plain', 2).endOffset).toBe(1);
    expect(() => serve(fixture, version, ask(3))).toThrow(InvalidRequest);
  });
});

test.each([
  [1, ErrorCode.NONE],
  [2, ErrorCode.NOT_ENOUGH_REPLICAS],
])('acks=all with min.insync.replicas=2, one in sync of %i replicas', (replicas, errorCode) => {
  const fixture = room();
  fixture.apply('careful', topicId(3), 1, { minInsyncReplicas: 2 }, 0, replicas);
  const ask = (acks: number) =>
    encode(9, {
      transactionalId: null,
      acks,
      timeoutMs: 1,
      topicData: [{ name: 'careful', topicId: topicId(3), partitionData: [{ index: 0, records: batchOf(['a']) }] }],
    });
  const code = (acks: number) =>
    decodeResponse(9, serve(fixture, 9, ask(acks))!).responses[0].partitionResponses[0].errorCode;
  expect([code(-1), code(1)]).toEqual([errorCode, ErrorCode.NONE]);
});

test('a batch sent twice is appended once and answered twice alike', () => {
  const fixture = room();
  const batch = () => batchOf(['a', 'b'], { producerId: 9, producerEpoch: 0, baseSequence: 0 });
  const send = () =>
    decodeResponse(
      9,
      serve(
        fixture,
        9,
        encode(9, {
          transactionalId: null,
          acks: 1,
          timeoutMs: 1,
          topicData: [{ name: 'stamped', topicId: STAMPED, partitionData: [{ index: 0, records: batch() }] }],
        }),
      )!,
    ).responses;
  const first = send();
  expect(first[0].partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 0, logAppendTimeMs: NOW_MS });
  expect(send()).toEqual(first);
  expect(fixture.partition('stamped').endOffset).toBe(2);
});
