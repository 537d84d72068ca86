/**
 * How compacted files take the place of those they were made from, so that a crash at any point leaves either all of the
 * old ones or all of the new one:
 *
 *     .log.cleaned ──synced──▶ .log.swap ──▶ old files become .deleted ──▶ .log
 *     removed at the next start  from here on the next start goes on to the end
 *
 * `.log` is renamed last of a segment's files: its name says how far things are. Apache Kafka reads it the same way.
 */
import { join } from 'node:path';
import * as batch from '../../../protocol/records/batch.ts';
import type { Files } from '../../platform/files.ts';
import { headers } from '../batch-scan.ts';
import { offsetFileName, SegmentSuffix } from '../segment-files.ts';

export const CLEANED = '.cleaned';
export const SWAP = '.swap';

const SUFFIXES = [SegmentSuffix.index, SegmentSuffix.timeIndex, SegmentSuffix.transactions, SegmentSuffix.log];

/** Renames the files of the segment at `baseOffset` that exist; `.log` last. */
export function renameEnding(files: Files, directory: string, baseOffset: number, from: string, to: string): void {
  for (const suffix of SUFFIXES) {
    const path = join(directory, offsetFileName(baseOffset, suffix));
    if (files.exists(path + from)) files.rename(path + from, path + to);
  }
}

/** Gives up what was cleaned but is not in place yet; `.log` goes first, for it decides what a start does. */
export function removeCleaned(files: Files, directory: string, baseOffset: number): void {
  for (const suffix of SUFFIXES.toReversed()) {
    const path = join(directory, offsetFileName(baseOffset, suffix));
    files.remove(path + SWAP);
    files.remove(path + CLEANED);
  }
}

/** Ends what a crash interrupted; to be called before anything else looks into the directory. */
export function completeSwaps(files: Files, directory: string): void {
  const names = files.list(directory).filter((name) => name.endsWith(CLEANED) || name.endsWith(SWAP));
  if (names.length === 0) return;
  const decided = new Set(names.filter((name) => name.endsWith(SegmentSuffix.log + SWAP)).map(Number.parseFloat));
  for (const name of names) {
    if (name.endsWith(CLEANED) || !decided.has(Number.parseFloat(name))) files.remove(join(directory, name));
  }
  for (const baseOffset of decided) completeSwap(files, directory, baseOffset);
  files.syncDirectory(directory);
}

function completeSwap(files: Files, directory: string, baseOffset: number): void {
  const end = nextOffsetIn(files, join(directory, offsetFileName(baseOffset, SegmentSuffix.log + SWAP)), baseOffset);
  for (const name of files.list(directory)) {
    const match = /^(\d{20})(\.\w+)$/.exec(name);
    if (match === null || !SUFFIXES.includes(match[2] as (typeof SUFFIXES)[number])) continue;
    const offset = Number(match[1]);
    if (offset > baseOffset && offset < end) files.remove(join(directory, name));
  }
  renameEnding(files, directory, baseOffset, SWAP, '');
}

/** The offset behind the last batch of a file that was synced whole. */
function nextOffsetIn(files: Files, path: string, baseOffset: number): number {
  const file = files.open(path, 'read');
  try {
    const size = file.size();
    let next = baseOffset;
    headers.open(file);
    for (let at = 0; headers.load(at, size); at += batch.sizeInBytes(headers.bytes, headers.at)) {
      next = batch.nextOffset(headers.bytes, headers.at);
    }
    return next;
  } finally {
    file.close();
  }
}
