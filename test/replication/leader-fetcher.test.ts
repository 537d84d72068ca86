/** How a follower reaches its leader, and how it lets go of it. In virtual time. */
import { expect, test } from 'vitest';
import type { Partition } from '../../src/partitions/partition.ts';
import { nextTurn, VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { LeaderFetcher } from '../../src/replication/leader-fetcher.ts';
import { SimulatedNetwork } from '../simulation/simulated-network.ts';

/** replica.socket.timeout.ms, as it is unless set. */
const TIMEOUT_MS = 30_000;
const PORT = 9092;

const replica = {
  topic: 't',
  topicId: 'A'.repeat(22),
  index: 0,
  leaderEpoch: 0,
  isLeader: false,
  isOffline: false,
  logStartOffset: 0,
  endOffset: 0,
  log: { epochOf: () => -1 },
} as unknown as Partition;

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
    fetcher.add('t/0', replica);
    return fetcher;
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
