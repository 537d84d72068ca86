/** A disk that counts what is done with it: work that does not depend on how busy the machine is. */
import type { Files, OpenFile } from '../../src/platform/files.ts';

/** A call counts as one, and so do each 4 KiB that it moves. */
const BLOCK_BYTES = 4096;

export class DiskWork {
  calls = 0;

  did(bytes = 0): void {
    this.calls += 1 + Math.floor(bytes / BLOCK_BYTES);
  }
}

/** `files` with every call counted in `work`. */
export function counted(files: Files, work: DiskWork): Files {
  return new Proxy(files, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        const result: unknown = (value as (...all: unknown[]) => unknown).apply(target, given);
        work.did(Buffer.isBuffer(result) ? result.length : 0);
        return name === 'open' ? countedFile(result as OpenFile, work) : result;
      };
    },
  });
}

function countedFile(file: OpenFile, work: DiskWork): OpenFile {
  return new Proxy(file, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        work.did(name === 'read' || name === 'write' ? (given[2] as number) : 0);
        return (value as (...all: unknown[]) => unknown).apply(target, given);
      };
    },
  });
}
