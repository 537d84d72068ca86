/** The process that started this one: whether it lives, and what ties the two together. */
import { fstatSync } from 'node:fs';
import { backgroundClock, systemClock } from './clock.ts';

/** npm and npx pass no signal on when they are killed. */
const LOOK_MS = 250;
/** Standard input that ends so soon had nobody at its other end. */
const NEVER_HELD_MS = 1000;

/** Started by `npx` or as a script of npm, directly or through a shell. */
export function isRunByNpm(): boolean {
  return process.env.npm_command !== undefined || process.env.npm_lifecycle_event !== undefined;
}

/** Calls `run` once when this process has been handed to another parent. */
export function onParentEnd(run: () => void): void {
  const parent = process.ppid;
  const look = (): void => {
    if (process.ppid === parent) backgroundClock.after(LOOK_MS, look);
    else run();
  };
  look();
}

/** Standard input where another process holds its other end: a pipe, or a socket as Node's child processes have it. */
export class StdinPipe {
  #run: (() => void) | null = null;

  /** Null where standard input is a terminal, a file, or nothing. */
  static open(): StdinPipe | null {
    try {
      const stat = fstatSync(0);
      return stat.isFIFO() || stat.isSocket() ? new StdinPipe() : null;
    } catch {
      return null; // it is closed
    }
  }

  /** What comes is read and forgotten; it does not keep the process alive. */
  private constructor() {
    const { stdin } = process;
    const began = systemClock.monotonic();
    const end = (): void => {
      if (systemClock.monotonic() - began > NEVER_HELD_MS) this.#run?.();
    };
    stdin.once('end', end).once('error', end).resume();
    (stdin as { unref?(): void }).unref?.();
  }

  /** Calls `run` when it ends. One that ends at once was never held: cron and scripts give such pipes. */
  onEnd(run: () => void): void {
    this.#run = run;
  }
}
