import { describe, expect, test } from 'vitest';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { responseCodec } from '../../protocol/compile.ts';
import { Reader } from '../../protocol/reader.ts';
import { ZERO_UUID, type ResponseDraft } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { writeFetchResponse, type FetchAnswer } from '../../src/apis/fetch-response.ts';
import { INLINE_BYTES } from '../../src/apis/record-ranges.ts';
import type { FetchPartition, FetchedRange } from '../../src/partitions/read.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { topicId } from '../partitions/partitions-fixture.ts';
import { clusterOf, endpointsOf, LISTENER } from './elsewhere.ts';
import { versionsOf } from '../protocol/tables.ts';

const FILE_BYTES = 3 << 20;
/** Topics 1 to 3 of a hundred partitions, by turns led by brokers 7, 8, and 9, which has no address for this listener. */
const leaders = Array.from({ length: 100 }, (_, partition) => 7 + (partition % 3));
const cluster = {
  image: clusterOf(...[1, 2, 3].map((n) => ({ name: `topic-${n}`, id: topicId(n), leaders }))),
};
const told = { cluster, listener: LISTENER };

function randomFile() {
  const file = new MemoryFiles().open('records', 'write');
  const bytes = Buffer.alloc(FILE_BYTES);
  for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(Math.imul(i + 1, 0x9e3779b1) >>> 0, i);
  file.write(bytes, 0, bytes.length, 0);
  return { file, bytes };
}

const { file, bytes: fileBytes } = randomFile();

/** Answers of any shape: topics of one to three partitions, with and without records, errors, transactions, divergence. */
class Answers {
  readonly #random;
  readonly #version: number;

  constructor(version: number, seed: number) {
    this.#version = version;
    const random = seededRandom(seed);
    this.#random = () => random.float();
  }

  next(recordBytes: () => number): FetchAnswer {
    const asked: FetchPartition[] = [];
    const found: FetchedRange[] = [];
    const readCommitted = this.#below(2) === 0;
    for (let topic = this.#below(4); topic > 0; topic--) {
      for (let partition = this.#below(3); partition >= 0; partition--) {
        asked.push({
          topic: `topic-${topic}`,
          topicId: this.#version >= 13 ? topicId(topic) : null,
          partition: this.#below(100),
          fetchOffset: 0,
          maxBytes: 0,
          currentLeaderEpoch: -1,
          lastFetchedEpoch: -1,
        });
        found.push(this.#found(readCommitted, recordBytes()));
      }
    }
    const errorCode = this.#below(3) === 0 ? 70 : 0;
    return { errorCode, sessionId: this.#below(1000), throttleTimeMs: 0, readCommitted, asked, found, ...told };
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #found(readCommitted: boolean, length: number): FetchedRange {
    return {
      partition: null,
      errorCode: [1, 6, 74, 0][this.#below(8)] ?? 0,
      highWatermark: this.#below(2) === 0 ? -1 : this.#below(2 ** 50),
      lastStableOffset: this.#below(100),
      logStartOffset: this.#below(100),
      divergingEpoch:
        this.#version >= 12 && this.#below(4) === 0 ? { epoch: this.#below(9), endOffset: this.#below(2 ** 40) } : null,
      abortedTransactions: readCommitted
        ? Array.from({ length: this.#below(3) }, (_, i) => ({ producerId: i, firstOffset: this.#below(1e9) }))
        : [],
      file: length > 0 ? file : null,
      position: length > 0 ? this.#below(FILE_BYTES - length) : 0,
      length,
    };
  }

  size(limit: number): () => number {
    return () => (this.#below(3) === 0 ? 0 : this.#below(limit));
  }
}

/** The same answer as the table's values. */
function asDraft(
  version: number,
  { asked, found, errorCode, sessionId, readCommitted }: FetchAnswer,
): ResponseDraft<typeof Fetch> {
  const topics: { topic: string; topicId: string; partitions: object[] }[] = [];
  const named = new Set<number>();
  for (const [i, { topic, topicId: id, partition }] of asked.entries()) {
    const one = found[i];
    if (topics.at(-1)?.topic !== topic || topics.at(-1)?.topicId !== (id ?? ZERO_UUID))
      topics.push({ topic, topicId: id ?? ZERO_UUID, partitions: [] });
    topics.at(-1)!.partitions.push({
      partitionIndex: partition,
      errorCode: one.errorCode,
      highWatermark: one.highWatermark,
      lastStableOffset: one.lastStableOffset,
      logStartOffset: one.logStartOffset,
      ...hint(version, one, partition, named),
      abortedTransactions: readCommitted ? [...one.abortedTransactions] : null,
      records: fileBytes.subarray(one.position, one.position + one.length),
    });
  }
  const nodeEndpoints = endpointsOf(named);
  return { errorCode, sessionId, responses: topics, nodeEndpoints } as unknown as ResponseDraft<typeof Fetch>;
}

function hint(
  version: number,
  { errorCode, divergingEpoch }: FetchedRange,
  partition: number,
  named: Set<number>,
): object {
  if (version >= 16 && (errorCode === 6 || errorCode === 74)) {
    named.add(leaders[partition]);
    return { currentLeader: { leaderId: leaders[partition], leaderEpoch: 4 } };
  }
  return divergingEpoch === null || version < 12 ? {} : { divergingEpoch };
}

function byTable(version: number, answer: FetchAnswer): Buffer {
  const writer = new Writer();
  responseCodec(Fetch, version).encode(writer, asDraft(version, answer));
  return writer.finish();
}

/** What reaches the client when the kernel takes `piece()` bytes of the tail at a time. */
function byHand(version: number, answer: FetchAnswer, piece: () => number): { bytes: Buffer; isStreamed: boolean } {
  const output = new Writer(16);
  output.bytes(Buffer.from('before')); // answers of earlier requests stand there
  const tail = writeFetchResponse(output, version, answer);
  const parts = [Buffer.from(output.buffer.subarray(6, output.position))];
  output.buffer.fill(0xee); // the output is used by other connections before the tail has gone
  const announced = tail?.remaining ?? 0;
  for (let left = announced; left > 0; left = tail!.remaining) {
    const size = piece();
    const into = Buffer.alloc(size + 2, 0xaa);
    const count = tail!.fill(into, 1, size);
    expect(count === size || tail!.remaining === 0).toBe(true);
    expect([into[0], into[count + 1]]).toEqual([0xaa, 0xaa]);
    parts.push(into.subarray(1, 1 + count));
  }
  expect(Buffer.concat(parts.slice(1)).length).toBe(announced);
  return { bytes: Buffer.concat(parts), isStreamed: tail !== undefined };
}

describe.each(versionsOf(Fetch.response))('Fetch v%i', (version) => {
  test('a response written by hand is the bytes that the table makes of it, and reads the same', () => {
    const answers = new Answers(version, version);
    let partitions = 0;
    for (let i = 0; i < 60; i++) {
      const answer = answers.next(answers.size(300));
      const { bytes } = byHand(version, answer, () => 1);
      expect(bytes.equals(byTable(version, answer))).toBe(true);
      const reader = new Reader(bytes);
      const response = responseCodec(Fetch, version).decode(reader);
      expect(reader.remaining()).toBe(0);
      partitions += response.responses.reduce((sum, topic) => sum + topic.partitions.length, 0);
    }
    expect(partitions).toBeGreaterThan(30);
  });

  test('a streamed response is the same bytes as one written at once', () => {
    const answers = new Answers(version, 50 + version);
    let streamed = 0;
    for (let i = 0; i < 8; i++) {
      const answer = answers.next(answers.size(1 << 20));
      const { bytes, isStreamed } = byHand(version, answer, () => 1 << 18);
      expect(bytes.equals(byTable(version, answer))).toBe(true);
      if (isStreamed) streamed++;
    }
    expect(streamed).toBeGreaterThan(0);
  });
});

/** Two topics, three partitions: two ranges that are just too much together, an empty one, a diverging epoch. */
function large(): FetchAnswer {
  const asked = (topic: number, partition: number): FetchPartition => ({
    topic: '',
    topicId: topicId(topic),
    partition,
    fetchOffset: 0,
    maxBytes: 0,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
  });
  const found = (position: number, length: number): FetchedRange => ({
    partition: null,
    errorCode: 0,
    highWatermark: 9,
    lastStableOffset: 9,
    logStartOffset: 0,
    divergingEpoch: { epoch: 3, endOffset: 4 },
    abortedTransactions: [],
    file: length > 0 ? file : null,
    position,
    length,
  });
  return {
    errorCode: 0,
    sessionId: 5,
    throttleTimeMs: 0,
    readCommitted: false,
    ...told,
    asked: [asked(0, 0), asked(0, 1), asked(1, 0), asked(1, 1)],
    found: [found(17, INLINE_BYTES - 40), found(0, 0), found(12345, 60), found(99, 1)],
  };
}

test.each([
  1,
  2,
  3,
  7,
  59,
  60,
  61,
  100,
  127,
  4096,
  INLINE_BYTES - 41,
  INLINE_BYTES - 40,
  INLINE_BYTES - 39,
  INLINE_BYTES + 200,
])('a stream cut into pieces of %i bytes is the same', (size) => {
  // Small pieces only around the seams between file ranges and what stands between them; the rest in large ones.
  const answer = large();
  const expected = byTable(13, answer);
  const seams = [INLINE_BYTES - 200, INLINE_BYTES + 400];
  let at = 0;
  const piece = () => {
    const isNearSeam = size >= 4096 || (at >= seams[0] && at <= seams[1]);
    const count = isNearSeam ? size : Math.max(1, Math.min(1 << 16, seams[0] - at));
    at += count;
    return count;
  };
  const { bytes, isStreamed } = byHand(13, answer, piece);
  expect(isStreamed).toBe(true);
  expect(bytes.equals(expected)).toBe(true);
});

test('up to a mebibyte of records is written at once, one byte more is streamed', () => {
  const answer = (length: number): FetchAnswer => ({
    ...large(),
    asked: large().asked.slice(0, 1),
    found: [{ ...large().found[0], length }],
  });
  expect(writeFetchResponse(new Writer(), 13, answer(INLINE_BYTES))).toBe(undefined);
  expect(writeFetchResponse(new Writer(), 13, answer(INLINE_BYTES + 1))?.remaining).toBeGreaterThan(INLINE_BYTES);
});

test('a file that has become shorter than its log says fails instead of sending what is not there', () => {
  const answer = { ...large(), found: large().found.map((one) => ({ ...one, position: FILE_BYTES - 10 })) };
  const tail = writeFetchResponse(new Writer(), 13, answer)!;
  expect(() => tail.fill(Buffer.alloc(1000), 0, 1000)).toThrow(/ends 990 bytes before/);
});
