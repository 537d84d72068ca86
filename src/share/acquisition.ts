/** Chooses what a request is given of what is available. Pure. */
import { cut, type Range } from './ranges.ts';
import { DeliveryState, finished, isReady, unseen, type Run } from './runs.ts';

export interface Acquired extends Range {
  readonly deliveryCount: number;
}

export interface AcquireRequest {
  readonly memberId: string;
  readonly nowMs: number;
  readonly lockedUntil: number;
  /** From where the log was read. */
  readonly fetchOffset: number;
  /** The batches that were read, in the log's order; there is one at least. */
  readonly batches: readonly Range[];
  readonly maxRecords: number;
  readonly batchSize: number;
  /** Never more than maxRecords (KIP-1206); otherwise whole batches, even beyond it. */
  readonly isRecordLimit: boolean;
  readonly deliveryLimit: number;
  /** How many offsets may lie between start and end. */
  readonly maxLocks: number;
}

/** Below it nothing is handed out more cautiously, whatever the limit. */
const LEAST_CAUTIOUS_COUNT = 2;

/** What one request is given. To be asked for runs in their order, and for what lies beyond the end at last. */
export class Acquisition {
  readonly acquired: Acquired[] = [];
  /** In the place of runs that are there. */
  readonly changes: Run[] = [];
  /** The last offset that was read. */
  readonly last: number;
  /** Nothing more for this request. */
  isFull = false;
  readonly #request: AcquireRequest;
  readonly #cautiousCount: number;
  #count = 0;
  /** Of the log's batches: those before end below what is looked at. */
  #batch = 0;

  constructor(request: AcquireRequest, from: number) {
    this.#request = request;
    this.last = request.batches[request.batches.length - 1].last;
    this.#cautiousCount = Math.max(LEAST_CAUTIOUS_COUNT, Math.ceil(request.deliveryLimit / 2));
    this.isFull = request.maxRecords <= 0 || this.last < from;
  }

  get #left(): number {
    return this.#request.maxRecords - this.#count;
  }

  /** From the runs `start` to `end`, which were handed out together, or never. */
  fromRuns(runs: readonly Run[], start: number, end: number, from: number): void {
    const { nowMs, isRecordLimit, deliveryLimit } = this.#request;
    const { batch } = runs[start];
    let budget = isRecordLimit ? this.#left : Infinity;
    const most = mostDeliveries(runs, start, end, nowMs);
    const isCautious = batch !== null && most >= this.#cautiousCount;
    if (isCautious) {
      // Of its own: a record that cannot be processed must not take its neighbours along.
      if (this.#count > 0) {
        this.isFull = true;
        return;
      }
      budget = Math.min(budget, cautiousBudget(batch, Math.min(most, deliveryLimit - 2), this.#cautiousCount));
    }
    for (let i = start; i < end && budget > 0 && runs[i].first <= this.last; i++) {
      if (!isReady(runs[i], nowMs)) continue;
      const run = cut(runs[i], from, this.last);
      if (batch === null) this.#fresh(run.first, run.last, this.#left, (taken) => this.changes.push(taken));
      else if (run.deliveryCount < deliveryLimit - 1 || !isCautious) budget -= this.#take(run, budget);
      else if (this.#count > 0) break;
      else {
        this.#take(run, 1); // the last attempt, alone
        break;
      }
    }
    if (this.#left <= 0 || (isCautious && this.#count > 0)) this.isFull = true;
  }

  /** Runs from the end on, `most` offsets of them or up to the end of the batch that holds the last of these. */
  beyond(from: number, room: number): Run[] {
    const runs: Run[] = [];
    this.#fresh(from, this.last, Math.min(room, this.#left), (run) => runs.push(run));
    return runs;
  }

  #take(run: Run, most: number): number {
    const { memberId, lockedUntil, isRecordLimit } = this.#request;
    const last = Math.min(run.last, run.first + most - 1);
    const deliveryCount = run.deliveryCount + 1;
    const { first, batch } = run;
    this.changes.push({ ...run, last, ...acquiredBy(memberId, lockedUntil, deliveryCount) });
    const before = this.acquired.at(-1);
    const isSame = before?.last === first - 1 && before.deliveryCount === deliveryCount;
    if (isSame && (isRecordLimit || before.first >= batch!.first))
      this.acquired[this.acquired.length - 1] = { ...before, last };
    else this.acquired.push({ first, last, deliveryCount });
    this.#count += last - first + 1;
    return last - first + 1;
  }

  /** Offsets that are handed out for the first time: cut where a batch ends once there are batchSize of them. */
  #fresh(from: number, upTo: number, most: number, put: (run: Run) => void): void {
    const { batches, batchSize, isRecordLimit, memberId, lockedUntil } = this.#request;
    while (batches[this.#batch].last < from) this.#batch++;
    const hole = Math.min(upTo, batches[this.#batch].first - 1);
    if (hole >= from) put(finished(unseen(from, hole), DeliveryState.archived)); // the log has nothing there
    let first = Math.max(from, hole + 1);
    const lastWanted = first + most - 1;
    const end = isRecordLimit ? Math.min(upTo, lastWanted) : upTo;
    for (let i = this.#batch; i < batches.length && first <= Math.min(end, lastWanted); i++) {
      const last = Math.min(end, batches[i].last);
      const isLast = last >= end || last >= lastWanted || i === batches.length - 1;
      if (last < first || (last - first + 1 < batchSize && !isLast)) continue;
      put({ ...unseen(first, last), batch: { first, last }, ...acquiredBy(memberId, lockedUntil, 1) });
      this.acquired.push({ first, last, deliveryCount: 1 });
      this.#count += last - first + 1;
      first = last + 1;
    }
    if (this.#left <= 0) this.isFull = true;
  }
}

function mostDeliveries(runs: readonly Run[], start: number, end: number, nowMs: number): number {
  let most = 0;
  for (let i = start; i < end; i++) if (isReady(runs[i], nowMs)) most = Math.max(most, runs[i].deliveryCount);
  return most;
}

/** Half of the batch, then half of that, and so on, with each delivery; one at least. */
function cautiousBudget({ first, last }: Range, deliveryCount: number, cautiousCount: number): number {
  const halvings = Math.min(31, Math.max(0, deliveryCount - cautiousCount + 1));
  return Math.max(1, Math.floor((last - first + 1) / 2 ** halvings));
}

function acquiredBy(memberId: string, lockedUntil: number, deliveryCount: number) {
  return { state: DeliveryState.acquired, deliveryCount, memberId, lockedUntil, availableAt: 0 } as const;
}
