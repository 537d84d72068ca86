/** A thread of its own for what must go on while this one stands still. */
import { parentPort, Worker, workerData } from 'node:worker_threads';

/** Loads a module and calls what it exports by this name; a bundle keeps its modules under names of their own. */
const LOAD = `
const { workerData: { url, path } } = require('node:worker_threads');
import(url).then((module) => path.reduce((at, name) => at[name], module)());
`;

export interface Thread<Answer> {
  /** The first that it says. */
  readonly answer: Answer;
  /** Ends it at once. */
  end(): Promise<void>;
}

/**
 * Runs, in a thread, the function to which `path` leads in the module at `url`, and resolves with what it tells first. It does
 * not keep the process alive. Rejects where it cannot begin.
 */
export function startThread<Answer>(url: string, path: readonly string[], data: unknown): Promise<Thread<Answer>> {
  const worker = new Worker(LOAD, { eval: true, workerData: { url, path, data } });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread ended with ${code} before it had begun`)));
    worker.once('message', (told: { readonly answer: Answer } | { readonly error: unknown }) => {
      worker.removeAllListeners();
      worker.unref();
      if ('error' in told) return void worker.terminate().then(() => reject(told.error as Error));
      resolve({ answer: told.answer, end: async () => void (await worker.terminate()) });
    });
  });
}

/** In the thread: what it was given. */
export function threadData(): unknown {
  return (workerData as { readonly data: unknown }).data;
}

/** In the thread: tells the one that has started it how it began. */
export async function tellStarter(begin: Promise<unknown>): Promise<void> {
  parentPort!.on('message', () => {}); // it goes on until it is ended
  try {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    parentPort!.postMessage({ answer: await begin });
  } catch (error) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    parentPort!.postMessage({ error });
  }
}
