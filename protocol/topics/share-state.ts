/** Records of __share_group_state: how far each share partition has been delivered (KIP-932). */
import { array, int16, int32, int53, int8, message, string, uuid } from '../schema.ts';

/** The whole state. */
export const ShareSnapshotKey = message(
  'ShareSnapshotKey',
  { apiKey: 0, versions: '0', flexible: 'none' },
  {
    groupId: string,
    topicId: uuid,
    partition: int32,
  },
);

export const ShareSnapshotValue = message(
  'ShareSnapshotValue',
  { apiKey: 0, versions: '0', flexible: '0+' },
  {
    snapshotEpoch: int32,
    stateEpoch: int32,
    leaderEpoch: int32,
    startOffset: int53,
    deliveryCompleteCount: int32.tagged(0).default(-1),
    createTimestamp: int53,
    writeTimestamp: int53,
    stateBatches: array({
      firstOffset: int53,
      lastOffset: int53,
      /** 0 available, 2 acknowledged, 4 archived. */
      deliveryState: int8,
      deliveryCount: int16,
    }),
  },
);

/** What has changed since the snapshot. */
export const ShareUpdateKey = message(
  'ShareUpdateKey',
  { apiKey: 1, versions: '0', flexible: 'none' },
  {
    groupId: string,
    topicId: uuid,
    partition: int32,
  },
);

export const ShareUpdateValue = message(
  'ShareUpdateValue',
  { apiKey: 1, versions: '0', flexible: '0+' },
  {
    /** Of the snapshot that this goes on top of. */
    snapshotEpoch: int32,
    /** -1: unchanged. */
    leaderEpoch: int32,
    /** -1: unchanged. */
    startOffset: int53,
    deliveryCompleteCount: int32.tagged(0).default(-1),
    stateBatches: array({
      firstOffset: int53,
      lastOffset: int53,
      /** 0 available, 2 acknowledged, 4 archived. */
      deliveryState: int8,
      deliveryCount: int16,
    }),
  },
);
