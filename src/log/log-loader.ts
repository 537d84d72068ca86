/**
 * Opens what lies in a partition's directory. After an orderly end files are trusted and hardly read; after a crash the
 * end of the log is read and checked batch by batch, and cut behind the last sound one.
 */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import { completeSwaps } from './cleaner/swap.ts';
import type { BatchVisitor } from './batch-scan.ts';
import { DELETED_SUFFIX } from './deletions.ts';
import { LeaderEpochs } from './leader-epochs.ts';
import type { LogOptions } from './log-options.ts';
import { ProducerSnapshots, SNAPSHOT_SUFFIX } from './producer-snapshots.ts';
import type { ProducerState } from './producer-state.ts';
import { recoverSegment } from './segment-recovery.ts';
import { Segment } from './segment.ts';
import { offsetFileName, SegmentSuffix, type SegmentSizes } from './segment-files.ts';
import { setAside } from './aside.ts';

export const EPOCH_CHECKPOINT = 'leader-epoch-checkpoint';
export const PARTITION_METADATA = 'partition.metadata';

/** The text of partition.metadata. */
export function partitionMetadata(topicId: string): string {
  return `version: 0\ntopic_id: ${topicId}`;
}

export interface LoadedLog {
  segments: Segment[];
  logStartOffset: number;
  endOffset: number;
  recoveryPoint: number;
  epochs: LeaderEpochs;
  producers: ProducerState;
  snapshots: ProducerSnapshots;
}

export function loadLog(options: LogOptions): LoadedLog {
  const { files, directory, clock, cleanShutdown } = options;
  completeSwaps(files, directory);
  const names = listFiles(options);
  const segments: Segment[] = [];
  const snapshotOffsets: number[] = [];
  let broken: Segment | null = null;
  for (const name of names) {
    const match = /^(\d{20})(\.log|\.snapshot)$/.exec(name);
    const offset = Number(match?.[1]);
    if (match === null || !Number.isSafeInteger(offset)) continue;
    if (match[2] === SNAPSHOT_SUFFIX) {
      snapshotOffsets.push(offset);
      continue;
    }
    const sizes = sizesOf(options, names, offset);
    const segment = new Segment(files, directory, offset, clock.now(), sizes);
    segment.report = (event, facts) => options.logger.error(event, facts);
    segments.push(segment);
    if (broken !== null || !segment.hasBrokenIndexes(sizes)) continue;
    broken = segment;
    if (cleanShutdown) options.logger.warn('log.index-rebuilt', { file: segment.path });
  }

  const epochs = loadEpochs(options, names);
  let endOffset = 0;
  const recoveryPoint = options.recoveryPoint ?? 0;
  let recoverFrom = cleanShutdown ? (broken?.baseOffset ?? Infinity) : recoveryPoint;
  const last = segments.at(-1);
  if (last !== undefined && broken === null && (cleanShutdown || recoveryPoint > last.baseOffset)) {
    endOffset = last.readNextOffset();
    // A log that ends at its recovery point is as it was left, however the broker ended.
    if (endOffset >= 0 && (endOffset === recoveryPoint || recoveryPoint === 0)) recoverFrom = Infinity;
    else if (cleanShutdown) recoverFrom = last.baseOffset;
  }
  if (broken !== null) recoverFrom = Math.min(recoverFrom, broken.baseOffset);
  if (epochs === null) {
    recoverFrom = 0; // only the log itself can tell them
    if (segments.some(({ size }) => size > 0)) options.logger.warn('log.epochs-rebuilt', { path: directory });
  }
  const found = epochs ?? new LeaderEpochs();
  if (recoverFrom !== Infinity) {
    const isTrusted = (segment: Segment) => !cleanShutdown && epochs !== null && segment !== broken;
    endOffset = recover(options, segments, recoverFrom, found, isTrusted);
  }

  const logStartOffset = Math.max(options.logStartOffset ?? 0, segments[0]?.baseOffset ?? 0);
  if (segments.length === 0 || logStartOffset > endOffset) {
    if (segments.some(({ size }) => size > 0)) {
      moveAside(options, segments, logStartOffset, endOffset);
      snapshotOffsets.length = 0;
    }
    endOffset = startAt(options, segments, logStartOffset);
  }
  const snapshots = new ProducerSnapshots(files, directory, snapshotOffsets, (file) =>
    options.logger.warn('log.snapshot-damaged', { file, next: 'nothing: producers are known from the log' }),
  );
  const changed = [found.truncateTo(endOffset), found.truncateFrom(logStartOffset)].includes(true);
  if (changed || recoverFrom !== Infinity) files.replace(join(directory, EPOCH_CHECKPOINT), found.encode(), false);
  const producers = snapshots.load(segments, logStartOffset, endOffset, recoverFrom);
  snapshots.removeStray(segments);
  for (const segment of segments) segment.close(); // opened again when used: most logs rest
  return {
    segments,
    logStartOffset,
    endOffset,
    epochs: found,
    producers,
    snapshots,
    recoveryPoint: cleanShutdown && recoverFrom === Infinity ? endOffset : Math.min(recoveryPoint, endOffset),
  };
}

/** Names in the directory, which is made and labelled where it is new; leftovers of a crash are removed. */
function listFiles(options: LogOptions): Set<string> {
  const { files, directory } = options;
  const names = new Set(files.list(directory));
  if (names.size === 0) files.makeDirectory(directory);
  for (const name of names) {
    if (!name.endsWith(DELETED_SUFFIX) && !name.endsWith('.tmp')) continue;
    files.remove(join(directory, name));
    names.delete(name);
  }
  if (!names.has(PARTITION_METADATA)) {
    files.replace(join(directory, PARTITION_METADATA), partitionMetadata(options.topicId), false);
  }
  return names;
}

function sizesOf({ files, directory }: LogOptions, names: ReadonlySet<string>, offset: number): SegmentSizes {
  const size = (suffix: string) => {
    const name = offsetFileName(offset, suffix);
    return names.has(name) ? files.size(join(directory, name)) : -1;
  };
  return {
    log: size(SegmentSuffix.log),
    index: size(SegmentSuffix.index),
    timeIndex: size(SegmentSuffix.timeIndex),
    transactions: size(SegmentSuffix.transactions),
  };
}

/** Null when the file is damaged, or missing beside records. */
function loadEpochs({ files, directory }: LogOptions, names: ReadonlySet<string>): LeaderEpochs | null {
  if (names.has(EPOCH_CHECKPOINT)) {
    return LeaderEpochs.decode(files.readAll(join(directory, EPOCH_CHECKPOINT)).toString('latin1'));
  }
  return [...names].some((name) => name.endsWith(SegmentSuffix.log)) ? null : new LeaderEpochs();
}

/** Checks all segments that reach beyond `recoverFrom`; answers the end offset. Segments behind a cut are removed. */
function recover(
  options: LogOptions,
  segments: Segment[],
  recoverFrom: number,
  epochs: LeaderEpochs,
  isTrusted: (segment: Segment) => boolean,
): number {
  const { recoveryPoint = 0 } = options;
  let next = segments[0]?.baseOffset ?? 0;
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i];
    if (i + 1 < segments.length && segments[i + 1].baseOffset <= recoverFrom) continue;
    next = Math.max(next, segment.baseOffset);
    const found = segment.size;
    const accept: BatchVisitor = (bytes, at) => {
      const baseOffset = batch.baseOffset(bytes, at);
      if (baseOffset < next || batch.lastOffsetDelta(bytes, at) < 0) return false;
      if (baseOffset > next && goesTooFar(options, batch.nextOffset(bytes, at))) return false;
      next = batch.nextOffset(bytes, at);
      const epoch = batch.leaderEpoch(bytes, at);
      if (epoch > epochs.latest) epochs.assign(epoch, baseOffset);
      return true;
    };
    const cut = recoverSegment(segment, options.config.indexIntervalBytes, accept, {
      trustedBelow: isTrusted(segment) ? recoveryPoint : 0,
      keptBelow: recoveryPoint,
    });
    segment.seal();
    options.onChecked?.(found);
    // Offsets that were given are not given again, be their records readable or not.
    if (segment.damage.at(segment.size - 1) !== null)
      next = Math.max(next, segments[i + 1]?.baseOffset ?? recoveryPoint);
    // A file may have lost all that was not synced, and look whole; compaction alone leaves gaps that mean nothing.
    const isEndLost =
      !options.config.cleanupCompact && next >= recoveryPoint && next < (segments[i + 1]?.baseOffset ?? 0);
    if (cut === 0 && !isEndLost) continue;
    options.logger.warn('log.cut', {
      file: segment.path,
      from: segment.size,
      bytes: cut,
      of: found,
      endOffset: next,
      segmentsRemoved: segments.length - i - 1,
    });
    for (const behind of segments.splice(i + 1)) removeFiles(options, behind);
  }
  return next;
}

/** After an orderly end the recovery point is the end of the log. A base offset may be damaged: no CRC covers it. */
function goesTooFar({ cleanShutdown, recoveryPoint = 0 }: LogOptions, endOffset: number): boolean {
  return cleanShutdown && recoveryPoint > 0 && endOffset > recoveryPoint;
}

/** Begins anew: there is nothing, or deleted records are all there was. */
function startAt(options: LogOptions, segments: Segment[], offset: number): number {
  const { files, directory, clock } = options;
  for (const segment of segments.splice(0)) removeFiles(options, segment);
  const segment = new Segment(files, directory, offset, clock.now());
  if (options.config.preallocate) segment.file.truncate(options.config.segmentBytes);
  else files.open(segment.path, 'write').close();
  segments.push(segment);
  return offset;
}

/**
 * Its records were deleted, says log-start-offset-checkpoint, beyond its end. Either the end was lost with the machine's
 * power, or the checkpoint is damaged: then this is all there is, and must not be thrown away.
 */
function moveAside(options: LogOptions, segments: readonly Segment[], logStartOffset: number, endOffset: number): void {
  const { files, directory, clock, logger } = options;
  for (const segment of segments) segment.close();
  const now = Buffer.alloc(16);
  now.writeUIntBE(clock.now(), 10, 6);
  setAside({ files, logger }, directory, now, { logStartOffset, endOffset });
  listFiles(options);
}

function removeFiles({ files }: LogOptions, segment: Segment): void {
  segment.close();
  for (const path of segment.paths) files.remove(path);
}
