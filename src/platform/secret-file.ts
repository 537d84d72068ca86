/** Files that only their owner may read: private keys. */
import { chmodSync, closeSync, fdatasyncSync, openSync, renameSync, writeFileSync } from 'node:fs';

const OWNER_ONLY = 0o600;

/** Replaces the file as a whole; it is never there with more rights than its owner's. */
export function writeSecret(path: string, content: string): void {
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'w', OWNER_ONLY);
  try {
    chmodSync(temporary, OWNER_ONLY); // it may have been left behind with others
    writeFileSync(fd, content);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
