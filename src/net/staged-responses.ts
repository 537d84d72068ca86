/**
 * Responses of one connection that are not encoded yet, in the order of their requests: appends that came together are written
 * together, and answered when that is done.
 *
 *     add ──▶ staged ──appends written, settle──▶ waits for the disk or the replicas ──▶ encoded, in order
 *                                             └── waits for nothing (one replica, no flush.messages): the same tick
 */
import type { Writer } from '../../protocol/writer.ts';
import { NO_REPLY, type Handler, type StagedAnswer } from '../apis/handler.ts';
import type { RequestContext } from '../apis/request-context.ts';
import type { RequestMeter } from './request-meter.ts';
import { beginResponse, endResponse } from './response-header.ts';

export interface StagedResponse {
  readonly handler: Handler;
  readonly context: RequestContext;
  readonly correlationId: number;
  /** When its request was begun, by the meter. */
  readonly begun: number;
  readonly answer: StagedAnswer;
  /** Accounted for when it was staged. */
  readonly throttleTimeMs: number;
  waits: Promise<void> | null;
  next: StagedResponse | null;
}

/** What the dispatcher does for every request, however it is answered. */
interface Requests {
  readonly meter: RequestMeter | null;
  /** Writes a bug into the log; answers what the connection is to end with. */
  reported(error: unknown, handler: Handler, context: RequestContext): unknown;
}

export class StagedResponses {
  readonly #requests: Requests;
  #first: StagedResponse | null = null;
  #last: StagedResponse | null = null;

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  get isEmpty(): boolean {
    return this.#first === null;
  }

  /** Whether the last of them can be sent as soon as what it tells is written. */
  get canLeave(): boolean {
    return this.#last?.answer.leavesAtOnce ?? false;
  }

  /** Whether the last of them is one that those behind it wait for. */
  get isParked(): boolean {
    return this.#last?.answer.isParked ?? false;
  }

  add(response: StagedResponse): void {
    if (this.#last === null) this.#first = response;
    else this.#last.next = response;
    this.#last = response;
  }

  /** To be called once what they tell has been written: asks each what it waits for. */
  settle(): void {
    for (let each = this.#first; each !== null; each = each.next) {
      const response = each;
      const waits = this.#settled(response);
      if (waits === null) continue;
      response.waits = waits.then(() => void (response.waits = null));
    }
  }

  #settled({ answer, handler, context }: StagedResponse): Promise<unknown> | null {
    try {
      return answer.settled();
    } catch (error) {
      throw this.#requests.reported(error, handler, context);
    }
  }

  /**
   * Encodes from the first on those that wait for nothing. Answers what the next one waits for; null: there is none.
   * @throws {InvalidRequest} where the connection ends instead of an answer (acks=0)
   */
  encode(output: Writer): Promise<void> | null {
    for (let each = this.#first; each !== null; each = each.next) {
      if (each.waits !== null) return each.waits;
      this.#first = each.next;
      const { handler, context, correlationId, answer, throttleTimeMs } = each;
      const { apiVersion } = context;
      const start = beginResponse(output, handler.api, apiVersion, correlationId);
      try {
        if (answer.encode(output, throttleTimeMs) === NO_REPLY) output.position = start;
        else endResponse(output, start, 0);
      } catch (error) {
        output.position = start;
        this.clear();
        throw this.#requests.reported(error, handler, context);
      }
      this.#requests.meter?.end(handler.api, apiVersion, each.begun);
    }
    this.clear();
    return null;
  }

  clear(): void {
    this.#first = null;
    this.#last = null;
  }
}
