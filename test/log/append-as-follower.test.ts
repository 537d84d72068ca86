import { describe, expect, it } from 'vitest';
import * as batch from '../../protocol/records/batch.ts';
import { endTxnMarker } from '../../protocol/records/control.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { CheckedReader } from '../../src/log/checked-reader.ts';
import type { Log } from '../../src/log/log.ts';
import { ReplicatedBatchError } from '../../src/log/replicated-batches.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { append, batchOf, batchOfSize, DIRECTORY, fixture, readAll, stateOf } from './log-fixture.ts';

/** In which the followers of these tests have asked. */
const LEADER_EPOCH = 50;

const REPLICA = '/replica/orders-0';
const config = { segmentBytes: 4000, indexIntervalBytes: 200 };

/** Two brokers' logs of one partition. */
function pair(replicaConfig: object = config) {
  const leader = fixture(config);
  const follower = fixture(replicaConfig, new MemoryFiles(), REPLICA);
  return { leader, follower, leaderLog: leader.open(), followerLog: follower.open() };
}

/** What a fetch from `offset` on gives, up to `maxBytes` of whole batches. */
function fetchFrom(log: Log, offset: number, maxBytes: number): Buffer {
  const range = log.locate(offset, log.endOffset, maxBytes, true)!;
  const bytes = Buffer.alloc(range.length);
  const reader = new CheckedReader(range);
  for (let at = 0; at < range.length;) at += reader.read(bytes, at, range.length - at, range.position + at);
  return bytes;
}

function follow(leader: Log, follower: Log, maxBytes: () => number): void {
  while (follower.endOffset < leader.endOffset) {
    const fetched = fetchFrom(leader, follower.endOffset, maxBytes());
    const answer = Buffer.concat([Buffer.alloc(7), fetched, Buffer.alloc(5)]); // they lie in a response
    expect(follower.appendAsFollower(answer, 7, fetched.length, LEADER_EPOCH)).toBe(follower.endOffset);
  }
}

/** Every file of a log and its content. */
function filesOf(files: MemoryFiles, directory: string): Record<string, string> {
  return Object.fromEntries(
    files.list(directory).map((name) => [name, files.readAll(`${directory}/${name}`).toString('hex')]),
  );
}

/** Producers, transactions and leaders that come and go. */
function writeMuch(log: Log, seed: number): void {
  const random = seededRandom(seed);
  const below = (count: number) => Math.floor(random.float() * count);
  const sequences = new Map<number, number>();
  const open = new Set<number>();
  let epoch = 0;
  for (let i = 0; i < 120; i++) {
    if (below(12) === 0) epoch += 1 + below(2);
    const producerId = below(3) === 0 ? 100 + below(3) : -1;
    if (producerId >= 0 && open.has(producerId) && below(2) === 0) {
      open.delete(producerId);
      const marker = endTxnMarker(below(2) === 0 ? 'COMMIT' : 'ABORT', 0, 1000 + i);
      append(
        log,
        encodeBatch({ records: [marker], producerId, producerEpoch: 0, isTransactional: true, isControl: true }),
        epoch,
      );
      continue;
    }
    const values = Array.from(
      { length: 1 + below(4) },
      (_, n) => `${i}/${n}/${'x'.repeat(below(below(20) === 0 ? 9000 : 200))}`,
    );
    const baseSequence = sequences.get(producerId) ?? 0;
    const producer = { producerId, producerEpoch: 0, baseSequence, isTransactional: true };
    if (producerId >= 0) {
      open.add(producerId);
      sequences.set(producerId, baseSequence + values.length);
    }
    append(
      log,
      batchOf(values, { timestamps: values.map(() => 1000 + below(500)), ...(producerId >= 0 ? producer : {}) }),
      epoch,
    );
  }
}

describe('a follower', () => {
  it.each([1, 2, 3, 4, 5])('has the leader’s files byte for byte, whatever it fetches at a time, seed %i', (seed) => {
    const { leader, follower, leaderLog, followerLog } = pair();
    const random = seededRandom(seed + 100);
    writeMuch(leaderLog, seed);
    leader.stage.flush();
    follow(leaderLog, followerLog, () => Math.floor(random.float() * 12_000));
    expect(leaderLog.segmentCount).toBeGreaterThan(3);
    expect(stateOf(followerLog)).toEqual(stateOf(leaderLog));
    for (let epoch = 0; epoch <= leaderLog.latestEpoch + 1; epoch++) {
      expect(followerLog.endOffsetForEpoch(epoch)).toEqual(leaderLog.endOffsetForEpoch(epoch));
    }
    const aborted = leaderLog.abortedTransactions(0, leaderLog.endOffset);
    expect(aborted.length).toBeGreaterThan(0);
    expect(followerLog.abortedTransactions(0, followerLog.endOffset)).toEqual(aborted);
    expect(followerLog.firstUnstableOffset).toBe(leaderLog.firstUnstableOffset);
    leaderLog.close();
    followerLog.close();
    expect(filesOf(follower.files, REPLICA)).toEqual(filesOf(leader.files, DIRECTORY));
  });

  it('that leads later refuses what a producer sent to the leader before', () => {
    const { leader, leaderLog, followerLog } = pair();
    const bytes = batchOf(['once'], { producerId: 5, producerEpoch: 0, baseSequence: 0 });
    append(leaderLog, bytes);
    leader.stage.flush();
    follow(leaderLog, followerLog, () => 1);
    const again = batchOf(['once'], { producerId: 5, producerEpoch: 0, baseSequence: 0 });
    expect(followerLog.checkProducer(again, 0)).toBe(leaderLog.checkProducer(again, 0));
    expect(followerLog.duplicateOffset).toBe(0);
  });

  it('writes what came in one fetch at once, once a segment, and without a copy', () => {
    const { leader, leaderLog, follower, followerLog } = pair();
    for (let i = 0; i < 4; i++) append(leaderLog, batchOfSize(900));
    leader.stage.flush();
    const fetched = fetchFrom(leaderLog, 0, 1 << 20);
    const writes: { bytes: Uint8Array; length: number }[] = [];
    const [{ file }] = followerLog.segments;
    const write = file.write.bind(file);
    file.write = (bytes, at, length, position) => {
      writes.push({ bytes, length });
      write(bytes, at, length, position);
    };
    followerLog.appendAsFollower(fetched, 0, fetched.length, LEADER_EPOCH);
    expect(writes.map(({ length }) => length)).toEqual([3600]);
    expect(writes[0].bytes).toBe(fetched);
    expect(follower.stage.holds(followerLog)).toBe(false);
  });

  it('keeps the gaps that compaction left, however wide', () => {
    const { followerLog, follower } = pair();
    const at = (baseOffset: number) => batchOf(['x'], { baseOffset, leaderEpoch: 3 });
    const both = Buffer.concat([at(5), at(9)]);
    expect(followerLog.appendAsFollower(both, 0, both.length, LEADER_EPOCH)).toBe(10);
    const far = at(2 ** 33);
    expect(followerLog.appendAsFollower(far, 0, far.length, LEADER_EPOCH)).toBe(2 ** 33 + 1);
    const nothingBefore = fixture(config, new MemoryFiles(), '/other/orders-0').open();
    expect(nothingBefore.appendAsFollower(far, 0, far.length, LEADER_EPOCH)).toBe(2 ** 33 + 1);
    for (const log of [followerLog, nothingBefore]) log.close();
    const again = follower.open({ recoveryPoint: 2 ** 33 + 1 });
    expect(again.endOffset).toBe(2 ** 33 + 1);
    expect(again.locate(2 ** 33, again.endOffset, 1000, true)!.length).toBe(far.length);
    expect(again.locate(6, again.endOffset, 1000, true)!.length).toBe(at(9).length);
  });
});

describe('bytes that the leader cannot have sent', () => {
  const good = () => batchOf(['good'], { baseOffset: 2, leaderEpoch: 4 });
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = batchOf(['bad'], { baseOffset: 3, leaderEpoch: 4 });
    change(bytes);
    return bytes;
  };
  const wrong: [string, Buffer][] = [
    ['a wrong CRC', changed((bytes) => void (bytes[70] ^= 1))],
    ['another magic', changed((bytes) => void (bytes[16] = 1))],
    ['a batch cut short', changed(() => {}).subarray(0, 66)],
    ['less than a header', changed(() => {}).subarray(0, 20)],
    ['a size below that of a header', changed((bytes) => void bytes.writeInt32BE(3, 8))],
    ['a negative size', changed((bytes) => void bytes.writeInt32BE(-90, 8))],
    ['an offset that is there already', changed((bytes) => batch.setBaseOffset(bytes, 0, 2))],
    ['an offset below the end', changed((bytes) => batch.setBaseOffset(bytes, 0, 0))],
    ['a negative offset', changed((bytes) => void bytes.writeBigInt64BE(-5n, 0))],
    ['an offset that no number holds', changed((bytes) => void bytes.writeBigInt64BE(2n ** 62n, 0))],
    ['a leader epoch that goes back', changed((bytes) => batch.setLeaderEpoch(bytes, 0, 3))],
    [
      'a leader epoch beyond that in which it was asked for',
      changed((bytes) => batch.setLeaderEpoch(bytes, 0, LEADER_EPOCH + 1)),
    ],
    ['no leader epoch behind one', changed((bytes) => batch.setLeaderEpoch(bytes, 0, -1))],
  ];

  it.each(wrong)('are refused, %s, and none of them is appended', (_what, bad) => {
    const { followerLog, follower } = pair();
    const first = batchOf(['a', 'b'], { baseOffset: 0, leaderEpoch: 1 });
    followerLog.appendAsFollower(first, 0, first.length, LEADER_EPOCH);
    const before = stateOf(followerLog);
    const bytes = Buffer.concat([good(), bad]);
    expect(() => followerLog.appendAsFollower(bytes, 0, bytes.length, LEADER_EPOCH)).toThrow(ReplicatedBatchError);
    expect(stateOf(followerLog)).toEqual(before);
    expect(follower.files.size(`${REPLICA}/00000000000000000000.log`)).toBe(first.length);
    expect(() => followerLog.appendAsFollower(bytes, 0, bytes.length + 1, LEADER_EPOCH)).toThrow(RangeError);
    expect(followerLog.appendAsFollower(bytes, 0, good().length, LEADER_EPOCH)).toBe(3);
    expect(followerLog.latestEpoch).toBe(4);
  });
});

describe('a follower whose disk or broker fails', () => {
  it('has the batches before the failed write and nothing of those in it, and goes on from there', () => {
    const { leader, follower, leaderLog, followerLog } = pair();
    for (let i = 0; i < 10; i++) {
      append(leaderLog, batchOf([`${i}${'x'.repeat(800)}`], { producerId: 5, producerEpoch: 0, baseSequence: i }), i);
    }
    leader.stage.flush();
    const whole = Buffer.concat(
      leaderLog.segments.map(({ baseOffset, size }) => fetchFrom(leaderLog, baseOffset, size)),
    );
    follower.files.before = (operation, path) => {
      if (operation === 'write' && path.endsWith('0000000004.log')) throw diskError('ENOSPC', 'write', path);
    };
    expect(() => followerLog.appendAsFollower(whole, 0, whole.length, LEADER_EPOCH)).toThrow('ENOSPC');
    expect(followerLog.health.isRefusing).toBe(true);
    expect([followerLog.endOffset, followerLog.latestEpoch]).toEqual([4, 3]);
    expect(readAll(followerLog)).toEqual(readAll(leaderLog).slice(0, 4));
    follower.files.before = null;
    const { size } = leaderLog.segments[0];
    expect(followerLog.appendAsFollower(whole, size, whole.length - size, LEADER_EPOCH)).toBe(10);
    expect(stateOf(followerLog)).toEqual(stateOf(leaderLog));
  });

  it('finds whole batches after a crash in the midst of a write, and fetches the rest', () => {
    const { leader, follower, leaderLog, followerLog } = pair({ ...config, segmentBytes: 1 << 20 });
    for (let i = 0; i < 5; i++)
      append(leaderLog, batchOf([`${i}`], { producerId: 5, producerEpoch: 0, baseSequence: i }), i);
    leader.stage.flush();
    const whole = fetchFrom(leaderLog, 0, 1 << 20);
    const [{ path }] = followerLog.segments;
    followerLog.appendAsFollower(whole, 0, whole.length, LEADER_EPOCH);
    for (let kept = 0; kept <= whole.length; kept += 13) {
      const disk = follower.files.fork();
      const file = disk.open(path, 'write');
      file.truncate(kept);
      file.close();
      const again = fixture(config, disk, REPLICA).open({ cleanShutdown: false });
      expect(readAll(again)).toEqual(readAll(leaderLog).slice(0, again.endOffset));
      follow(leaderLog, again, () => 1 << 20);
      expect(stateOf(again)).toEqual(stateOf(leaderLog));
    }
  });
});
