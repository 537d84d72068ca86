/**
 * Responses of one connection that are not encoded yet, in the order of their requests: appends that came together are written
 * together, and answered when that is done.
 *
 *     add ──▶ staged ──appends written, settle──▶ waits for the disk or the replicas ──▶ encoded, in order
 *                                             └── waits for nothing (one replica, no flush.messages): the same tick
 */
import type { Writer } from '../../protocol/writer.ts';
import { NO_REPLY, type Handler, type StagedAnswer } from '../apis/handler.ts';
import type { RequestMeter } from './request-meter.ts';
import { beginResponse, endResponse } from './response-header.ts';

export interface StagedResponse {
  readonly handler: Handler;
  readonly apiVersion: number;
  readonly correlationId: number;
  /** When its request was begun, by the meter. */
  readonly begun: number;
  readonly answer: StagedAnswer;
  /** Accounted for when it was staged. */
  readonly throttleTimeMs: number;
  waits: Promise<void> | null;
  next: StagedResponse | null;
}

export class StagedResponses {
  readonly #meter: RequestMeter | null;
  #first: StagedResponse | null = null;
  #last: StagedResponse | null = null;
  #canLeave = false;

  constructor(meter: RequestMeter | null) {
    this.#meter = meter;
  }

  get isEmpty(): boolean {
    return this.#first === null;
  }

  /** Whether one of them can be sent as soon as what it tells is written. */
  get canLeave(): boolean {
    return this.#canLeave;
  }

  add(response: StagedResponse): void {
    if (this.#last === null) this.#first = response;
    else this.#last.next = response;
    this.#last = response;
    if (response.answer.leavesAtOnce) this.#canLeave = true;
  }

  /** To be called once what they tell has been written: asks each what it waits for. */
  settle(): void {
    for (let each = this.#first; each !== null; each = each.next) {
      const waits = each.answer.settled();
      if (waits === null) continue;
      const response = each;
      response.waits = waits.then(() => void (response.waits = null));
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
      const { handler, apiVersion, correlationId, answer, throttleTimeMs } = each;
      const start = beginResponse(output, handler.api, apiVersion, correlationId);
      try {
        if (answer.encode(output, throttleTimeMs) === NO_REPLY) output.position = start;
        else endResponse(output, start, 0);
      } catch (error) {
        output.position = start;
        this.clear();
        throw error;
      }
      this.#meter?.end(handler.api, apiVersion, each.begun);
    }
    this.clear();
    return null;
  }

  clear(): void {
    this.#first = null;
    this.#last = null;
    this.#canLeave = false;
  }
}
