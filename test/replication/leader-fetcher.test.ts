/** How a follower reaches its leader, and how it lets go of it. In virtual time. */
import { expect, test } from 'vitest';
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { frame, FrameCutter } from '../../protocol/frame.ts';
import { readRequestHeader, writeResponseHeader } from '../../protocol/header.ts';
import { Reader } from '../../protocol/reader.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { Writer } from '../../protocol/writer.ts';
import type { Partition } from '../../src/partitions/partition.ts';
import { nextTurn, VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { keyOf } from '../../src/replication/fetch-session.ts';
import { LeaderFetcher } from '../../src/replication/leader-fetcher.ts';
import { ReplicationQuota } from '../../src/replication/replication-quota.ts';
import { SimulatedNetwork } from '../simulation/simulated-network.ts';

/** replica.socket.timeout.ms, as it is unless set. */
const TIMEOUT_MS = 30_000;
const PORT = 9092;

const TOPIC_ID = 'A'.repeat(22);

/** With an empty log, that counts what is appended. */
function replica(index = 0): Partition {
  const made = {
    topic: 't',
    topicId: TOPIC_ID,
    index,
    leaderEpoch: 0,
    isLeader: false,
    isOffline: false,
    logStartOffset: 0,
    endOffset: 0,
    log: {
      epochOf: () => -1,
      flusher: { awaitsCommit: false },
      health: { isRefusing: false },
      appendAsFollower: () => made.endOffset++,
    },
    config: { throttledFollowers: new Set<string>() },
    stats: { replicationBytesIn: 0 },
    followHighWatermark() {},
    highWatermark: 0,
  };
  return made as unknown as Partition;
}

/** A follower, and machines on which its leader may be. */
class Room {
  readonly clock = new VirtualClock();
  readonly network = new SimulatedNetwork({ clock: this.clock, random: seededRandom(1) });
  /** Hosts that a follower has reached. */
  readonly reached: string[] = [];
  leader = 'old';

  fetcher(): LeaderFetcher {
    const { clock, network } = this;
    const fetcher = new LeaderFetcher({
      clock,
      logger: silentLogger,
      network: network.of('follower'),
      nodeId: 2,
      leaderId: 1,
      brokerEpoch: () => 1,
      quota: new ReplicationQuota(() => ({ bytesPerSecond: Infinity, samples: 1, sampleSeconds: 1 })),
      address: () => ({ host: this.leader, port: PORT }),
      settings: () => ({
        partitionMaxBytes: 1000,
        maxBytes: 1000,
        minBytes: 1,
        maxWaitMs: 500,
        backoffMs: 1000,
        timeoutMs: TIMEOUT_MS,
      }),
    });
    fetcher.add(keyOf(TOPIC_ID, 0), replica());
    return fetcher;
  }

  /** A leader that keeps no session, and always has a record for the partition that is asked for first, and for no other. */
  async lead(host: string): Promise<readonly (readonly number[])[]> {
    const asked: number[][] = [];
    await this.network.of(host).listen('', PORT, (socket) => {
      const cutter = new FrameCutter(1 << 20);
      let buffer = Buffer.alloc(1 << 16);
      const received = (count: number): void => {
        for (const contents of cutter.push(buffer.subarray(0, count))) socket.send(frame(answerTo(contents, asked)));
        buffer = Buffer.alloc(1 << 16);
      };
      return { buffer: () => buffer, received, drained() {}, closed() {} };
    });
    return asked;
  }

  /** A process that accepts connections, and answers no more than the beginning of a response. */
  async listen(host: string, beginning = Buffer.alloc(0)): Promise<void> {
    await this.network.of(host).listen('', PORT, (socket) => {
      this.reached.push(host);
      const received = (): void => void socket.send(beginning);
      return { buffer: () => Buffer.alloc(1024), received, drained() {}, closed() {} };
    });
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 5) await this.clock.advance(5);
  }

  /** Milliseconds until it has come to its end. */
  async takes(promise: Promise<unknown>): Promise<number> {
    const begunMs = this.clock.monotonic();
    const state = { isOver: false };
    void promise.then(() => (state.isOver = true));
    for (await nextTurn(); !state.isOver; await this.clock.advance(5));
    return this.clock.monotonic() - begunMs;
  }
}

/** Notes in `asked` for which partitions a fetch asks. */
function answerTo(contents: Buffer, asked: number[][]): Buffer {
  const reader = new Reader(contents);
  const { apiKey, apiVersion, correlationId } = readRequestHeader(reader);
  const writer = new Writer();
  if (apiKey === ApiVersions.key) {
    const apiKeys = [{ apiKey: Fetch.key, minVersion: 15, maxVersion: Fetch.versions.last }];
    writeResponseHeader(writer, ApiVersions, apiVersion, correlationId);
    responseCodec(ApiVersions, apiVersion).encode(writer, { errorCode: 0, apiKeys });
    return writer.finish();
  }
  const [{ topicId, partitions }] = requestCodec(Fetch, apiVersion).decode(reader).topics;
  asked.push(partitions.map(({ partition }) => partition));
  const answers = partitions.map(({ partition: partitionIndex }, i) => ({
    partitionIndex,
    errorCode: 0,
    highWatermark: 0,
    logStartOffset: 0,
    abortedTransactions: null,
    records:
      i === 0 ? encodeBatch({ records: [{ key: null, value: Buffer.from('a'), timestamp: 0 }] }) : Buffer.alloc(0),
  }));
  writeResponseHeader(writer, Fetch, apiVersion, correlationId);
  responseCodec(Fetch, apiVersion).encode(writer, { sessionId: 0, responses: [{ topicId, partitions: answers }] });
  return writer.finish();
}

test('it ends at once where the leader has accepted the connection, and answers nothing', async () => {
  const room = new Room();
  await room.listen('old');
  const fetcher = room.fetcher();
  await room.pass(100);
  expect(room.reached).toEqual(['old']);
  expect(await room.takes(fetcher.stop())).toBeLessThan(100);
});

test('it ends soon where nothing comes of the connection, however long an answer may take', async () => {
  const room = new Room();
  room.network.silence('old', true);
  const fetcher = room.fetcher();
  await room.pass(10);
  expect(await room.takes(fetcher.stop())).toBeLessThanOrEqual(1000);
});

test('it ends soon where the connection comes while it ends', async () => {
  const room = new Room();
  await room.listen('old');
  const fetcher = room.fetcher();
  await nextTurn();
  expect(room.reached).toEqual([]);
  expect(await room.takes(fetcher.stop())).toBeLessThan(100);
  expect(room.reached).toEqual(['old']);
});

test('a leader that has moved to another machine is found there, and not after the timeout for its answers', async () => {
  const room = new Room();
  room.network.silence('old', true);
  await room.listen('new');
  const fetcher = room.fetcher();
  await room.pass(10);
  room.leader = 'new';
  await room.pass(2000);
  expect(room.reached).toEqual(['new']);
  await room.takes(fetcher.stop());
});

test('an answer may be as large as replica.fetch.response.max.bytes may be', async () => {
  const room = new Room();
  const size = Buffer.alloc(4);
  size.writeInt32BE(2 ** 31 - 1);
  await room.listen('old', size);
  const fetcher = room.fetcher();
  await room.pass(1000);
  expect(room.reached).toEqual(['old']); // the connection stands, and waits for the rest
  await room.takes(fetcher.stop());
});

test('a partition that was given records is asked for behind the others, also where the leader keeps no session', async () => {
  const room = new Room();
  const asked = await room.lead('old');
  const fetcher = room.fetcher();
  for (const index of [1, 2]) fetcher.add(keyOf(TOPIC_ID, index), replica(index));
  await room.pass(50);
  await room.takes(fetcher.stop());
  expect(asked.slice(0, 4)).toEqual([
    [0, 1, 2],
    [1, 2, 0],
    [2, 0, 1],
    [0, 1, 2],
  ]);
});

test('a leader that was away is asked at once when it leads anew, however long it was tried in vain', async () => {
  const room = new Room();
  const fetcher = room.fetcher();
  await room.pass(5000); // nobody listens: it is tried every second by now
  fetcher.remove(keyOf(TOPIC_ID, 0));
  await room.pass(2000); // and nothing is left to ask it for
  const asked = await room.lead('old');
  fetcher.add(keyOf(TOPIC_ID, 0), replica());
  await room.pass(50);
  expect(asked.length).toBeGreaterThan(0);
  await room.takes(fetcher.stop());
});
