/** This program once more, as a child process that ends with its parent; and the child's side of that. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** A child process. */
export interface Child {
  /** Called with what it tells, each time. */
  onTold(run: (message: unknown) => void): void;
  /** Called once: with its exit code, or the signal that has ended it, or why it could not be started. */
  onEnd(run: (outcome: number | string) => void): void;
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGHUP'): void;
}

/**
 * Starts this program with other arguments, and tells it something. Its standard error is this one's. It has a session of its own:
 * Ctrl-C in a terminal is for this process, which tells its children.
 */
export function startChild(args: readonly string[], message: object): Child {
  const script = process.argv[1];
  // A program in one file is its own script.
  const program = script === undefined || resolve(script) === process.execPath ? [] : [script];
  const child = spawn(process.execPath, [...process.execArgv, ...program, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
  });
  let end: (outcome: number | string) => void = () => {};
  child.on('error', (error) => {
    if (child.pid === undefined) end(error.message); // otherwise it could not be told, and its end will be
  });
  child.once('exit', (code, signal) => end(code ?? signal ?? 'no code'));
  child.send(message, () => {}); // of one that has ended its end is told
  return {
    onTold: (run) => void child.on('message', run),
    onEnd: (run) => void (end = run),
    kill: (signal) => void child.kill(signal),
  };
}

/** The parent of this process, where that has started it by `startChild`. */
export const parent = {
  /** What it tells first. */
  message(): Promise<unknown> {
    return new Promise((told) => process.once('message', told));
  },
  tell(message: object): void {
    if (process.connected) process.send?.(message);
  },
  /** Called once when it has ended, whatever has ended it, or has let this process go. */
  onGone(run: () => void): void {
    process.once('disconnect', run);
  },
  /** Nothing keeps this process alive any more. */
  letGo(): void {
    if (process.connected) process.disconnect?.();
  },
};
