import { expect, test } from 'vitest';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { GroupPartition } from '../../src/groups/group-partition.ts';
import { decodeRecord, encodeRecord } from '../../src/groups/records.ts';
import type { ClassicGroupRecord } from '../../src/groups/classic/records.ts';
import type { GroupRecord } from '../../src/groups/group-record.ts';
import { newGroupPartition } from '../../src/groups/kinds.ts';
import type { OffsetRecord } from '../../src/groups/offsets/records.ts';
import { replayPieces } from '../../src/groups/replay-log.ts';
import { finish } from '../../src/platform/pieces.ts';
import { fetchOffsets } from '../../src/groups/offsets/requests.ts';
import { MemoryLog } from '../coordination/memory-log.ts';

// Written by Apache Kafka 4.3.1 for a kafkajs consumer: a new group, its first generation, an offset.
const WRITTEN_BY_KAFKA = [
  ['000200026731', '0003000000000000ffffffff000001a1fd7c911b00000000'],
  [
    '000200026731',
    '00030008636f6e73756d6572000000010012526f756e64526f62696e41737369676e657200286369642d39316435636565302d39393136' +
      '2d343864612d396133352d323534616463633039633361000001a1fd7c911d0000000100286369642d39316435636565302d393931362d' +
      '343864612d396133352d323534616463633039633361ffff0003636964000a2f3132372e302e302e310000ea60000075300000000e0000' +
      '0000000100027431000000000000001a0000000000010002743100000002000000000000000100000000',
  ],
  [
    '0001000267310002743100000000',
    '00040000000000000001ffffffff01000001a1fd7c9137010010ec5d86959ee24d6baa4fd7b5e017db85',
  ],
  // And by 4.4.0 for a share group: its member, epoch, assignment, and the states of its partitions.
  ['000a0002676400016d', '0000027202630b2f3132372e302e302e310203746400'],
  ['000b00026764', '000000000002997e302a5724917b00'],
  ['000d0002676400016d', '00000100'],
  ['000c00026764', '000000000002010008000001a22202687c'],
  ['000e0002676400016d', '00000000000200000000000100'],
  ['000f00026764', '000002646a9e96ae19479b8642290abfbe439803746403000000000000000100010100'],
  ['000f00026764', '00000102646a9e96ae19479b8642290abfbe4398037464030000000000000001000100'],
  ['000d0002676400016d', '000002646a9e96ae19479b8642290abfbe43980300000000000000010000'],
  ['000e0002676400016d', '000000000003000000020002646a9e96ae19479b8642290abfbe43980300000000000000010000'],
];

const committed = (offset: number, expireTimestamp = -1): OffsetRecord => ({
  type: 'offset',
  groupId: 'g',
  topic: 't',
  partition: 0,
  committed: {
    offset,
    leaderEpoch: -1,
    metadata: 'm',
    commitTimestamp: 1,
    expireTimestamp,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
  },
});

test("records are Kafka's, byte for byte", () => {
  for (const [key, value] of WRITTEN_BY_KAFKA) {
    const record = decodeRecord(Buffer.from(key, 'hex'), Buffer.from(value, 'hex'));
    expect(record).not.toBeNull();
    const again = encodeRecord(record as GroupRecord, 7);
    expect(Buffer.from(again.key as Uint8Array).toString('hex')).toBe(key);
    expect(Buffer.from(again.value as Uint8Array).toString('hex')).toBe(value);
    expect(again.timestamp).toBe(7);
  }
});

test('tombstones have no value, and an expiry of its own takes the version that has one', () => {
  const gone: ClassicGroupRecord = { type: 'group', groupId: 'g', metadata: null };
  expect(encodeRecord(gone, 0).value).toBeNull();
  expect(decodeRecord(encodeRecord(gone, 0).key as Uint8Array, null)).toEqual(gone);
  const expiring = encodeRecord(committed(1, 99), 0);
  expect(Buffer.from(expiring.value as Uint8Array).readInt16BE(0)).toBe(1);
  expect(decodeRecord(expiring.key as Uint8Array, expiring.value)).toEqual(committed(1, 99));
});

test('keys of other kinds are passed over, and told', () => {
  const at = newGroupPartition();
  const kinds: number[] = [];
  const key = Buffer.from('0018000167', 'hex');
  replay(at, [encodeBatch({ records: [{ key, value: null, timestamp: 0 }] })], kinds);
  expect(kinds).toEqual([24]);
  expect(at.groups.size).toBe(0);
});

test('offsets of a transaction count once it commits, never when it aborts, and are not stable before', () => {
  const at = newGroupPartition();
  const inTransaction = (producerId: number, offset: number) =>
    encodeBatch({
      records: [encodeRecord(committed(offset), 0)],
      producerId,
      producerEpoch: 0,
      baseSequence: 0,
      isTransactional: true,
    });
  const marker = (producerId: number, kind: 0 | 1) =>
    encodeBatch({
      records: [{ key: Buffer.from([0, 0, 0, kind]), value: Buffer.alloc(6), timestamp: 0 }],
      producerId,
      producerEpoch: 0,
      isTransactional: true,
      isControl: true,
    });
  const offset = (requireStable: boolean) =>
    finish(fetchOffsets(at, { groupId: 'g', topics: [{ name: 't', partitionIndexes: [0] }] }, requireStable)).topics[0]
      .partitions[0];
  replay(at, [inTransaction(1, 10), inTransaction(2, 20)]);
  expect(offset(false)).toMatchObject({ committedOffset: -1, errorCode: 0 });
  expect(offset(true)).toMatchObject({ committedOffset: -1, errorCode: 88 });
  replay(at, [marker(2, 0)]);
  expect(offset(true)).toMatchObject({ errorCode: 88 });
  replay(at, [marker(1, 1)]);
  expect(offset(true)).toMatchObject({ committedOffset: 10, errorCode: 0 });
});

function replay(at: GroupPartition, batches: readonly Buffer[], kinds: number[] = []): void {
  const log = new MemoryLog();
  log.batches.push(...batches);
  const pieces = replayPieces(
    log,
    at,
    (kind) => kinds.push(kind),
    (_offset, error) => {
      throw error;
    },
  );
  while (pieces.next().done !== true);
}
