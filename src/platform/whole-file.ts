/** Files that come with the program, not those that a broker keeps. */
import { readFile } from 'node:fs/promises';

/** Rejects with node's error where there is none. */
export function readWhole(path: string): Promise<Buffer> {
  return readFile(path);
}
