/**
 * Reads a file that a setting names: key stores, keys, tokens. What is no file, such as a pipe or a device, would have the broker wait for
 * ever or fill its memory, so that it is refused before any of it is read.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Null where there is none. @throws {Error} for what is no file, is larger than `mostBytes`, or may not be read */
export function readSmallFile(path: string | URL, mostBytes: number): Buffer | null {
  const fd = opened(path);
  if (fd === null) return null;
  try {
    const found = fstatSync(fd);
    if (found.isDirectory()) throw new Error('it is a directory, not a file');
    if (!found.isFile()) throw new Error('it is a pipe or a device, not a file');
    if (found.size > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
    return contentOf(fd, found.size);
  } finally {
    closeSync(fd);
  }
}

/** To open a pipe waits for its other end, unless it is said not to. */
function opened(path: string | URL): number | null {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new Error(`it cannot be read (${code ?? message})`, { cause: error });
  }
}

function contentOf(fd: number, size: number): Buffer {
  const content = Buffer.allocUnsafe(size);
  let at = 0;
  while (at < size) {
    const count = readSync(fd, content, at, size - at, at);
    if (count === 0) break;
    at += count;
  }
  return content.subarray(0, at);
}
