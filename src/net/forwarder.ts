/** Passes requests of clients on to the active controller (KIP-590), where that is another process: a broker in a cluster has one. */
import type { AnyApi } from '../../protocol/schema.ts';
import type { RequestContext } from '../apis/request-context.ts';

export interface Forwarder {
  /**
   * Answers the body of the controller's response, in the version of the request; an error code where none has come after
   * `timeoutMs`, or no controller will have the request. Never rejects.
   */
  forward(api: AnyApi, context: RequestContext, body: Uint8Array, timeoutMs: number): Promise<Buffer | number>;
}
