import { describe, expect, test } from 'vitest';
import { EndTxnMarker } from '../../protocol/control.ts';
import { decodeMetadataRecord, encodeMetadataRecord, metadataRecords } from '../../protocol/metadata/index.ts';
import { TopicRecord } from '../../protocol/metadata/topic-records.ts';
import { InvalidRequest } from '../../protocol/reader.ts';
import { ConsumerProtocolSubscription } from '../../protocol/topics/consumer-protocol.ts';
import { ConsumerGroupMemberMetadataValue } from '../../protocol/topics/consumer-group.ts';
import { groupRecords, shareRecords, transactionRecords } from '../../protocol/topics/index.ts';
import { OffsetCommitKey, OffsetCommitValue } from '../../protocol/topics/offset-commit.ts';
import {
  decodeRecordKey,
  decodeVersioned,
  encodeRecordKey,
  encodeVersioned,
  recordTypeOf,
} from '../../protocol/versioned.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

describe('records of the coordinators', () => {
  const key = { group: 'g', topic: 't', partition: 3 };

  test('have keys that begin with their type, and values that begin with their version', () => {
    const bytes = encodeRecordKey(OffsetCommitKey, key);
    expect(bytes).toStrictEqual(hex('0001 000167 000174 00000003'));
    expect(recordTypeOf(bytes)).toBe(1);
    expect(decodeRecordKey(OffsetCommitKey, bytes)).toStrictEqual(key);

    const offset = { offset: 5, leaderEpoch: 1, metadata: '', commitTimestamp: 9 };
    const value = encodeVersioned(OffsetCommitValue, 3, offset);
    expect(value).toStrictEqual(hex('0003 0000000000000005 00000001 0000 0000000000000009'));
    expect(decodeVersioned(OffsetCommitValue, value)).toMatchObject({ offset: 5, expireTimestamp: -1 });
  });

  test('of a member without the classic protocol say so with a null behind a tag', () => {
    const value = encodeVersioned(ConsumerGroupMemberMetadataValue, 0, {
      instanceId: null,
      rackId: null,
      clientId: 'c',
      clientHost: '/h',
      subscribedTopicNames: [],
      subscribedTopicRegex: '',
      rebalanceTimeoutMs: 1,
      serverAssignor: null,
      classicMemberMetadata: null,
    });
    expect(value).toStrictEqual(hex('0000 0000 0263 032f68 01 01 00000001 00 01000100'));
  });

  test('with a key of another type, or of a version to come, are refused', () => {
    expect(() => decodeRecordKey(OffsetCommitKey, Buffer.from('0002000167', 'hex'))).toThrow(InvalidRequest);
    expect(() => decodeVersioned(OffsetCommitValue, Buffer.from('0005', 'hex'))).toThrow(/v5 here, but only v0 to v4/);
    expect(() => recordTypeOf(Buffer.alloc(1))).toThrow(InvalidRequest);
  });

  test.each([
    ['group', groupRecords],
    ['transaction', transactionRecords],
    ['share', shareRecords],
  ])('the %s tables pair each key with its value, one pair a type', (_, tables) => {
    expect(new Set(tables.map(({ type }) => type)).size).toBe(tables.length);
    for (const { type, key: table, value } of tables) {
      expect([table.apiKey, value.apiKey]).toStrictEqual([type, type]);
      expect(value.name).toBe(table.name.replace(/Key$/, 'Value'));
    }
  });
});

test('a consumer newer than this broker is read as far as its subscription is known', () => {
  const draft = { topics: ['t'], userData: null, generationId: 4, rackId: 'r' };
  const bytes = encodeVersioned(ConsumerProtocolSubscription, 3, draft);
  bytes.writeInt16BE(9, 0);
  const newer = Buffer.concat([bytes, Buffer.from('more')]);
  expect(decodeVersioned(ConsumerProtocolSubscription, newer, { newerAsLast: true })).toMatchObject(draft);
  expect(() => decodeVersioned(ConsumerProtocolSubscription, newer)).toThrow(InvalidRequest);
});

test("the value of a transaction marker is six bytes: its version and the coordinator's epoch", () => {
  expect(encodeVersioned(EndTxnMarker, 0, { coordinatorEpoch: 7 }).toString('hex')).toBe('000000000007');
});

describe('metadata records', () => {
  const topic = { name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' };

  test('begin with frame version, type and version, each a varint', () => {
    const bytes = encodeMetadataRecord(TopicRecord, 0, topic);
    expect(bytes.subarray(0, 4).toString('hex')).toBe('01020007');
    expect(decodeMetadataRecord(bytes)).toStrictEqual({ message: TopicRecord, version: 0, record: topic });
  });

  test.each([
    ['frame version', '02 02 00'],
    ['type', '01 7f 00'],
    ['version', '01 02 09'],
  ])('of an unknown %s are refused', (_, bytes) => {
    expect(() => decodeMetadataRecord(hex(bytes))).toThrow(InvalidRequest);
  });

  test('have a type each', () => {
    expect(new Set(metadataRecords.map(({ apiKey }) => apiKey)).size).toBe(metadataRecords.length);
  });
});
