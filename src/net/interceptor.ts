/** Stands between a request and its handler, for tests that see or change what a broker answers (src/testing). */
import type { Handler } from '../apis/handler.ts';
import type { RequestContext } from '../apis/request-context.ts';

/** One request on its way to its handler. */
export interface Call {
  readonly handler: Handler;
  /** The broker that was asked: several of one process may share an interceptor. */
  readonly nodeId: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly context: RequestContext;
  /** The request behind its header: a copy, the interceptor's to keep and to change. */
  readonly body: Buffer;
}

/** Answers a body (of the request, or a changed one) as the handler does; null where there is no response (acks=0). */
export type Serve = (body: Buffer) => Promise<Buffer | null>;

/** What goes back to the client: a response's body, or nothing at all. */
export type Intercepted = Buffer | null;

export interface Interceptor {
  /**
   * Asked for every request instead of its handler; `serve` has the handler answer, and what it did is real when that
   * resolves. Throwing ends the connection without an answer.
   */
  intercept(call: Call, serve: Serve): Promise<Intercepted>;
}
