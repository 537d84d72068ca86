/** The `.snapshot` files of one partition, and the producer state they and the log behind them give. */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import type { Files } from '../platform/files.ts';
import { headers } from './batch-scan.ts';
import { CorruptBatchError } from './damage.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts';
import { ProducerState, type CompletedTransaction } from './producer-state.ts';
import type { Segment } from './segment.ts';
import { offsetFileName } from './segment-files.ts';
import { abortedTransaction, type AbortedTransaction } from './transaction-index.ts';

export const SNAPSHOT_SUFFIX = '.snapshot';

export class ProducerSnapshots {
  readonly #files: Files;
  readonly #directory: string;
  readonly #onDamage: (path: string) => void;
  /** Ascending. */
  readonly #offsets: number[];

  /** `onDamage` is told of one that cannot be used. */
  constructor(files: Files, directory: string, offsets: number[], onDamage: (path: string) => void) {
    this.#onDamage = onDamage;
    this.#files = files;
    this.#directory = directory;
    this.#offsets = offsets.sort((a, b) => a - b);
  }

  get latest(): number {
    return this.#offsets.at(-1) ?? -1;
  }

  /** Writes one for `offset`, up to which `state` has seen the log; unless there is one. */
  take(offset: number, state: ProducerState): void {
    if (this.latest >= offset) return;
    this.#files.replace(this.#path(offset), encodeProducerSnapshot(state.producers.values()), false);
    this.#offsets.push(offset);
  }

  /**
   * The state at `endOffset`: from the newest sound snapshot that is not behind it, and what the log holds since.
   * Snapshots behind the end and damaged ones are removed. Segments with records from `recoverFrom` on get their
   * transaction index made anew on the way, for which the state must be known where the first of them begins.
   */
  load(segments: readonly Segment[], logStartOffset: number, endOffset: number, recoverFrom = Infinity): ProducerState {
    this.removeAfter(endOffset);
    const rebuilt = segments.filter((_, i) => i + 1 === segments.length || segments[i + 1].baseOffset > recoverFrom);
    if (recoverFrom === Infinity) rebuilt.length = 0;
    const atMost = rebuilt.at(0)?.baseOffset ?? endOffset;
    for (const segment of rebuilt) segment.transactions.reset();
    for (const offset of this.#offsets.toReversed()) {
      if (offset > atMost) continue;
      const entries = decodeProducerSnapshot(this.#files.readAll(this.#path(offset)));
      if (entries !== null) return replay(new ProducerState(entries), segments, offset, endOffset, new Set(rebuilt));
      this.#onDamage(this.#path(offset));
      this.#remove(offset);
    }
    return replay(new ProducerState(), segments, logStartOffset, endOffset, new Set(rebuilt));
  }

  removeAfter(offset: number): void {
    while (this.latest > offset) this.#remove(this.latest);
  }

  removeBefore(offset: number): void {
    while (this.#offsets.length > 0 && this.#offsets[0] < offset) this.#remove(this.#offsets[0]);
  }

  /** Keeps those where a segment begins, and the newest: a truncation may need them. */
  removeStray(segments: readonly Segment[]): void {
    const kept = new Set(segments.map((segment) => segment.baseOffset)).add(this.latest);
    for (const offset of this.#offsets.filter((each) => !kept.has(each))) this.#remove(offset);
  }

  #remove(offset: number): void {
    this.#files.remove(this.#path(offset));
    const at = offset === this.latest ? this.#offsets.length - 1 : this.#offsets.indexOf(offset);
    this.#offsets.splice(at, 1);
  }

  #path(offset: number): string {
    return join(this.#directory, offsetFileName(offset, SNAPSHOT_SUFFIX));
  }
}

/** Reads the headers of all batches from `from` on; only markers are read whole. */
function replay(
  state: ProducerState,
  segments: readonly Segment[],
  from: number,
  endOffset: number,
  rebuilt: ReadonlySet<Segment>,
): ProducerState {
  if (from >= endOffset) return state;
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i];
    if (i + 1 < segments.length && segments[i + 1].baseOffset <= from) continue;
    const aborted: AbortedTransaction[] = [];
    let position = segment.positionOf(from);
    while ((position = segment.soundFrom(position, 0)) < segment.size) {
      const { bytes, at } = headers;
      const size = batch.sizeInBytes(bytes, at);
      if (batch.producerId(bytes, at) >= 0 && batch.baseOffset(bytes, at) >= from) {
        if (batch.isControl(batch.attributes(bytes, at))) {
          const ended = abortedTransaction(replayMarker(state, segment, position), state);
          if (ended !== null) aborted.push(ended);
        } else state.append(bytes, at);
      }
      position += size;
    }
    if (rebuilt.has(segment)) segment.transactions.append(aborted);
  }
  return state;
}

function replayMarker(state: ProducerState, segment: Segment, position: number): CompletedTransaction | null {
  try {
    return state.replay(segment.readBatch(position)!, 0);
  } catch (error) {
    if (!(error instanceof CorruptBatchError)) throw error; // said in the log; whoever reads here is told
    return null;
  }
}
