/** Stands between clients and the brokers of a test: writes down every exchange, and lets faults strike. */
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { Reader } from '../../protocol/reader.ts';
import { BatchField } from '../../protocol/records/batch.ts';
import { batches } from '../../protocol/records/decode.ts';
import { includes } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import type { Call, Intercepted, Interceptor, Serve } from '../net/interceptor.ts';
import { systemClock, type Clock, type Timer } from '../platform/clock.ts';
import type { Activity } from './activity.ts';
import { PEER_HOST } from './broker-networks.ts';
import { milliseconds } from './duration.ts';
import type { FaultRule } from './fault-rule.ts';
import type { FaultRules } from './fault-rules.ts';
import type { RecordedExchange } from './recorded-exchange.ts';
import { changed, merged, only, spokenOf, type Body, type Spoken, type TopicNames } from './request-parts.ts';
import { refusedAcknowledgements, withoutRefused, withRefused } from './share-refusals.ts';
import type { TrafficLog } from './traffic-log.ts';

/** Ends the connection without an answer. */
class Disconnect extends Error {
  override name = 'Disconnect';
}

const LONG_POLLS = new Set(['Fetch', 'ShareFetch']);

/** Why a request, or the partitions of it that `isAbout` names, gets an error instead of being served. */
interface Refusal {
  readonly errorCode: number;
  readonly isWhole: boolean;
  isAbout(spoken: Spoken): boolean;
}

/** What came of one exchange so far. */
interface Flow {
  readonly exchange: RecordedExchange;
  readonly call: Call;
  readonly strikes: readonly FaultRule[];
  readonly serve: Serve;
}

interface PartitionOffsets {
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
}

export interface TestInterceptorOptions {
  readonly clock: Clock;
  readonly activity: Activity;
  readonly traffic: TrafficLog;
  readonly faults: FaultRules;
  /** How long a Fetch waits at most (ottla.fetch.max.wait.ms); 0: as long as its client asks. */
  readonly maxFetchWaitMs: number;
  /** By id, of the cluster as it is now. */
  readonly names: TopicNames;
  /** A partition at a broker that has it. */
  partitionAt(nodeId: number, topic: string, index: number): PartitionOffsets | undefined;
}

export class TestInterceptor implements Interceptor {
  readonly #options: TestInterceptorOptions;
  readonly #delays = new Map<Timer, (error: Error) => void>();
  /** Requests that wait inside the broker. */
  readonly #parked = new Set<Call>();
  #isClosed = false;

  constructor(options: TestInterceptorOptions) {
    this.#options = options;
  }

  /** A request that is being served, but for those that may wait for ever; undefined where there is none. */
  serving(): string | undefined {
    const busy = [...this.#parked].find(({ handler }) => !LONG_POLLS.has(handler.api.name));
    return busy?.handler.api.name;
  }

  /** Requests that a fault holds back are let go, without an answer. */
  close(): void {
    this.#isClosed = true;
    for (const [timer, reject] of this.#delays) {
      timer.cancel();
      reject(new Disconnect('the broker stops'));
    }
    this.#delays.clear();
  }

  async intercept(call: Call, serve: Serve): Promise<Intercepted> {
    if (call.context.session.clientHost === PEER_HOST) return this.#betweenBrokers(call, serve);
    const { clock, traffic, faults, activity } = this.#options;
    const exchange = traffic.begin(call, clock.now(), this.#options.names);
    const started = systemClock.monotonic();
    let response: Buffer | null = null;
    let outcome: RecordedExchange['outcome'] = 'disconnected';
    try {
      const strikes = isReadable(call) ? faults.strike(exchange) : [];
      const flow: Flow = { exchange, call, strikes, serve };
      if (strikes.length > 0) activity.notify();
      for (const rule of strikes) await this.#before(rule, flow);
      const writes = faults.disk.writes;
      response = await this.#answer(flow);
      if (faults.disk.writes > writes) await this.#wait(faults.disk.delayMs(), clock);
      if (response !== null) response = this.#after(flow, response);
      outcome = response === null ? 'silent' : strikes.some(({ spec }) => 'dropResponse' in spec) ? 'lost' : 'answered';
      if (outcome === 'answered' && call.context.waits.hasEnded) outcome = 'disconnected';
      if (strikes.some(({ spec }) => 'disconnect' in spec && spec.disconnect === 'after')) {
        outcome = 'disconnected';
        throw new Disconnect('a fault ended the connection');
      }
      return outcome === 'lost' ? null : response;
    } finally {
      exchange.end(outcome, outcome === 'answered' ? response : null, systemClock.monotonic() - started);
      traffic.ended(exchange, response?.length ?? 0);
      activity.notify();
    }
  }

  /** Faults and the traffic log are about clients. What a follower has fetched may be committed with that. */
  async #betweenBrokers(call: Call, serve: Serve): Promise<Intercepted> {
    const served = serve(call.body);
    this.#options.activity.notify();
    return served;
  }

  async #before(rule: FaultRule, { exchange }: Flow): Promise<void> {
    const { spec } = rule;
    if ('delay' in spec) await this.#wait(milliseconds(spec.delay), this.#options.clock);
    if ('hold' in spec || ('pause' in spec && exchange.api === 'Produce')) await this.#removal(rule);
    if ('disconnect' in spec && spec.disconnect === 'before') throw new Disconnect('a fault ended the connection');
  }

  /** The response's body: of the handler, of the refusals, or of both about their own partitions. */
  async #answer(flow: Flow): Promise<Buffer | null> {
    const { exchange, call, serve } = flow;
    if (!isReadable(call)) return serve(call.body);
    for (const rule of flow.strikes)
      if ('corruptCrc' in rule.spec && exchange.api === 'Produce') corrupt(exchange, rule);
    const refusals = this.#refusals(flow);
    if (refusals.length === 0) return this.#serve(flow, call.body);
    const request = exchange.request as Body;
    if (exchange.api === 'Produce' && request.acks === 0)
      throw new Disconnect('a produce without acknowledgement failed');
    const { handler, apiVersion } = call;
    const whole = refusals.find(({ isWhole }) => isWhole);
    const refuse = (part: Body, errorCode: number): Body => handler.refuse(part, errorCode) as Body;
    if (whole !== undefined) return encode(handler.api, apiVersion, refuse(request, whole.errorCode));

    const first = (spoken: Parameters<Refusal['isAbout']>[0]) => refusals.find((each) => each.isAbout(spoken));
    if (exchange.api === 'ShareFetch') return this.#answerShareFetch(flow, (spoken) => first(spoken)?.errorCode);
    const rest = only(request, this.#options.names, (spoken) => first(spoken) === undefined);
    let answer: Body | null = null;
    const isPausedOnly = refusals.every(({ errorCode }) => errorCode === ErrorCode.NONE);
    // A share session counts requests: even one without any partition left is served.
    const isCounted = exchange.api === 'ShareAcknowledge';
    if (isCounted || spokenOf(rest, this.#options.names).length > 0) {
      const asked = exchange.api === 'Fetch' && !isPausedOnly ? { ...rest, maxWaitMs: 0 } : rest;
      const served = await this.#serve(flow, encodeRequest(call, asked));
      answer = served === null ? null : decode(call, served);
    } else if (isPausedOnly && (await this.#standStill(flow, this.#maxWaitMs(exchange)))) {
      return this.#answer(flow);
    }
    for (const refusal of refusals) {
      const part = only(request, this.#options.names, (spoken) => first(spoken) === refusal);
      if (spokenOf(part, this.#options.names).length === 0) continue;
      const { errorCode } = refusal;
      const refused = isCounted ? refusedAcknowledgements(part, errorCode) : refuse(part, errorCode);
      answer = answer === null ? refused : merged(answer, refused);
    }
    return encode(handler.api, apiVersion, this.#withOffsets(answer!, call));
  }

  async #answerShareFetch(flow: Flow, errorOf: (spoken: Spoken) => number | undefined): Promise<Buffer | null> {
    const { call, exchange } = flow;
    const { names } = this.#options;
    const request = exchange.request as Body;
    const served = await this.#serve(flow, encodeRequest(call, withoutRefused(request, names, errorOf)));
    if (served === null) return null;
    return encode(call.handler.api, call.apiVersion, withRefused(decode(call, served), request, names, errorOf));
  }

  /** By the handler. A fetch waits no longer than its client said, whatever the clock. */
  async #serve(flow: Flow, body: Buffer): Promise<Buffer | null> {
    const { call, exchange, serve } = flow;
    this.#parked.add(call);
    let timer: Timer | null = null;
    try {
      const served = serve(body);
      if (exchange.api === 'Fetch') {
        timer = systemClock.after(this.#maxWaitMs(exchange), () => call.context.waits.cancelAll());
      }
      return await served;
    } finally {
      this.#parked.delete(call);
      timer?.cancel();
    }
  }

  /** As long as the client asks, or as the broker allows. */
  #maxWaitMs(exchange: RecordedExchange): number {
    const { maxWaitMs = 0 } = exchange.request as unknown as { maxWaitMs?: number }; // none of what could not be decoded
    const { maxFetchWaitMs: most } = this.#options;
    return most > 0 ? Math.min(most, maxWaitMs) : maxWaitMs;
  }

  #refusals({ exchange, strikes }: Flow): Refusal[] {
    const refusals: Refusal[] = [];
    for (const rule of strikes) {
      const { spec, isWhole } = rule;
      const isAbout: Refusal['isAbout'] = (spoken) => rule.isAbout(spoken);
      if ('reply' in spec) refusals.push({ errorCode: ErrorCode[spec.reply], isWhole, isAbout });
      if ('pause' in spec && exchange.api === 'Fetch' && !rule.isRemoved) {
        refusals.push({ errorCode: ErrorCode.NONE, isWhole: false, isAbout });
      }
    }
    return refusals;
  }

  #after({ exchange, call, strikes }: Flow, response: Buffer): Buffer {
    const changes = strikes.filter(
      ({ spec }) => 'throttle' in spec || 'rewrite' in spec || ('corruptCrc' in spec && exchange.api === 'Fetch'),
    );
    if (changes.length === 0) return response;
    let answer = decode(call, response);
    for (const rule of changes) {
      const { spec } = rule;
      if ('throttle' in spec) answer = { ...answer, throttleTimeMs: milliseconds(spec.throttle) };
      if ('rewrite' in spec) answer = (spec.rewrite(answer as never, exchange.request) as Body | undefined) ?? answer;
      if ('corruptCrc' in spec) {
        answer = changed(answer, this.#options.names, (entry, spoken) => {
          if (rule.isAbout(spoken)) damage(entry.records);
          return entry;
        });
      }
    }
    return encode(call.handler.api, call.apiVersion, answer);
  }

  /** A partition that stands still has its offsets nevertheless: clients count lag by them. */
  #withOffsets(answer: Body, { nodeId }: Call): Body {
    return changed(answer, this.#options.names, (entry, { topic, partition }) => {
      if (entry.errorCode !== ErrorCode.NONE || entry.highWatermark !== -1) return entry;
      const found = this.#options.partitionAt(nodeId, topic, partition);
      if (found === undefined) return entry;
      const { highWatermark, lastStableOffset, logStartOffset } = found;
      return { ...entry, highWatermark, lastStableOffset, logStartOffset };
    });
  }

  #wait(ms: number, clock: Clock): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    if (this.#isClosed) return Promise.reject(new Disconnect('the broker stops'));
    return new Promise((resolve, reject) => {
      const timer = clock.after(ms, () => {
        this.#delays.delete(timer);
        resolve();
      });
      this.#delays.set(timer, reject);
    });
  }

  /** As long as a fetch would wait for records. True: the partition moves again meanwhile. */
  async #standStill({ strikes }: Flow, ms: number): Promise<boolean> {
    const paused = strikes.filter(({ spec }) => 'pause' in spec);
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        timer.cancel();
        this.#delays.delete(timer);
        resolve();
      };
      const timer = systemClock.after(ms, done);
      this.#delays.set(timer, reject);
      for (const rule of paused) rule.onRemoved(done);
    });
    return paused.some(({ isRemoved }) => isRemoved);
  }

  #removal(rule: FaultRule): Promise<void> {
    const never: Timer = { cancel: () => {} };
    return new Promise((resolve, reject) => {
      this.#delays.set(never, reject);
      rule.onRemoved(() => {
        this.#delays.delete(never);
        resolve();
      });
    });
  }
}

/** ApiVersions may come in a version from the future: then its handler alone can read it. */
function isReadable({ handler, apiVersion }: Call): boolean {
  return includes(handler.api.versions, apiVersion);
}

type Table = Call['handler']['api'];

function encode(api: Table, version: number, body: Body): Buffer {
  const writer = new Writer();
  responseCodec(api, version).encode(writer, body);
  return writer.finish();
}

function encodeRequest({ handler, apiVersion }: Call, body: Body): Buffer {
  const writer = new Writer();
  requestCodec(handler.api, apiVersion).encode(writer, body);
  return writer.finish();
}

function decode({ handler, apiVersion }: Call, bytes: Buffer): Body {
  const reader = new Reader();
  reader.reset(bytes, 0, bytes.length);
  return responseCodec(handler.api, apiVersion).decode(reader);
}

function corrupt(exchange: RecordedExchange, rule: FaultRule): void {
  const { topicData } = exchange.request as unknown as {
    topicData: { name: string; topicId: string; partitionData: { index: number; records: unknown }[] }[];
  };
  const spoken = exchange.topics;
  let at = 0;
  for (const { partitionData } of topicData) {
    for (const { records } of partitionData) if (rule.isAbout(spoken[at++])) damage(records);
  }
}

/** Flips a bit of each batch's checksum. */
function damage(records: unknown): void {
  if (!(records instanceof Uint8Array)) return;
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  for (const at of batches(bytes)) bytes[at + BatchField.crc] ^= 1;
}
