/** Measures how long requests take, for the metrics. */
import type { AnyApi } from '../../protocol/schema.ts';

export interface RequestMeter {
  /** Now; given back at the end of the request. */
  begin(): number;
  /** The request's answer is ready to be sent; what it waited for counts. */
  end(api: AnyApi, apiVersion: number, begun: number): void;
}
