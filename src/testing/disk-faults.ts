/** A disk in memory that is full, broken or slow when a test says so. */
import { diskError, type MemoryFiles } from '../platform/memory-files.ts';
import { milliseconds, type Duration } from './duration.ts';
import type { Fault } from './fault-spec.ts';
import { checkWord } from './known-keys.ts';
import type { DiskErrorCode, DiskFaults } from './faults.ts';

const CODES: readonly DiskErrorCode[] = ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'];

interface DiskFault extends Fault {
  readonly code: DiskErrorCode | null;
  readonly delayMs: number;
  fired: number;
}

export class MemoryDiskFaults implements DiskFaults {
  readonly #files: MemoryFiles;
  readonly #faults: DiskFault[] = [];
  readonly #unused: Fault[] = [];

  constructor(files: MemoryFiles) {
    this.#files = files;
    files.before = (operation, path) => {
      // Making room is possible on a full disk.
      if (operation === 'remove' || operation === 'truncate') return;
      const fault = this.#faults.find(({ code }) => code !== null);
      if (fault === undefined || fault.code === null) return;
      fault.fired++;
      throw diskError(fault.code, operation, path);
    };
  }

  full(): Fault {
    return this.#add('the disk is full', 'ENOSPC', 0);
  }

  fail(code: DiskErrorCode = 'EIO'): Fault {
    checkWord('the code of disk.fail', code, CODES);
    return this.#add(`the disk fails with ${code}`, code, 0);
  }

  slow(duration: Duration): Fault {
    return this.#add(`the disk takes ${duration} to write`, null, milliseconds(duration));
  }

  list(): readonly Fault[] {
    return [...this.#faults];
  }

  clear(): void {
    for (const fault of Array.from(this.#faults)) fault.remove();
  }

  get unused(): readonly Fault[] {
    return [...this.#unused, ...this.#faults.filter(({ fired }) => fired === 0)];
  }

  /** Only the broker's own: changes made to the disk so far. */
  get writes(): number {
    return this.#files.operations;
  }

  /** Only the broker's own: how long an answer waits behind whose request the disk was written to. */
  delayMs(): number {
    const slow = this.#faults.filter(({ delayMs }) => delayMs > 0);
    for (const fault of slow) fault.fired++;
    return slow.reduce((sum, { delayMs }) => sum + delayMs, 0);
  }

  #add(description: string, code: DiskErrorCode | null, delayMs: number): Fault {
    const fault: DiskFault = {
      description,
      code,
      delayMs,
      fired: 0,
      remove: () => {
        const at = this.#faults.indexOf(fault);
        if (at < 0) return;
        this.#faults.splice(at, 1);
        if (fault.fired === 0) this.#unused.push(fault);
      },
    };
    this.#faults.push(fault);
    return fault;
  }
}
