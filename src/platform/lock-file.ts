/**
 * A lock without flock, which node does not have: a file made with O_EXCL that names its owner. It counts only while
 * the process it names lives, so a crash leaves nothing that has to be cleaned up by hand.
 */
import { linkSync, lstatSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';

export interface Lock {
  release(): void;
}

/** Locks of this process: its own id in a file does not tell whether it was written by it or before a reboot. */
const mine = new Set<string>();
const ATTEMPTS = 3;

export function lockFile(path: string): Lock | null {
  if (mine.has(path)) return null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (create(path)) {
      mine.add(path);
      return { release: () => release(path) };
    }
    const owner = read(path);
    if (owner === null && !leadsNowhere(path)) continue; // released meanwhile
    if ((owner !== null && isAlive(path, owner)) || !discard(path, owner)) return null;
  }
  return null;
}

/** Writes the file whole before it gets its name: nobody must read it empty and take its owner for dead. */
function create(path: string): boolean {
  const draft = `${path}.${process.pid}.new`;
  const owner = `${process.pid} ${startOf(process.pid)}\n`;
  writeFileSync(draft, owner);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    return createWithoutLinks(path, owner);
  } finally {
    unlinkSync(draft);
  }
}

function createWithoutLinks(path: string, owner: string): boolean {
  try {
    writeFileSync(path, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function release(path: string): void {
  if (!mine.delete(path)) return;
  rmSync(path, { force: true });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A link without a target has no owner. */
function leadsNowhere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Moves a dead owner's file aside, and only then removes it: two starting brokers must not both do so and create. */
function discard(path: string, owner: string | null): boolean {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  if (read(aside) !== owner) {
    renameSync(aside, path); // another broker was faster, and this is its lock
    return false;
  }
  unlinkSync(aside);
  return true;
}

/** An empty or foreign file (Kafka's own `.lock` is empty) has no owner; neither has one from before the last boot. */
function isAlive(path: string, owner: string): boolean {
  const [, id, start] = /^(\d+) (\S+)\n$/.exec(owner) ?? [];
  if (id === undefined) return false;
  const pid = Number(id);
  // Not in `mine`: an earlier process of this number wrote it, as in a container, or another thread of this one.
  if (pid === process.pid) return start !== '-' && start === startOf(pid);
  const bootMs = Date.now() - uptime() * 1000;
  const written = statSync(path, { throwIfNoEntry: false });
  if (written !== undefined && written.mtimeMs < bootMs - 60_000) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'; // EPERM: it lives under another user
  }
  return start === '-' || startOf(pid) === start;
}

/** When a process began, in ticks since boot: tells a process from a later one of the same number. '-' off Linux. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...facts] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Killed, but its parent has not looked yet: it holds nothing any more.
    return state === 'Z' ? 'ended' : (facts[18] ?? '-');
  } catch {
    return '-';
  }
}
