/**
 * The only door to the disk. Everything on the append and fetch path is synchronous on purpose: a page-cache write of a
 * batch costs 1 to 8 µs, the hop to a thread pool 36 to 50 (see docs/decisions). Errors carry node's `code` (ENOSPC, EIO, …).
 */
import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
  writevSync,
} from 'node:fs';
import { open as openLater } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lockFile, type Lock } from './lock-file.ts';

/** An open file, read and written at positions given by the caller. */
export interface OpenFile {
  readonly path: string;
  /** Bytes read into `into[offset…]`; less than `length` only at the end of the file. */
  read(into: Uint8Array, offset: number, length: number, position: number): number;
  /** Writes all `length` bytes or throws. */
  write(from: Uint8Array, offset: number, length: number, position: number): void;
  /** Writes the pieces one behind the other, in as few calls as the system takes; all of them or throws. */
  writev(pieces: readonly Uint8Array[], position: number): void;
  size(): number;
  truncate(size: number): void;
  /** Returns once the data is on the disk (fdatasync). */
  sync(): void;
  /** The same without stopping the event loop. */
  syncLater(): Promise<void>;
  close(): void;
}

/** -1 where there is no such number. */
export interface Volume {
  readonly totalBytes: number;
  readonly usableBytes: number;
}

export interface Files {
  /** 'read' needs the file to exist; 'write' creates it where it is missing; both leave its content alone. */
  open(path: string, mode: 'read' | 'write'): OpenFile;
  exists(path: string): boolean;
  isDirectory(path: string): boolean;
  size(path: string): number;
  /** Names in a directory, sorted; [] where there is none. */
  list(directory: string): string[];
  /** With parents; harmless where it exists. */
  makeDirectory(path: string): void;
  /** A file or a directory with all in it; harmless where there is none. */
  remove(path: string): void;
  rename(from: string, to: string): void;
  readAll(path: string): Buffer;
  /**
   * Replaces a small file so that a crash leaves the old content or the new, never a mixture. With `durable` false the
   * system decides when it reaches the disk: for what can be made again from elsewhere.
   */
  replace(path: string, content: Uint8Array | string, durable?: boolean): void;
  /** Makes creations, renames and removals in a directory durable. */
  syncDirectory(path: string): void;
  /** The same without stopping the event loop. */
  syncDirectoryLater(path: string): Promise<void>;
  /** How large the volume with this path is, and how much of it an ordinary process may still fill, in bytes. */
  volume(path: string): Volume;
  /** Takes a lock that ends with the process, at the latest; null while another living process has it. */
  lock(path: string): Lock | null;
}

class NodeFile implements OpenFile {
  readonly path: string;
  #fd: number;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    let done = 0;
    while (done < length) {
      const count = readSync(this.#fd, into, offset + done, length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(from: Uint8Array, offset: number, length: number, position: number): void {
    let done = 0;
    while (done < length) done += writeSync(this.#fd, from, offset + done, length - done, position + done);
  }

  writev(pieces: readonly Uint8Array[], position: number): void {
    let done = writevSync(this.#fd, pieces, position);
    for (const piece of pieces) {
      if (done < piece.length) this.write(piece, done, piece.length - done, position + done);
      position += piece.length;
      done = Math.max(0, done - piece.length);
    }
  }

  size(): number {
    return fstatSync(this.#fd).size;
  }

  truncate(size: number): void {
    ftruncateSync(this.#fd, size);
  }

  sync(): void {
    fdatasyncSync(this.#fd);
  }

  syncLater(): Promise<void> {
    return new Promise((resolve, reject) => fdatasync(this.#fd, (error) => (error ? reject(error) : resolve())));
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = -1; // the number soon means another file: a late read must fail, not read that one
    closeSync(fd);
  }
}

export const nodeFiles: Files = {
  open(path, mode) {
    if (mode === 'read') return new NodeFile(path, openSync(path, 'r'));
    // 'r+' refuses a missing file and 'w+' empties an old one, so create first, without touching what is there.
    if (!existsSync(path)) closeSync(openSync(path, 'a'));
    return new NodeFile(path, openSync(path, 'r+'));
  },
  exists: (path) => existsSync(path),
  isDirectory: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  size: (path) => statSync(path).size,
  list: (directory) => (existsSync(directory) ? readdirSync(directory).sort() : []),
  makeDirectory: (path) => void mkdirSync(path, { recursive: true }),
  remove: (path) => rmSync(path, { recursive: true, force: true, maxRetries: 3 }),
  rename: (from, to) => renameSync(from, to),
  readAll: (path) => readFileSync(path),
  replace(path, content, durable = true) {
    const temporary = `${path}.tmp`;
    const fd = openSync(temporary, 'w');
    try {
      writeFileSync(fd, content);
      if (durable) fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    if (durable) nodeFiles.syncDirectory(dirname(path));
  },
  syncDirectory(path) {
    if (process.platform === 'win32') return; // a directory cannot be opened there
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
  async syncDirectoryLater(path) {
    if (process.platform === 'win32') return;
    const directory = await openLater(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
  volume(path) {
    const { blocks, bavail, bsize } = statfsSync(path);
    return { totalBytes: blocks * bsize, usableBytes: bavail * bsize };
  },
  lock: lockFile,
};
