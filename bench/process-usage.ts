/**
 * What a process has used so far, from /proc: the figure that holds on a machine where others work too. Elsewhere than on
 * Linux there is no such thing, and `usageIsKnown` is false.
 */
import { existsSync, readFileSync } from 'node:fs';

export const usageIsKnown = existsSync('/proc/self/stat');

/** Of user and system time, all threads; in seconds, by hundredths. */
export function cpuSeconds(pid: number): number {
  if (!usageIsKnown) return Number.NaN;
  // The name of the program, in parentheses, may hold anything; utime and stime are the 12th and 13th after it.
  const fields = afterName(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory in MB (10^6). */
export function residentMb(pid: number): number {
  if (!usageIsKnown) return Number.NaN;
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return (Number(kib?.[1]) * 1024) / 1e6;
}

const TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux that Node runs on

function afterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
