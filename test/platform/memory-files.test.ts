import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeFiles, type Files } from '../../src/platform/files.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { seededRandom } from '../../src/platform/random.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ottla-files-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const kinds: [string, () => Files, string][] = [
  ['node', () => nodeFiles, 'node'],
  ['memory', () => new MemoryFiles(), 'memory'],
];

describe.each(kinds)('%s files', (_name, make, folder) => {
  const files = make();
  let count = 0;
  const fresh = () => {
    const directory = join(root, folder, String(count++));
    files.makeDirectory(directory);
    return directory;
  };
  const code = (run: () => unknown) => {
    try {
      run();
      return 'none';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  };

  it('reads what was written, and zeros where nothing was', () => {
    const file = files.open(join(fresh(), 'a'), 'write');
    file.write(Buffer.from('hello'), 1, 4, 3);
    expect(file.size()).toBe(7);
    const into = Buffer.alloc(10, 1);
    expect(file.read(into, 1, 9, 0)).toBe(7);
    expect([...into]).toEqual([1, 0, 0, 0, ...Buffer.from('ello'), 1, 1]);
    expect(file.read(into, 0, 5, 100)).toBe(0);
    file.close();
  });

  it('shows zeros, not old bytes, when a cut file grows again', () => {
    const file = files.open(join(fresh(), 'a'), 'write');
    file.write(Buffer.alloc(200_000, 7), 0, 200_000, 0);
    file.truncate(100);
    file.write(Buffer.from([1]), 0, 1, 70_000);
    const into = Buffer.alloc(70_001);
    expect(file.read(into, 0, 70_001, 0)).toBe(70_001);
    expect(into.subarray(0, 100).every((byte) => byte === 7)).toBe(true);
    expect(into.subarray(100, 70_000).every((byte) => byte === 0)).toBe(true);
    file.truncate(70_100);
    expect(file.size()).toBe(70_100);
    file.close();
  });

  it('refuses with the codes of the system', () => {
    const directory = fresh();
    expect(code(() => files.open(join(directory, 'none'), 'read'))).toBe('ENOENT');
    expect(code(() => files.open(join(directory, 'no', 'parent'), 'write'))).toBe('ENOENT');
    expect(code(() => files.size(join(directory, 'none')))).toBe('ENOENT');
    expect(code(() => files.readAll(join(directory, 'none')))).toBe('ENOENT');
    expect(code(() => files.rename(join(directory, 'none'), join(directory, 'x')))).toBe('ENOENT');
    expect(code(() => files.remove(join(directory, 'none')))).toBe('none');
    expect(files.list(join(directory, 'none'))).toEqual([]);
  });

  it('renames over a file, and directories with all in them', () => {
    const directory = fresh();
    files.replace(join(directory, 'a'), 'A');
    files.replace(join(directory, 'b'), 'B');
    files.rename(join(directory, 'a'), join(directory, 'b'));
    expect(files.list(directory)).toEqual(['b']);
    expect(files.readAll(join(directory, 'b')).toString()).toBe('A');
    files.makeDirectory(join(directory, 'd', 'e'));
    files.replace(join(directory, 'd', 'e', 'f'), 'F');
    files.rename(join(directory, 'd'), join(directory, 'g'));
    expect(files.readAll(join(directory, 'g', 'e', 'f')).toString()).toBe('F');
    expect(files.isDirectory(join(directory, 'g'))).toBe(true);
    files.remove(join(directory, 'g'));
    expect(files.exists(join(directory, 'g'))).toBe(false);
  });

  it('lets an open file outlive its name', () => {
    const directory = fresh();
    const file = files.open(join(directory, 'a'), 'write');
    file.write(Buffer.from('abc'), 0, 3, 0);
    files.rename(join(directory, 'a'), join(directory, 'b'));
    file.write(Buffer.from('d'), 0, 1, 3);
    expect(files.readAll(join(directory, 'b')).toString()).toBe('abcd');
    files.remove(join(directory, 'b'));
    const into = Buffer.alloc(4);
    expect(file.read(into, 0, 4, 0)).toBe(4);
    file.close();
  });

  it('locks once, until released', () => {
    const path = join(fresh(), '.lock');
    const lock = files.lock(path);
    expect(lock).not.toBeNull();
    expect(files.lock(path)).toBeNull();
    lock?.release();
    const again = files.lock(path);
    expect(again).not.toBeNull();
    again?.release();
  });
});

describe('memory files', () => {
  it('agree with a plain array of bytes, whatever is done to them', () => {
    const random = seededRandom(5);
    const file = new MemoryFiles().open('a', 'write');
    let model = Buffer.alloc(0);
    for (let i = 0; i < 300; i++) {
      const position = Math.floor(random.float() * 300_000);
      if (random.float() < 0.2) {
        const grown = Buffer.alloc(position);
        model.copy(grown);
        model = grown;
        file.truncate(position);
      } else {
        const bytes = Buffer.alloc(Math.floor(random.float() * 100_000), i);
        const grown = Buffer.alloc(bytes.length === 0 ? model.length : Math.max(model.length, position + bytes.length));
        model.copy(grown);
        bytes.copy(grown, position);
        model = grown;
        if (bytes.length > 0) file.write(bytes, 0, bytes.length, position);
      }
      expect(file.size()).toBe(model.length);
    }
    const into = Buffer.alloc(model.length);
    file.read(into, 0, into.length, 0);
    expect(into.equals(model)).toBe(true);
  });

  it('count changes, and fail at the one a test chooses', () => {
    const files = new MemoryFiles();
    files.before = (operation, path, count) => {
      if (count === 3) throw diskError('ENOSPC', operation, path);
    };
    const file = files.open('a', 'write');
    file.write(Buffer.from('a'), 0, 1, 0);
    expect(() => file.write(Buffer.from('b'), 0, 1, 1)).toThrow('ENOSPC');
    expect(file.size()).toBe(1);
    expect(files.operations).toBe(3);
  });
});

describe('the lock file', () => {
  it('of a process that is gone does not count', () => {
    const path = join(root, 'dead.lock');
    nodeFiles.replace(path, '999999999 12345\n');
    const lock = nodeFiles.lock(path);
    expect(lock).not.toBeNull();
    lock?.release();
    expect(nodeFiles.exists(path)).toBe(false);
  });

  it('of a living process does', () => {
    const path = join(root, 'alive.lock');
    nodeFiles.replace(path, `${process.ppid} -\n`);
    expect(nodeFiles.lock(path)).toBeNull();
  });

  it('that Kafka left empty does not count', () => {
    const path = join(root, 'empty.lock');
    nodeFiles.replace(path, '');
    const lock = nodeFiles.lock(path);
    expect(lock).not.toBeNull();
    lock?.release();
  });
});
