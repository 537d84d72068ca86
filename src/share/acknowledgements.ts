/** The acknowledgements of one partition in one request, checked, and as ranges of one type each. Pure. */
import { AckType } from '../../protocol/acknowledge-type.ts';
import { ErrorCode } from '../../protocol/errors.ts';

/** As a request has them: one type for all offsets, or one each. */
export interface AckBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly acknowledgeTypes: readonly number[];
}

/** Both ends are part of it. */
export interface AckRange {
  readonly first: number;
  readonly last: number;
  readonly type: AckType;
}

/** In order, neighbours of one type as one; INVALID_REQUEST where they make no sense. `canRenew`: the request said so. */
export function ackRanges(batches: readonly AckBatch[], canRenew: boolean): AckRange[] | number {
  const ranges: AckRange[] = [];
  const mostType = canRenew ? AckType.renew : AckType.reject;
  let before = -1;
  for (const { firstOffset, lastOffset, acknowledgeTypes } of batches) {
    const size = lastOffset - firstOffset + 1;
    if (size < 1 || firstOffset < 0 || firstOffset < before) return ErrorCode.INVALID_REQUEST;
    if (acknowledgeTypes.length !== 1 && acknowledgeTypes.length !== size) return ErrorCode.INVALID_REQUEST;
    if (acknowledgeTypes.some((type) => type < AckType.gap || type > mostType)) return ErrorCode.INVALID_REQUEST;
    before = lastOffset;
    const isOne = acknowledgeTypes.length === 1;
    for (let i = 0; i < acknowledgeTypes.length; i++) {
      const last = isOne ? lastOffset : firstOffset + i;
      push(ranges, { first: firstOffset + i, last, type: acknowledgeTypes[i] as AckType });
    }
  }
  return ranges;
}

function push(ranges: AckRange[], range: AckRange): void {
  const before = ranges.at(-1);
  if (before?.type === range.type && before.last + 1 === range.first) {
    ranges[ranges.length - 1] = { ...before, last: range.last };
  } else ranges.push(range);
}
