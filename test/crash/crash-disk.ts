/**
 * A disk in memory that knows what a crash may leave of it. Every change is an operation in a journal; from any of its
 * prefixes the disk can be made again, as it is after the process was killed or after the power went.
 *
 * What the power takes: of each file any of the writes since its last sync, and of a directory the last of the changes to
 * its names since its own last sync. A file whose name survived may have lost all its bytes.
 */
import { dirname, basename } from 'node:path';
import type { Files, OpenFile, Volume } from '../../src/platform/files.ts';
import type { Lock } from '../../src/platform/lock-file.ts';
import { diskError, writeEach } from '../../src/platform/memory-files.ts';
import type { Random } from '../../src/platform/random.ts';
import { FileContent } from './file-content.ts';

export type Change =
  | { readonly kind: 'write'; readonly file: number; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: number; readonly size: number }
  | { readonly kind: 'sync'; readonly file: number; readonly upTo: number }
  | { readonly kind: 'name'; readonly directory: number; readonly names: readonly NameChange[] }
  | { readonly kind: 'syncDirectory'; readonly directory: number; readonly upTo: number };

interface NameChange {
  readonly name: string;
  /** Null: the name goes. */
  readonly node: number | null;
}

interface FileNode {
  content: FileContent;
  /** As it is on the disk for sure. */
  safe: FileContent;
  /** Writes and truncations that are not. */
  pending: (Change & { kind: 'write' | 'truncate' })[];
  /** Changes ever made to it. */
  changes: number;
}

interface DirectoryNode {
  names: Map<string, number>;
  safe: Map<string, number>;
  pending: (readonly NameChange[])[];
  changes: number;
}

const ROOT = 0;

/** What of a crash is left to chance, or to the test. */
export type Survival = 'kill' | 'power, nothing kept' | 'power, some kept';

export class CrashDisk implements Files {
  readonly journal: Change[] = [];
  /** Called before every change: throws to stop the broker for good. */
  before: (() => void) | null = null;
  /** Called after every write, with all that the file holds then: a view, and from where on it was written. */
  written: ((path: string, content: Buffer, position: number) => void) | null = null;
  /** How many turns of the event loop an asynchronous sync takes. */
  syncTurns = () => 1;
  #nodes = new Map<number, FileNode | DirectoryNode>([[ROOT, newDirectory()]]);
  #nextNode = 1;
  readonly #locks = new Set<string>();

  /** Makes the disk as it was after the first `count` changes of a journal, or goes on from there: for `advance`. */
  static replay(): CrashDisk {
    return new CrashDisk();
  }

  /** Applies a change of another disk's journal. */
  advance(change: Change): void {
    if (change.kind === 'name') {
      for (const { node } of change.names) if (node !== null && !this.#nodes.has(node)) this.#makeNode(node);
    }
    this.#apply(change);
  }

  /** Which numbers are directories, for `advance`. */
  directories = new Set<number>([ROOT]);

  /** What the broker finds after a crash at this point; with `torn`, part of one more change was on its way. */
  survivors(survival: Survival, random: Random, torn: Change | null = null, keptOfTorn = 0): CrashDisk {
    const found = new CrashDisk();
    const contents = new Map<number, FileContent>();
    const keep = (): boolean => survival === 'power, some kept' && random.float() < 0.5;
    const contentOf = (id: number): FileContent => {
      const known = contents.get(id);
      if (known !== undefined) return known;
      const node = this.#nodes.get(id) as FileNode;
      const content = new FileContent((survival === 'kill' ? node.content : node.safe).bytes);
      if (survival !== 'kill')
        for (const change of node.pending) if (keep()) content.apply(tornAtRandom(change, random));
      if (torn !== null && torn.kind === 'write' && torn.file === id) {
        content.apply({ ...torn, bytes: torn.bytes.subarray(0, keptOfTorn) });
      }
      contents.set(id, content);
      return content;
    };
    const copy = (id: number, path: string): void => {
      const directory = this.#nodes.get(id) as DirectoryNode;
      const names = new Map(survival === 'kill' ? directory.names : directory.safe);
      if (survival === 'power, some kept') {
        const kept = Math.floor(random.float() * (directory.pending.length + 1));
        for (const change of directory.pending.slice(0, kept)) rename(names, change);
      }
      for (const [name, child] of names) {
        const childPath = `${path}/${name}`;
        if (this.directories.has(child)) {
          found.makeDirectory(childPath);
          copy(child, childPath);
        } else {
          const file = found.open(childPath, 'write');
          file.writev([contentOf(child).bytes], 0);
          file.close();
        }
      }
    };
    copy(ROOT, '');
    found.settle();
    return found;
  }

  /** Takes everything for safe: what was there before the test began. */
  settle(): void {
    for (const node of this.#nodes.values()) {
      if ('names' in node) node.safe = new Map(node.names);
      else node.safe = new FileContent(node.content.bytes);
      node.pending = [];
    }
    this.journal.length = 0;
    this.#locks.clear();
  }

  /** Every file and its content. */
  files(): { path: string; bytes: Buffer }[] {
    const all: { path: string; bytes: Buffer }[] = [];
    const walk = (id: number, path: string): void => {
      for (const [name, child] of (this.#nodes.get(id) as DirectoryNode).names) {
        if (this.directories.has(child)) walk(child, `${path}/${name}`);
        else all.push({ path: `${path}/${name}`, bytes: Buffer.from(this.file(child).content.bytes) });
      }
    };
    walk(ROOT, '');
    return all;
  }

  open(path: string, mode: 'read' | 'write'): OpenFile {
    let id = this.#find(path);
    if (id === undefined) {
      if (mode === 'read') throw diskError('ENOENT', 'open', path);
      id = this.#add(path, false);
    }
    if (this.directories.has(id)) throw diskError('EISDIR', 'open', path);
    return new CrashFile(this, path, id);
  }

  exists(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  isDirectory(path: string): boolean {
    return this.directories.has(this.#find(path) ?? -1);
  }

  size(path: string): number {
    const id = this.#find(path);
    if (id === undefined) throw diskError('ENOENT', 'stat', path);
    return this.directories.has(id) ? 0 : this.file(id).content.length;
  }

  list(directory: string): string[] {
    const id = this.#find(directory);
    return id === undefined ? [] : [...(this.#nodes.get(id) as DirectoryNode).names.keys()].sort();
  }

  makeDirectory(path: string): void {
    if (this.exists(path)) return;
    this.makeDirectory(dirname(path));
    this.#add(path, true);
  }

  remove(path: string): void {
    const id = this.#find(path);
    if (id === undefined) return;
    if (this.directories.has(id)) for (const name of this.list(path)) this.remove(`${path}/${name}`);
    this.#rename(this.#parent(path), [{ name: basename(path), node: null }]);
  }

  rename(from: string, to: string): void {
    const node = this.#find(from);
    if (node === undefined) throw diskError('ENOENT', 'rename', from);
    if (dirname(from) !== dirname(to)) {
      this.#rename(this.#parent(to), [{ name: basename(to), node }]);
      this.#rename(this.#parent(from), [{ name: basename(from), node: null }]);
    } else {
      this.#rename(this.#parent(from), [
        { name: basename(from), node: null },
        { name: basename(to), node },
      ]);
    }
  }

  readAll(path: string): Buffer {
    const id = this.#find(path);
    if (id === undefined) throw diskError('ENOENT', 'open', path);
    return Buffer.from(this.file(id).content.bytes);
  }

  replace(path: string, content: Uint8Array | string, durable = true): void {
    const temporary = `${path}.tmp`;
    this.remove(temporary);
    const file = this.open(temporary, 'write');
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    file.write(bytes, 0, bytes.length, 0);
    if (durable) file.sync();
    file.close();
    this.rename(temporary, path);
    if (durable) this.syncDirectory(dirname(path));
  }

  syncDirectory(path: string): void {
    const directory = this.#find(path);
    if (directory === undefined) throw diskError('ENOENT', 'open', path);
    this.change({ kind: 'syncDirectory', directory, upTo: (this.#nodes.get(directory) as DirectoryNode).changes });
  }

  async syncDirectoryLater(path: string): Promise<void> {
    const directory = this.#find(path);
    if (directory === undefined) throw diskError('ENOENT', 'open', path);
    const upTo = (this.#nodes.get(directory) as DirectoryNode).changes;
    await turns(this.syncTurns());
    this.change({ kind: 'syncDirectory', directory, upTo });
  }

  volume(): Volume {
    return { totalBytes: -1, usableBytes: -1 };
  }

  lock(path: string): Lock | null {
    if (this.#locks.has(path)) return null;
    this.#locks.add(path);
    return { release: () => void this.#locks.delete(path) };
  }

  /** For CrashFile: makes the change, and notes it. */
  change(change: Change): void {
    this.before?.();
    this.journal.push(change);
    this.#apply(change);
  }

  file(id: number): FileNode {
    return this.#nodes.get(id) as FileNode;
  }

  #apply(change: Change): void {
    if (change.kind === 'name') {
      const directory = this.#nodes.get(change.directory) as DirectoryNode;
      rename(directory.names, change.names);
      directory.pending.push(change.names);
      directory.changes++;
    } else if (change.kind === 'syncDirectory') {
      const directory = this.#nodes.get(change.directory) as DirectoryNode;
      const done = directory.pending.length - (directory.changes - change.upTo);
      for (const names of directory.pending.splice(0, done)) rename(directory.safe, names);
    } else if (change.kind === 'sync') {
      const node = this.file(change.file);
      const done = node.pending.length - (node.changes - change.upTo);
      for (const pending of node.pending.splice(0, done)) node.safe.apply(pending);
    } else {
      const node = this.file(change.file);
      node.content.apply(change);
      node.pending.push(change);
      node.changes++;
    }
  }

  #add(path: string, isDirectory: boolean): number {
    const id = this.#nextNode++;
    if (isDirectory) this.directories.add(id);
    this.#makeNode(id);
    this.#rename(this.#parent(path), [{ name: basename(path), node: id }]);
    return id;
  }

  #makeNode(id: number): void {
    this.#nodes.set(id, this.directories.has(id) ? newDirectory() : newFile());
  }

  #rename(directory: number, names: readonly NameChange[]): void {
    this.change({ kind: 'name', directory, names });
  }

  #parent(path: string): number {
    const id = this.#find(dirname(path));
    if (id === undefined) throw diskError('ENOENT', 'open', path);
    return id;
  }

  #find(path: string): number | undefined {
    let id: number | undefined = ROOT;
    for (const name of path.split('/').filter((each) => each !== '' && each !== '.')) {
      if (id === undefined || !this.directories.has(id)) return undefined;
      id = (this.#nodes.get(id) as DirectoryNode).names.get(name);
    }
    return id;
  }
}

class CrashFile implements OpenFile {
  readonly path: string;
  readonly #disk: CrashDisk;
  readonly #id: number;
  #isClosed = false;

  constructor(disk: CrashDisk, path: string, id: number) {
    this.#disk = disk;
    this.path = path;
    this.#id = id;
  }

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    this.#check();
    const { bytes } = this.#disk.file(this.#id).content;
    const part = bytes.subarray(Math.min(position, bytes.length), Math.min(position + length, bytes.length));
    into.set(part, offset);
    return part.length;
  }

  write(from: Uint8Array, offset: number, length: number, position: number): void {
    this.#check();
    const bytes = Buffer.from(from.subarray(offset, offset + length));
    this.#disk.change({ kind: 'write', file: this.#id, position, bytes });
    this.#disk.written?.(this.path, this.#disk.file(this.#id).content.bytes, position);
  }

  writev(pieces: readonly Uint8Array[], position: number): void {
    writeEach(this, pieces, position);
  }

  size(): number {
    return this.#disk.file(this.#id).content.length;
  }

  truncate(size: number): void {
    this.#check();
    this.#disk.change({ kind: 'truncate', file: this.#id, size });
  }

  sync(): void {
    this.#check();
    this.#disk.change({ kind: 'sync', file: this.#id, upTo: this.#disk.file(this.#id).changes });
  }

  async syncLater(): Promise<void> {
    this.#check();
    const upTo = this.#disk.file(this.#id).changes;
    await turns(this.#disk.syncTurns());
    this.#disk.change({ kind: 'sync', file: this.#id, upTo });
  }

  close(): void {
    this.#check();
    this.#isClosed = true;
  }

  #check(): void {
    if (this.#isClosed) throw diskError('EBADF', 'use', this.path);
  }
}

function newFile(): FileNode {
  return { content: new FileContent(), safe: new FileContent(), pending: [], changes: 0 };
}

function newDirectory(): DirectoryNode {
  return { names: new Map(), safe: new Map(), pending: [], changes: 0 };
}

/** A write that survives may survive in part. */
function tornAtRandom<C extends Change>(change: C, random: Random): C {
  if (change.kind !== 'write' || random.float() < 0.7) return change;
  return { ...change, bytes: change.bytes.subarray(0, Math.floor(random.float() * change.bytes.length)) };
}

function rename(names: Map<string, number>, changes: readonly NameChange[]): void {
  for (const { name, node } of changes) {
    if (node === null) names.delete(name);
    else names.set(name, node);
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
