/**
 * HTTP requests to another process: with an answer to wait for, or with one that is there when the call returns. The latter has
 * a thread make the request and stops this one meanwhile; it is for tests, which may then read a remote broker as one of their
 * own process.
 */
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: Uint8Array | undefined;
  readonly type?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** So long this thread stands still at most. */
const PATIENCE_MS = 10_000;

/** Runs in the thread: one request after the other, each told with `signal`. */
const THREAD = `
const { workerData: { port, signal } } = require('node:worker_threads');
port.on('message', async ({ method, url, body, type }) => {
  try {
    const headers = type === undefined ? {} : { 'content-type': type };
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    port.postMessage({ status: response.status, body: new Uint8Array(await response.arrayBuffer()) });
  } catch (error) {
    port.postMessage({ failed: String(error.cause?.message ?? error.message) });
  }
  Atomics.add(signal, 0, 1);
  Atomics.notify(signal, 0);
});
`;

/** No process answers there, or not in time. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
}

interface Thread {
  readonly port: MessagePort;
  /** Counts answers. */
  readonly signal: Int32Array;
}

let thread: Thread | null = null;

function open(): Thread {
  const { port1, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(THREAD, { eval: true, workerData: { port: port2, signal }, transferList: [port2] });
  worker.unref();
  port1.unref();
  return { port: port1, signal };
}

/** The answer, when this returns. @throws {NoAnswer} */
export function requestNow({ method, url, body, type }: HttpRequest): HttpAnswer {
  const { port, signal } = (thread ??= open());
  const answered = Atomics.load(signal, 0);
  port.postMessage({ method, url, body, type });
  if (Atomics.wait(signal, 0, answered, PATIENCE_MS) === 'timed-out') {
    thread = null; // its answer would be taken for that of the next request
    throw new NoAnswer(
      `${url} did not answer within ${PATIENCE_MS / 1000} s. A broker of this very thread cannot: start it with startBroker({ thread: true })`,
    );
  }
  const { message } = receiveMessageOnPort(port) as { message: HttpAnswer | { readonly failed: string } };
  if ('failed' in message) throw nothingAt(url, message.failed);
  return message;
}

/** The same without standing still. Rejects with NoAnswer. */
export async function requestLater(request: HttpRequest, signal?: AbortSignal): Promise<HttpAnswer> {
  const { method, url, body, type } = request;
  const said = body === undefined ? {} : { body: new Uint8Array(body) };
  const headers = type === undefined ? {} : { 'content-type': type };
  try {
    const response = await fetch(url, { method, headers, ...said, ...(signal === undefined ? {} : { signal }) });
    return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) };
  } catch (error) {
    const { cause, message } = error as Error;
    throw nothingAt(url, (cause as Error | undefined)?.message ?? message);
  }
}

function nothingAt(url: string, why: string): NoAnswer {
  return new NoAnswer(`nothing answers at ${new URL(url).origin} (${why})`);
}

/**
 * Lines of an answer without end, as they come; answers what ends it. `ended` is called when the other side ends it, with an
 * error where it was one.
 */
export function followLines(
  url: string,
  take: (lines: readonly string[]) => void,
  ended: (error?: NoAnswer) => void,
): () => void {
  const ending = new AbortController();
  const read = async (): Promise<void> => {
    const response = await fetch(url, { signal: ending.signal });
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      if (lines.length > 0) take(lines);
    }
  };
  read().then(
    () => ended(),
    (error: Error) => {
      if (!ending.signal.aborted) ended(nothingAt(url, error.message));
    },
  );
  return () => ending.abort();
}
