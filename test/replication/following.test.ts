import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { LeaderEpochs } from '../../src/log/leader-epochs.ts';
import { afterOutOfRange, endOfCommonLog, positionOf, stepAfter } from '../../src/replication/following.ts';

/** `1@0 3@4 to 9`: epoch 1 from offset 0 on, epoch 3 from offset 4 on, up to 9. */
function logOf(text: string) {
  const [epochs, end] = text.split('to');
  const entries = [...epochs.matchAll(/(\d+)@(\d+)/g)].map(([, epoch, start]) => ({
    epoch: Number(epoch),
    startOffset: Number(start),
  }));
  const known = new LeaderEpochs(entries);
  const endOffset = Number(end);
  return {
    endOffset,
    epochOf: (offset: number) => known.epochOf(offset),
    endOffsetForEpoch: (epoch: number) => known.endOffsetFor(epoch, endOffset),
  };
}

const NO_DIVERGENCE = { epoch: -1, endOffset: -1 };

test.each([
  ['to 0', 0, -1],
  ['1@0 to 4', 4, 1],
  ['1@0 3@4 to 9', 9, 3],
  ['1@0 3@4 to 4', 4, 1], // nothing was written in epoch 3
])('fetches from the end of its log, with the epoch of the record before: %s', (log, fetchOffset, lastFetchedEpoch) => {
  expect(positionOf(logOf(log), 7)).toEqual({ fetchOffset, lastFetchedEpoch, currentLeaderEpoch: 7 });
});

describe('where both logs part', () => {
  test.each([
    // the follower's log       the leader's end of an epoch   where the follower's has to end
    ['1@0 3@4 to 9', { epoch: 3, endOffset: 6 }, 6],
    ['1@0 3@4 to 9', { epoch: 3, endOffset: 20 }, 9],
    ['1@0 3@4 to 9', { epoch: 1, endOffset: 4 }, 4],
    ['1@0 3@4 to 9', { epoch: 1, endOffset: 2 }, 2],
    ['1@0 3@4 to 9', { epoch: 2, endOffset: 8 }, 4], // it never had epoch 2: what came behind epoch 1 goes, and it asks again
    ['3@4 to 9', { epoch: 2, endOffset: 6 }, 4],
    ['to 0', { epoch: 2, endOffset: 6 }, 0],
    ['1@0 to 9', { epoch: 5, endOffset: 3 }, 3], // nothing is known here of any later epoch
  ])('%s, the leader says %o: ends at %i', (log, end, expected) => {
    expect(endOfCommonLog(logOf(log), end)).toBe(expected);
  });
});

test('what the leader answers says what is done next', () => {
  const log = logOf('1@0 3@4 to 9');
  const step = (errorCode: number, divergingEpoch = NO_DIVERGENCE, records: Buffer | null = null) =>
    stepAfter({ errorCode, divergingEpoch, records }, log);
  expect(step(ErrorCode.NONE)).toEqual({ kind: 'append', records: Buffer.alloc(0) });
  expect(step(ErrorCode.NONE, { epoch: 1, endOffset: 4 })).toEqual({ kind: 'cut', to: 4 });
  expect(step(ErrorCode.OFFSET_OUT_OF_RANGE)).toEqual({ kind: 'find-range' });
  const { UNKNOWN_LEADER_EPOCH: errorCode } = ErrorCode;
  expect(step(errorCode)).toEqual({ kind: 'wait', errorCode });
});

test('a batch that is cut off at the end comes again', () => {
  const batches = ['a', 'b'].map((value) =>
    encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: 1 }] }),
  );
  const records = Buffer.concat(batches);
  for (const cut of [records.length - 1, batches[0].length + 1, batches[0].length + 61]) {
    const answer = { errorCode: 0, divergingEpoch: NO_DIVERGENCE, records: records.subarray(0, cut) };
    expect(stepAfter(answer, logOf('to 0'))).toEqual({ kind: 'append', records: batches[0] });
  }
});

test('a log that lies outside the leader’s is cut, or begun anew', () => {
  expect(afterOutOfRange(9, 0, 5)).toEqual({ kind: 'cut', to: 5 });
  expect(afterOutOfRange(2, 4, 9)).toEqual({ kind: 'start-anew', to: 4 });
  expect(afterOutOfRange(6, 4, 9)).toBeNull(); // by now it is within
});
