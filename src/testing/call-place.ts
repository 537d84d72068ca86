/** Where a test called the broker: for errors that begin in the test, and for lines that name the place. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface CallPlace {
  /** The frames of the stack, the test's first. */
  readonly frames: string;
  /** 'test/billing.test.ts:12', '' where it cannot be known. */
  readonly at: string;
}

/** The place from which `below` was called. */
export function callPlace(below: (...args: never[]) => unknown): CallPlace {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, below);
  const stack = holder.stack ?? '';
  const frames = stack.slice(stack.indexOf('\n') + 1);
  return { frames, at: firstPlace(frames) };
}

function firstPlace(frames: string): string {
  const found = /^\s*at (?:.*\()?(.+?):(\d+):\d+\)?$/m.exec(frames);
  if (found === null) return '';
  const path = found[1].startsWith('file:') ? fileURLToPath(found[1]) : found[1];
  const near = relative(process.cwd(), path);
  return `${near.startsWith('..') ? path : near}:${found[2]}`;
}
