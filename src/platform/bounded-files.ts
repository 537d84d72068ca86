/**
 * Files of which only so many are open at a time: the handle of one that was not used lately is closed, and opened again
 * when it is. So the number of partitions is not limited by that of file descriptors. Renaming and removing closes handles
 * first, which Windows asks for; an open file follows its new name.
 */
import { basename, dirname, join } from 'node:path';
import type { Files, OpenFile, Volume } from './files.ts';
import type { Lock } from './lock-file.ts';

type Mode = 'read' | 'write';

/** Which files have a handle. The one to lose it is found by going round: whoever was used since the last visit stays. */
class Handles {
  readonly files: Files;
  readonly #limit: number;
  readonly #slots: (BoundedFile | null)[] = [];
  readonly #free: number[] = [];
  #hand = 0;
  open = 0;

  constructor(files: Files, limit: number) {
    this.files = files;
    this.#limit = limit;
  }

  /** Opens `path` for `file`, which has no handle; other files lose theirs where there are too many. */
  take(file: BoundedFile, path: string, mode: Mode): OpenFile {
    if (this.open >= this.#limit) this.#evict(1);
    let handle: OpenFile;
    try {
      handle = this.files.open(path, mode);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
      // The system allows fewer than we do, or others need some too.
      if (this.#evict(Math.ceil(this.open / 2)) === 0) throw error;
      handle = this.files.open(path, mode);
    }
    file.slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[file.slot] = file;
    this.open++;
    return handle;
  }

  give(file: BoundedFile): void {
    this.#slots[file.slot] = null;
    this.#free.push(file.slot);
    this.open--;
  }

  /** Closes `count` handles where it can: not those that are being synced. Answers how many. */
  #evict(count: number): number {
    let closed = 0;
    for (let visits = 2 * this.#slots.length; visits > 0 && closed < count; visits--) {
      const file = this.#slots[this.#hand] ?? null;
      this.#hand = (this.#hand + 1) % this.#slots.length;
      if (file === null) continue;
      if (file.wasUsed) file.wasUsed = false;
      else if (file.rest()) closed++;
    }
    return closed;
  }
}

class BoundedFile implements OpenFile {
  path: string;
  /** For Handles: since its last visit, and where it keeps this file. */
  wasUsed = false;
  slot = -1;
  readonly #handles: Handles;
  readonly #mode: Mode;
  readonly #forget: (file: BoundedFile) => void;
  #handle: OpenFile | null;
  #syncs = 0;
  #isClosed = false;
  /** Removed, or another was put in its place: its path means nothing now, or that other. */
  #isGone = false;

  constructor(handles: Handles, path: string, mode: Mode, forget: (file: BoundedFile) => void) {
    this.path = path;
    this.#handles = handles;
    this.#mode = mode;
    this.#forget = forget;
    this.#handle = handles.take(this, path, mode);
  }

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    return this.#opened().read(into, offset, length, position);
  }

  write(from: Uint8Array, offset: number, length: number, position: number): void {
    this.#opened().write(from, offset, length, position);
  }

  writev(pieces: readonly Uint8Array[], position: number): void {
    this.#opened().writev(pieces, position);
  }

  size(): number {
    return this.#opened().size();
  }

  truncate(size: number): void {
    this.#opened().truncate(size);
  }

  sync(): void {
    this.#opened().sync();
  }

  async syncLater(): Promise<void> {
    const handle = this.#opened();
    this.#syncs++;
    try {
      await handle.syncLater();
    } finally {
      this.#syncs--;
      if (this.#isClosed || this.#isGone) this.rest();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.rest();
    this.#forget(this);
  }

  /** The path is no longer this file's: its handle is closed as soon as no sync needs it, and not opened again. */
  lose(): void {
    this.#isGone = true;
    this.rest();
  }

  /** Closes the handle; false when there is none, or a sync needs it: its number must not go to another file before. */
  rest(): boolean {
    const handle = this.#handle;
    if (handle === null || this.#syncs > 0) return false;
    this.#handle = null;
    this.#handles.give(this);
    handle.close();
    return true;
  }

  #opened(): OpenFile {
    this.wasUsed = true;
    return this.#handle ?? this.#openAgain();
  }

  #openAgain(): OpenFile {
    if (this.#isClosed) throw fileGone('EBADF', this.path);
    // 'write' would make an empty one
    if (this.#isGone || !this.#handles.files.exists(this.path)) throw fileGone('ENOENT', this.path);
    this.#handle = this.#handles.take(this, this.path, this.#mode);
    return this.#handle;
  }
}

export class BoundedFiles implements Files {
  readonly #files: Files;
  readonly #handles: Handles;
  /** Open files by their directory, for renaming. */
  readonly #byDirectory = new Map<string, Set<BoundedFile>>();

  /** At most `limit` handles are open, unless more are being synced. */
  constructor(files: Files, limit: number) {
    this.#files = files;
    this.#handles = new Handles(files, limit);
  }

  /** Handles open now. */
  get openCount(): number {
    return this.#handles.open;
  }

  open(path: string, mode: Mode): OpenFile {
    const file = new BoundedFile(this.#handles, path, mode, (closed) => this.#unlist(closed));
    this.#list(file);
    return file;
  }

  rename(from: string, to: string): void {
    const inside = this.#byDirectory.get(from);
    const moved = inside ?? this.#at(from);
    for (const file of moved) file.rest();
    const replaced = inside === undefined && to !== from ? this.#at(to) : [];
    for (const file of replaced) file.rest();
    this.#files.rename(from, to);
    for (const file of replaced) file.lose();
    for (const file of moved) {
      this.#unlist(file);
      file.path = inside === undefined ? to : join(to, basename(file.path));
      this.#list(file);
    }
  }

  remove(path: string): void {
    const removed = [...(this.#byDirectory.get(path) ?? this.#at(path))];
    for (const file of removed) file.rest();
    this.#files.remove(path);
    for (const file of removed) file.lose();
  }

  replace(path: string, content: Uint8Array | string, durable?: boolean): void {
    const replaced = this.#at(path);
    for (const file of replaced) file.rest();
    this.#files.replace(path, content, durable);
    for (const file of replaced) file.lose();
  }

  exists(path: string): boolean {
    return this.#files.exists(path);
  }

  isDirectory(path: string): boolean {
    return this.#files.isDirectory(path);
  }

  size(path: string): number {
    return this.#files.size(path);
  }

  list(directory: string): string[] {
    return this.#files.list(directory);
  }

  makeDirectory(path: string): void {
    this.#files.makeDirectory(path);
  }

  readAll(path: string): Buffer {
    return this.#files.readAll(path);
  }

  syncDirectory(path: string): void {
    this.#files.syncDirectory(path);
  }

  syncDirectoryLater(path: string): Promise<void> {
    return this.#files.syncDirectoryLater(path);
  }

  volume(path: string): Volume {
    return this.#files.volume(path);
  }

  lock(path: string): Lock | null {
    return this.#files.lock(path);
  }

  #at(path: string): BoundedFile[] {
    return [...(this.#byDirectory.get(dirname(path)) ?? [])].filter((file) => file.path === path);
  }

  #list(file: BoundedFile): void {
    const directory = dirname(file.path);
    const files = this.#byDirectory.get(directory);
    if (files === undefined) this.#byDirectory.set(directory, new Set([file]));
    else files.add(file);
  }

  #unlist(file: BoundedFile): void {
    const directory = dirname(file.path);
    const files = this.#byDirectory.get(directory);
    files?.delete(file);
    if (files?.size === 0) this.#byDirectory.delete(directory);
  }
}

function fileGone(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: the file is closed or gone, '${path}'`), { code, path });
}
