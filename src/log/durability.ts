/** What an acknowledgement means under given settings, in a sentence: said at the start, so that nobody has to guess. */

const NEVER = Number.MAX_SAFE_INTEGER;

/** `isMemory`: nothing is kept on a disk at all. */
export function durabilityOf(
  { flushMessages, flushMs }: { flushMessages: number; flushMs: number },
  isMemory: boolean,
): string {
  if (isMemory) return 'acknowledged records are in memory alone and end with the process';
  if (flushMessages === 1) return 'acknowledged records are on the disk (group commit)';
  const cache = "acknowledged records are in the system's page cache: kill -9 loses none, a power failure may";
  if (flushMessages < NEVER) return `${cache}; synced after every ${flushMessages} messages`;
  return flushMs < NEVER ? `${cache}; synced after ${flushMs} ms` : cache;
}
