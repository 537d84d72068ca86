/** Handlers of records and offsets over partitions in memory, asked in the wire format but without a wire. */
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { Reader } from '../../protocol/reader.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import { NO_REPLY, type Handler, type Streamed } from '../../src/apis/handler.ts';
import { PendingWaits } from '../../src/apis/pending-waits.ts';
import { emptyImage } from '../../src/cluster/image.ts';
import { effectiveConfig } from '../../src/config/layers.ts';
import { FetchSessions } from '../../src/partitions/fetch-sessions.ts';
import { openQuotas } from '../../src/security/quotas/open-quotas.ts';
import { PartitionsFixture } from '../partitions/partitions-fixture.ts';
import { serve } from './serve.ts';
import { contextOf } from './request-context.ts';

export class PartitionBroker extends PartitionsFixture {
  readonly config = effectiveConfig({ static: new Map(), cluster: new Map(), broker: new Map() });
  readonly fetchSessions = new FetchSessions(this.clock, this.random, 10);
  readonly quotas = openQuotas(this.config, () => emptyImage(''), this.clock);
  /** Of the one connection. */
  readonly waits = new PendingWaits();

  /** Resolves with the answer as a client of that version reads it; at once or when the handler answers. */
  async send<Req extends Fields, Res extends Fields>(
    handler: Handler,
    api: Api<Req, Res>,
    version: number,
    request: Draft<Req>,
  ): Promise<Values<Res>> {
    const input = new Writer();
    requestCodec(api, version).encode(input, request);
    this.partitions.settle(); // as the dispatcher does
    const context = contextOf({ apiVersion: version, waits: this.waits });
    const output = new Writer();
    const settle = () => this.partitions.settle();
    const served = serve(handler, new Reader(input.finish()), context, output, this as unknown as BrokerParts, settle);
    if (served === NO_REPLY) throw new Error(`${api.name} has an answer`);
    const tail = served instanceof Promise ? (await served)(output) : served;
    if (tail !== undefined) take(tail, output);
    const reader = new Reader(output.finish());
    const response = responseCodec(api, version).decode(reader);
    if (reader.remaining() > 0) throw new Error(`${reader.remaining()} bytes stand behind the answer`);
    return response;
  }
}

function take(tail: Streamed, output: Writer): void {
  while (tail.remaining > 0) {
    const piece = Buffer.alloc(10_000);
    output.bytes(piece.subarray(0, tail.fill(piece, 0, piece.length)));
  }
}
