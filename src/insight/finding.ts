/** What keeps a group from getting what it waits for, and how such findings are worded. */
import type { GroupSituation, PartitionName } from './group-situation.ts';
import { span } from './words.ts';

export type Cause =
  | 'no-such-group'
  | 'no-members'
  | 'topic-missing'
  | 'rebalancing'
  | 'not-released'
  | 'not-connected'
  | 'hindered'
  | 'throttled'
  | 'clock-stands-still'
  | 'told-errors'
  | 'lost-after-metadata'
  | 'no-fetches'
  | 'open-transaction'
  | 'all-aborted'
  | 'below-start'
  | 'began-at-end'
  | 'similar-topic'
  | 'idle-members'
  | 'all-read'
  | 'reading';

export interface Finding {
  readonly cause: Cause;
  /** For people: what is so. */
  readonly sentence: string;
  /** What shows it. */
  readonly evidence: readonly string[];
  /** What to do; '' where there is nothing to do. */
  readonly next: string;
}

export type Rule = (situation: GroupSituation) => Finding[];

/** More than so many names or lines tell no more. */
export const SHOWN = 5;

export function nameOf({ topic, partition }: PartitionName): string {
  return `${topic}[${partition}]`;
}

export function names(places: readonly PartitionName[]): string {
  return list(places.map(nameOf));
}

export function list(words: readonly string[]): string {
  const shown = words.length > SHOWN ? [...words.slice(0, SHOWN - 1), `${words.length - SHOWN + 1} more`] : words;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)!}`;
}

export function verb(subjects: readonly unknown[], one: string, many: string): string {
  return subjects.length === 1 ? one : many;
}

export function ago(nowMs: number, atMs: number): string {
  return `${span(nowMs - atMs)} ago`;
}
