import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { crc32c } from '../../protocol/records/crc32c.ts';
import { setBaseOffset } from '../../protocol/records/batch.ts';
import { endTxnMarker } from '../../protocol/records/control.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../../src/log/producer-snapshot.ts';
import { ProducerState } from '../../src/log/producer-state.ts';
import { batchOf } from './log-fixture.ts';

const MAX = 0x7fff_ffff;

interface Step {
  epoch?: number;
  sequence: number;
  count?: number;
  transactional?: boolean;
}

function produced({ epoch = 0, sequence, count = 1, transactional = false }: Step, producerId = 1): Buffer {
  return batchOf(
    Array.from({ length: count }, () => 'v'),
    {
      producerId,
      producerEpoch: epoch,
      baseSequence: sequence,
      isTransactional: transactional,
    },
  );
}

/** Appends every step that is in order, from offset 0 on; answers the codes. */
function play(state: ProducerState, steps: readonly Step[]): string[] {
  let offset = 0;
  return steps.map((step) => {
    const bytes = produced(step);
    const code = state.check(bytes, 0);
    if (code === ErrorCode.NONE) {
      setBaseOffset(bytes, 0, offset);
      offset += step.count ?? 1;
      state.replay(bytes, 0);
    }
    return Object.entries(ErrorCode).find(([, value]) => value === code)![0];
  });
}

describe('a producer', () => {
  // Each row was put to Apache Kafka 4.3.1.
  const cases: [string, Step[], string][] = [
    ['goes on where it was', [{ sequence: 0 }, { sequence: 1 }], 'NONE'],
    ['unknown here begins anywhere', [{ sequence: 5 }], 'NONE'],
    ['may not leave a gap', [{ sequence: 5 }, { sequence: 9 }], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    ['may not go back', [{ sequence: 5 }, { sequence: 3 }], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    [
      'sending a batch again is told so',
      [{ sequence: 5 }, { sequence: 6 }, { sequence: 6 }],
      'DUPLICATE_SEQUENCE_NUMBER',
    ],
    [
      'sending the fifth last again is told so',
      [0, 1, 2, 3, 4, 0].map((sequence) => ({ sequence })),
      'DUPLICATE_SEQUENCE_NUMBER',
    ],
    [
      'sending the sixth last again is out of order',
      [0, 1, 2, 3, 4, 5, 0].map((sequence) => ({ sequence })),
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
    ],
    [
      'sending again with another end is out of order',
      [{ sequence: 0 }, { sequence: 0, count: 2 }],
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
    ],
    ['begins a new epoch with 0', [{ sequence: 5 }, { epoch: 1, sequence: 0 }], 'NONE'],
    [
      'begins a new epoch with nothing else',
      [{ sequence: 5 }, { epoch: 1, sequence: 6 }],
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
    ],
    [
      'of an old epoch is fenced',
      [{ sequence: 5 }, { epoch: 1, sequence: 0 }, { sequence: 6 }],
      'INVALID_PRODUCER_EPOCH',
    ],
    [
      'of an old epoch is fenced, duplicate or not',
      [{ sequence: 5 }, { epoch: 1, sequence: 0 }, { sequence: 5 }],
      'INVALID_PRODUCER_EPOCH',
    ],
    ['goes from the last number on to 0', [{ sequence: MAX }, { sequence: 0 }], 'NONE'],
    ['may turn within a batch', [{ sequence: MAX - 1, count: 3 }, { sequence: 1 }], 'NONE'],
    [
      'may not leave a transaction open and write outside of it',
      [{ sequence: 0, transactional: true }, { sequence: 1 }],
      'INVALID_TXN_STATE',
    ],
  ];

  it.each(cases)('%s', (_name, steps, expected) => {
    const state = new ProducerState();
    const codes = play(state, steps);
    expect(codes.slice(0, -1).every((code) => code === 'NONE')).toBe(true);
    expect(codes.at(-1)).toBe(expected);
  });

  it('sending again gets the offset and time of the first', () => {
    const state = new ProducerState();
    play(state, [
      { sequence: 0, count: 3 },
      { sequence: 3, count: 2 },
      { sequence: 3, count: 2 },
    ]);
    expect(state.duplicateOffset).toBe(3);
    expect(state.duplicateTimestamp).toBe(1001);
  });

  it('without an id is not asked', () => {
    expect(new ProducerState().check(batchOf(['a']), 0)).toBe(ErrorCode.NONE);
  });

  it('may begin with 0 behind the marker that raised its epoch (KIP-890)', () => {
    const state = new ProducerState();
    play(state, [{ sequence: 0, transactional: true }]);
    const marker = encodeBatch({
      records: [endTxnMarker('ABORT', 2, 5000)],
      baseOffset: 1,
      producerId: 1,
      producerEpoch: 1,
      isTransactional: true,
      isControl: true,
    });
    expect(state.replay(marker, 0)).toEqual({ producerId: 1, firstOffset: 0, lastOffset: 1, isAborted: true });
    expect(state.check(produced({ epoch: 1, sequence: 0 }), 0)).toBe(ErrorCode.NONE);
    expect(state.check(produced({ epoch: 1, sequence: 1 }), 0)).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(state.check(produced({ epoch: 0, sequence: 1 }), 0)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
  });
});

describe('expiry', () => {
  it('forgets who has not written for so long, but nobody with an open transaction', () => {
    const state = new ProducerState();
    state.replay(produced({ sequence: 0 }, 1), 0);
    state.replay(produced({ sequence: 0, transactional: true }, 2), 0);
    state.removeExpired(1099, 100);
    expect([...state.producers.keys()]).toEqual([1, 2]);
    state.removeExpired(1100, 100);
    expect([...state.producers.keys()]).toEqual([2]);
  });
});

describe('the largest id', () => {
  it('is that of the producers that are known, however they came and went', () => {
    const state = new ProducerState();
    expect(state.largestId).toBe(-1);
    state.replay(produced({ sequence: 0, transactional: true }, 7), 0);
    state.replay(produced({ sequence: 0 }, 9), 0);
    state.replay(produced({ sequence: 0 }, 8), 0);
    expect(state.largestId).toBe(9);
    expect(new ProducerState([...state.producers.values()]).largestId).toBe(9);
    state.removeExpired(1100, 100);
    expect(state.largestId).toBe(7);
    expect(new ProducerState().largestId).toBe(-1);
  });

  it('below an end is that, whatever a client has made up', () => {
    const state = new ProducerState();
    for (const producerId of [7, 2 ** 52, 8]) state.replay(produced({ sequence: 0 }, producerId), 0);
    expect([2 ** 53, 2 ** 52, 8, 7].map((end) => state.largestIdBelow(end))).toEqual([2 ** 52, 8, 7, -1]);
  });
});

describe('the snapshot', () => {
  const state = new ProducerState();
  play(state, [{ sequence: MAX - 1, count: 4, transactional: true }]);
  const bytes = encodeProducerSnapshot(state.producers.values());

  it('gives back the last batch of each producer and its transaction', () => {
    const entries = decodeProducerSnapshot(bytes)!;
    expect(entries).toEqual([...state.producers.values()]);
    expect(new ProducerState(entries).firstUndecidedOffset).toBe(0);
  });

  it('is version 1 with the CRC of what follows', () => {
    expect(bytes.readInt16BE(0)).toBe(1);
    expect(bytes.readUInt32BE(2)).toBe(crc32c(bytes, 6, bytes.length - 6));
    expect(bytes.length).toBe(10 + 46);
  });

  it('that is damaged anywhere, or cut, is none', () => {
    for (let at = 0; at < bytes.length; at++) {
      const wrong = Buffer.from(bytes);
      wrong[at] ^= 1;
      expect(decodeProducerSnapshot(wrong)).toBeNull();
      expect(decodeProducerSnapshot(bytes.subarray(0, at))).toBeNull();
    }
  });
});

describe('a marker', () => {
  const state = (open: boolean, epoch = 3, coordinatorEpoch = 5): ProducerState =>
    new ProducerState([
      {
        producerId: 1,
        epoch,
        coordinatorEpoch,
        lastTimestamp: 0,
        currentTxnFirstOffset: open ? 7 : -1,
        markers: 0,
        batches: [],
      },
    ]);
  const { NONE, INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED } = ErrorCode;

  it.each([
    ['of the epoch that wrote', 0, true, 3, NONE],
    ['of a later epoch', 0, true, 4, NONE],
    ['of an earlier epoch', 0, true, 2, INVALID_PRODUCER_EPOCH],
    ['of the epoch that wrote, though each transaction has its own', 2, true, 3, INVALID_PRODUCER_EPOCH],
    ['of the next epoch', 2, true, 4, NONE],
    ['that is there already', 2, false, 3, NONE],
    ['of an epoch long gone', 2, false, 2, INVALID_PRODUCER_EPOCH],
  ])('%s (transaction version %i, open: %s)', (_what, version, open, epoch, code) => {
    expect(state(open).checkMarker(1, epoch, 5, version)).toBe(code);
  });

  it('of a coordinator that has been replaced is fenced', () => {
    expect(state(true).checkMarker(1, 3, 4)).toBe(TRANSACTION_COORDINATOR_FENCED);
    expect(state(true).checkMarker(1, 3, 6)).toBe(NONE);
    expect(state(true).checkMarker(2, 0, 0)).toBe(NONE);
  });
});

it('a transaction is unreplicated until the high watermark has passed its marker', () => {
  const state = new ProducerState();
  const replay = (bytes: Buffer, offset: number): void => {
    setBaseOffset(bytes, 0, offset);
    state.replay(bytes, 0);
  };
  const marker = (producerId: number): Buffer =>
    encodeBatch({
      records: [endTxnMarker('COMMIT', 0, 1)],
      producerId,
      producerEpoch: 1,
      isTransactional: true,
      isControl: true,
    });
  replay(produced({ sequence: 0, transactional: true }, 1), 10);
  replay(produced({ sequence: 0, transactional: true }, 2), 11);
  replay(marker(2), 12);
  expect([11, 12, 13].map((highWatermark) => state.firstUnreplicatedOffset(highWatermark))).toEqual([11, 11, -1]);
  replay(marker(1), 13);
  expect(state.firstUndecidedOffset).toBe(-1);
  expect([13, 14, 15].map((highWatermark) => state.firstUnreplicatedOffset(highWatermark))).toEqual([10, -1, -1]);
});
