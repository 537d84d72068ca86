/**
 * Files in memory: what a broker started with --memory writes to, and the disk of tests. Files grow by chunks, so that
 * appending never copies what is there; an open file outlives its name, as on POSIX.
 */
import type { Files, OpenFile, Volume } from './files.ts';
import type { Lock } from './lock-file.ts';

const CHUNK_BITS = 16;
const CHUNK_BYTES = 1 << CHUNK_BITS;
/** The first chunk begins this small and doubles: most partitions, indexes and checkpoints hold next to nothing. */
const SMALLEST_CHUNK_BYTES = 256;

class Content {
  size = 0;
  /** All of CHUNK_BYTES but the first one of a small file. */
  #chunks: Buffer[] = [];
  /** Chunks that copies of this file have too: they are copied before they are written to. */
  #shared: Set<Buffer> | null = null;

  /** The same content; both may change from here on without the other knowing. */
  copy(): Content {
    const copy = new Content();
    copy.size = this.size;
    copy.#chunks = [...this.#chunks];
    copy.#shared = new Set(this.#chunks);
    this.#shared = new Set(this.#chunks);
    return copy;
  }

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.size - position));
    for (let done = 0; done < count;) {
      const within = (position + done) & (CHUNK_BYTES - 1);
      const step = Math.min(count - done, CHUNK_BYTES - within);
      this.#chunks[(position + done) >>> CHUNK_BITS].copy(into, offset + done, within, within + step);
      done += step;
    }
    return count;
  }

  write(from: Uint8Array, offset: number, length: number, position: number): void {
    const end = position + length;
    this.#reserve(end);
    if (this.#shared !== null) this.#unshare(Math.min(position, this.size), end);
    if (position > this.size) this.#zero(this.size, position);
    for (let done = 0; done < length;) {
      const within = (position + done) & (CHUNK_BYTES - 1);
      const step = Math.min(length - done, CHUNK_BYTES - within);
      this.#chunks[Math.floor((position + done) / CHUNK_BYTES)].set(
        from.subarray(offset + done, offset + done + step),
        within,
      );
      done += step;
    }
    if (end > this.size) this.size = end;
  }

  truncate(size: number): void {
    if (size > this.size) {
      this.#reserve(size);
      if (this.#shared !== null) this.#unshare(this.size, size);
      this.#zero(this.size, size);
    } else {
      this.#chunks.length = Math.ceil(size / CHUNK_BYTES);
    }
    this.size = size;
  }

  #unshare(from: number, to: number): void {
    for (let i = from >>> CHUNK_BITS; i <= (to - 1) >>> CHUNK_BITS; i++) {
      const chunk = this.#chunks[i];
      if (chunk === undefined || !this.#shared!.delete(chunk)) continue;
      this.#chunks[i] = Buffer.allocUnsafeSlow(chunk.length);
      this.#chunks[i].set(chunk);
    }
  }

  #reserve(end: number): void {
    if (end <= CHUNK_BYTES) {
      const first = this.#chunks[0];
      if (first === undefined || first.length < end) this.#growFirst(end);
      return;
    }
    if (this.#chunks.length === 0 || this.#chunks[0].length < CHUNK_BYTES) this.#growFirst(CHUNK_BYTES);
    while (this.#chunks.length * CHUNK_BYTES < end) this.#chunks.push(Buffer.allocUnsafeSlow(CHUNK_BYTES));
  }

  #growFirst(end: number): void {
    let bytes = SMALLEST_CHUNK_BYTES;
    while (bytes < end) bytes *= 2;
    const larger = Buffer.allocUnsafeSlow(bytes);
    if (this.#chunks.length > 0) larger.set(this.#chunks[0]);
    this.#chunks[0] = larger;
  }

  #zero(from: number, to: number): void {
    while (from < to) {
      const within = from & (CHUNK_BYTES - 1);
      const step = Math.min(to - from, CHUNK_BYTES - within);
      this.#chunks[Math.floor(from / CHUNK_BYTES)].fill(0, within, within + step);
      from += step;
    }
  }
}

type Directory = Map<string, Content | Directory>;

/** What a change to the disk is called in a fault. */
export type Operation =
  'create' | 'write' | 'truncate' | 'sync' | 'makeDirectory' | 'remove' | 'rename' | 'replace' | 'syncDirectory';

export class MemoryFiles implements Files {
  readonly #root: Directory = new Map();
  readonly #locks = new Set<string>();
  /** Changes made so far, failed ones included. */
  operations = 0;
  /** Called before every change; a test throws `diskError(…)` from here. */
  before: ((operation: Operation, path: string, count: number) => void) | null = null;

  open(path: string, mode: 'read' | 'write'): OpenFile {
    const [directory, name] = this.#parent(path, 'open');
    let content = directory.get(name);
    if (content === undefined) {
      if (mode === 'read') throw diskError('ENOENT', 'open', path);
      this.#change('create', path);
      content = new Content();
      directory.set(name, content);
    }
    if (content instanceof Map) throw diskError('EISDIR', 'open', path);
    return new MemoryFile(path, content, mode, (operation) => this.#change(operation, path));
  }

  exists(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  isDirectory(path: string): boolean {
    return this.#find(path) instanceof Map;
  }

  size(path: string): number {
    const found = this.#find(path);
    if (found === undefined) throw diskError('ENOENT', 'stat', path);
    return found instanceof Map ? 0 : found.size;
  }

  list(directory: string): string[] {
    const found = this.#find(directory);
    if (found === undefined) return [];
    if (!(found instanceof Map)) throw diskError('ENOTDIR', 'list', directory);
    return [...found.keys()].sort();
  }

  makeDirectory(path: string): void {
    if (this.isDirectory(path)) return;
    this.#change('makeDirectory', path);
    let directory = this.#root;
    for (const name of split(path)) {
      let next = directory.get(name);
      if (next === undefined) directory.set(name, (next = new Map()));
      if (!(next instanceof Map)) throw diskError('ENOTDIR', 'mkdir', path);
      directory = next;
    }
  }

  remove(path: string): void {
    if (!this.exists(path)) return;
    this.#change('remove', path);
    const [directory, name] = this.#parent(path, 'remove');
    directory.delete(name);
  }

  rename(from: string, to: string): void {
    this.#change('rename', from);
    const [source, oldName] = this.#parent(from, 'rename');
    const moved = source.get(oldName);
    if (moved === undefined) throw diskError('ENOENT', 'rename', from);
    const [target, newName] = this.#parent(to, 'rename');
    const replaced = target.get(newName);
    if (replaced === moved) return;
    if (replaced instanceof Map && (!(moved instanceof Map) || replaced.size > 0)) {
      throw diskError('ENOTEMPTY', 'rename', to);
    }
    if (moved instanceof Map && replaced instanceof Content) throw diskError('ENOTDIR', 'rename', to);
    source.delete(oldName);
    target.set(newName, moved);
  }

  readAll(path: string): Buffer {
    const found = this.#find(path);
    if (found === undefined) throw diskError('ENOENT', 'open', path);
    if (found instanceof Map) throw diskError('EISDIR', 'read', path);
    const bytes = Buffer.allocUnsafe(found.size);
    found.read(bytes, 0, bytes.length, 0);
    return bytes;
  }

  replace(path: string, content: Uint8Array | string): void {
    this.#change('replace', path);
    const [directory, name] = this.#parent(path, 'open');
    if (directory.get(name) instanceof Map) throw diskError('EISDIR', 'rename', path);
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const fresh = new Content();
    fresh.write(bytes, 0, bytes.length, 0);
    directory.set(name, fresh);
  }

  syncDirectory(path: string): void {
    this.#change('syncDirectory', path);
  }

  async syncDirectoryLater(path: string): Promise<void> {
    this.syncDirectory(path);
  }

  volume(): Volume {
    return { totalBytes: -1, usableBytes: -1 };
  }

  lock(path: string): Lock | null {
    const key = split(path).join('/');
    if (this.#locks.has(key)) return null;
    this.#locks.add(key);
    return { release: () => void this.#locks.delete(key) };
  }

  /** The same disk as it is now, in next to no time and memory: content is shared until one side changes it. No lock is held there. */
  fork(): MemoryFiles {
    const copy = new MemoryFiles();
    copyInto(copy.#root, this.#root);
    return copy;
  }

  #change(operation: Operation, path: string): void {
    this.operations++;
    this.before?.(operation, path, this.operations);
  }

  #find(path: string): Content | Directory | undefined {
    let found: Content | Directory | undefined = this.#root;
    for (const name of split(path)) {
      if (!(found instanceof Map)) return undefined;
      found = found.get(name);
    }
    return found;
  }

  #parent(path: string, call: string): [Directory, string] {
    const names = split(path);
    const name = names.pop();
    if (name === undefined) throw diskError('EISDIR', call, path);
    let directory: Directory = this.#root;
    for (const each of names) {
      const next: Content | Directory | undefined = directory.get(each);
      if (next === undefined) throw diskError('ENOENT', call, path);
      if (!(next instanceof Map)) throw diskError('ENOTDIR', call, path);
      directory = next;
    }
    return [directory, name];
  }
}

class MemoryFile implements OpenFile {
  readonly path: string;
  readonly #mode: 'read' | 'write';
  readonly #change: (operation: Operation) => void;
  #content: Content | null;

  constructor(path: string, content: Content, mode: 'read' | 'write', change: (operation: Operation) => void) {
    this.path = path;
    this.#content = content;
    this.#mode = mode;
    this.#change = change;
  }

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    return this.#opened('read').read(into, offset, length, position);
  }

  write(from: Uint8Array, offset: number, length: number, position: number): void {
    const content = this.#writable('write');
    this.#change('write');
    content.write(from, offset, length, position);
  }

  writev(pieces: readonly Uint8Array[], position: number): void {
    writeEach(this, pieces, position);
  }

  size(): number {
    return this.#opened('fstat').size;
  }

  truncate(size: number): void {
    const content = this.#writable('ftruncate');
    this.#change('truncate');
    content.truncate(size);
  }

  sync(): void {
    this.#opened('fdatasync');
    this.#change('sync');
  }

  async syncLater(): Promise<void> {
    this.sync();
  }

  close(): void {
    this.#opened('close');
    this.#content = null;
  }

  #opened(call: string): Content {
    if (this.#content === null) throw diskError('EBADF', call, this.path);
    return this.#content;
  }

  #writable(call: string): Content {
    if (this.#mode === 'read') throw diskError('EBADF', call, this.path);
    return this.#opened(call);
  }
}

function copyInto(target: Directory, source: Directory): void {
  for (const [name, entry] of source) {
    if (!(entry instanceof Map)) {
      target.set(name, entry.copy());
      continue;
    }
    const inner: Directory = new Map();
    copyInto(inner, entry);
    target.set(name, inner);
  }
}

/** `writev` of files that take one piece at a time. */
export function writeEach(file: OpenFile, pieces: readonly Uint8Array[], position: number): void {
  for (const piece of pieces) {
    file.write(piece, 0, piece.length, position);
    position += piece.length;
  }
}

/** An error as node:fs throws it. */
export function diskError(code: string, call: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path });
}

/** Callers join with the separator of the platform they run on. */
function split(path: string): string[] {
  const names = (process.platform === 'win32' ? path.replaceAll('\\', '/') : path).split('/');
  return names.filter((name) => name !== '' && name !== '.');
}
