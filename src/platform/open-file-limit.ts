/**
 * How many files of logs may be open: a partition that is written to needs one, and opening it anew for each request costs
 * more than the request. The other half of what the system allows is for connections.
 */
import { readFileSync } from 'node:fs';

const WITHOUT_A_WORD = 2048;
const MOST = 16_384;
const LEAST = 16;

/** `asked` where it is positive, else what fits the process's limit as `limits` tells it (Linux does). */
export function maxOpenFiles(asked: number, limits: () => string = systemLimits): number {
  if (asked > 0) return asked;
  const found = /^Max open files\s+(\d+|unlimited)/m.exec(limits())?.[1];
  if (found === undefined) return WITHOUT_A_WORD;
  return found === 'unlimited' ? MOST : Math.max(LEAST, Math.min(MOST, Math.floor(Number(found) / 2)));
}

function systemLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
