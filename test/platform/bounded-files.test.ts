import { describe, expect, it } from 'vitest';
import { BoundedFiles } from '../../src/platform/bounded-files.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import type { OpenFile } from '../../src/platform/files.ts';
import { SlowDisk } from '../log/slow-disk.ts';

/** A disk that counts handles and allows so many. */
class CountingDisk extends MemoryFiles {
  handles = 0;
  readonly opened: string[] = [];
  allowed = Infinity;

  override open(path: string, mode: 'read' | 'write'): OpenFile {
    if (this.handles >= this.allowed) throw diskError('EMFILE', 'open', path);
    const file = super.open(path, mode);
    const close = file.close.bind(file);
    this.handles++;
    this.opened.push(path);
    return Object.assign(file, {
      close: () => {
        this.handles--;
        close();
      },
    });
  }
}

function numbered(files: BoundedFiles, count: number): OpenFile[] {
  return Array.from({ length: count }, (_, i) => {
    files.makeDirectory(`/d${i}`);
    const file = files.open(`/d${i}/log`, 'write');
    file.write(Buffer.from(`file ${i}`), 0, 6, 0);
    return file;
  });
}

function contentOf(file: OpenFile): string {
  const bytes = Buffer.alloc(20);
  return bytes.toString('utf8', 0, file.read(bytes, 0, 20, 0));
}

describe('bounded files', () => {
  it('keep no more handles than they may, and read and write all files all the same', () => {
    const disk = new CountingDisk();
    const files = new BoundedFiles(disk, 3);
    const open = numbered(files, 50);
    for (let round = 0; round < 3; round++) {
      for (const [i, file] of open.entries()) {
        expect(contentOf(file)).toBe(`file ${i}`.slice(0, 6));
        expect(disk.handles).toBeLessThanOrEqual(3);
      }
    }
    for (const file of open) file.close();
    expect([disk.handles, files.openCount]).toEqual([0, 0]);
  });

  it('let a file keep its handle while it is used more than others', () => {
    const disk = new CountingDisk();
    const files = new BoundedFiles(disk, 4);
    const [busy, ...rest] = numbered(files, 12);
    contentOf(busy);
    disk.opened.length = 0;
    for (const file of rest) {
      contentOf(file);
      contentOf(busy);
    }
    expect(disk.opened.filter((path) => path === '/d0/log').length).toBeLessThanOrEqual(1);
  });

  it('make do with fewer when the system has no more', () => {
    const disk = new CountingDisk();
    const files = new BoundedFiles(disk, 100);
    const open = numbered(files, 10);
    disk.allowed = 10;
    const more = numbered(files, 12);
    expect(more.map(contentOf)).toHaveLength(12);
    expect(contentOf(open[0])).toBe('file 0');
  });

  it('tell when the system has no handle at all', () => {
    const disk = new CountingDisk();
    disk.allowed = 0;
    disk.makeDirectory('/d');
    expect(() => new BoundedFiles(disk, 4).open('/d/log', 'write')).toThrow('EMFILE');
  });

  it('keep the handle of a file that is being synced, and close it then', async () => {
    const disk = new SlowDisk();
    const files = new BoundedFiles(disk, 1);
    const [first] = numbered(files, 1);
    const synced = first.syncLater();
    const [, second] = numbered(files, 2);
    expect(files.openCount).toBeGreaterThan(1);
    first.close();
    await disk.finishSync();
    await synced;
    expect(contentOf(second)).toBe('file 1');
    expect(files.openCount).toBe(1);
  });

  it('follow a file and a directory to their new names', () => {
    const disk = new CountingDisk();
    const files = new BoundedFiles(disk, 2);
    const [a, b] = numbered(files, 2);
    files.rename('/d0/log', '/d0/log.deleted');
    files.rename('/d1', '/gone');
    expect(disk.handles).toBe(0); // Windows refuses to rename what is open
    expect([a.path, b.path]).toEqual(['/d0/log.deleted', '/gone/log']);
    expect([contentOf(a), contentOf(b)]).toEqual(['file 0', 'file 1']);
    files.remove('/gone');
    expect(() => contentOf(b)).toThrow('ENOENT');
    expect(disk.exists('/gone/log')).toBe(false);
  });

  it('let a new file of the same name be another', () => {
    const files = new BoundedFiles(new CountingDisk(), 2);
    const [old] = numbered(files, 1);
    files.rename('/d0', '/d0-deleted');
    const [fresh] = numbered(files, 1);
    fresh.write(Buffer.from('new'), 0, 3, 0);
    expect([contentOf(old), contentOf(fresh)]).toEqual(['file 0', 'newe 0']);
  });

  it('fail late reads of a closed file', () => {
    const files = new BoundedFiles(new CountingDisk(), 2);
    const [file] = numbered(files, 1);
    file.close();
    expect(() => contentOf(file)).toThrow('EBADF');
  });

  it('never give an open file the content of another that has come to have its name', () => {
    const disk = new CountingDisk();
    const files = new BoundedFiles(disk, 1);
    files.makeDirectory('/d');
    const made = (path: string, content: string): OpenFile => {
      const file = files.open(path, 'write');
      file.write(Buffer.from(content), 0, content.length, 0);
      return file;
    };
    const removed = made('/d/a', 'old');
    files.remove('/d/a');
    made('/d/a', 'new');
    expect(() => contentOf(removed)).toThrow('ENOENT');

    const overwritten = made('/d/b', 'old');
    const mover = made('/d/c', 'new');
    files.rename('/d/c', '/d/b');
    expect(contentOf(mover)).toBe('new');
    expect(() => contentOf(overwritten)).toThrow('ENOENT');

    const replaced = made('/d/e', 'old');
    files.replace('/d/e', 'new');
    expect(() => contentOf(replaced)).toThrow('ENOENT');

    files.makeDirectory('/f');
    const inside = made('/f/a', 'old');
    files.remove('/f');
    files.makeDirectory('/f');
    made('/f/a', 'new');
    expect(() => contentOf(inside)).toThrow('ENOENT');
  });
});
