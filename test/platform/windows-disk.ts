/** A disk in memory that keeps Windows' rule: what is open, or has something open in it, is not renamed, replaced or removed. */
import type { OpenFile } from '../../src/platform/files.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';

export class WindowsDisk extends MemoryFiles {
  /** Open handles by path. */
  readonly #open = new Map<string, number>();

  get handles(): number {
    return [...this.#open.values()].reduce((sum, count) => sum + count, 0);
  }

  override open(path: string, mode: 'read' | 'write'): OpenFile {
    const file = super.open(path, mode);
    this.#open.set(path, (this.#open.get(path) ?? 0) + 1);
    const close = file.close.bind(file);
    return Object.assign(file, {
      close: () => {
        close();
        const left = this.#open.get(path)! - 1;
        if (left === 0) this.#open.delete(path);
        else this.#open.set(path, left);
      },
    });
  }

  override remove(path: string): void {
    this.#refuse('unlink', path);
    super.remove(path);
  }

  override rename(from: string, to: string): void {
    this.#refuse('rename', from);
    this.#refuse('rename', to);
    super.rename(from, to);
  }

  override replace(path: string, content: Uint8Array | string): void {
    this.#refuse('rename', path);
    super.replace(path, content);
  }

  #refuse(call: string, path: string): void {
    for (const open of this.#open.keys()) {
      if (open === path || open.startsWith(`${path}/`)) throw diskError('EPERM', call, open);
    }
  }
}
