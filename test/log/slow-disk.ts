/** A disk in memory whose asynchronous syncs return, or fail, when the test says so. */
import type { OpenFile } from '../../src/platform/files.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';

interface Sync {
  readonly path: string;
  readonly release: (error: Error | null) => void;
}

export class SlowDisk extends MemoryFiles {
  /** Syncs under way, oldest first. */
  readonly syncs: Sync[] = [];
  /** How many have begun so far. */
  begun = 0;
  /** False: syncs return at once. */
  isSlow = true;

  override open(path: string, mode: 'read' | 'write'): OpenFile {
    const file = super.open(path, mode);
    const syncLater = async () => {
      this.begun++;
      const error = this.isSlow
        ? await new Promise<Error | null>((release) => void this.syncs.push({ path, release }))
        : null;
      if (error !== null) throw error;
      file.sync();
    };
    return Object.assign(file, { syncLater });
  }

  /** Lets the oldest sync return, with `error` if given, and waits until that has been noticed. */
  async finishSync(error: Error | null = null): Promise<void> {
    const sync = this.syncs.shift();
    if (sync === undefined) throw new Error('No sync is under way');
    sync.release(error);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
