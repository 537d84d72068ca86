/** A broker on a disk in memory that is killed between two writes, behind a network that loses, repeats and delays. */
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { Reader } from '../../protocol/reader.ts';
import type { AnyApi, Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { handlers } from '../../src/apis/index.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import type { Network } from '../../src/platform/network.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { untilSettled } from '../simulation/virtual-time.ts';
import { serve } from '../apis/serve.ts';
import { contextOf } from '../apis/request-context.ts';

/** No answer came: whatever was asked may have happened, or may happen yet. */
export class Lost extends Error {}

export interface Faults {
  /** Of each request: how likely it is lost, its answer is lost, it is repeated later, it arrives later than its time-out. */
  readonly request: number;
  readonly response: number;
  readonly repeat: number;
  readonly delay: number;
  /** How likely the broker is killed in the course of one request. */
  readonly crash: number;
}

export const NO_FAULTS: Faults = { request: 0, response: 0, repeat: 0, delay: 0, crash: 0 };

interface Call {
  readonly api: AnyApi;
  readonly version: number;
  readonly bytes: Buffer;
  readonly resolve: (response: Buffer) => void;
  readonly reject: (error: Error) => void;
}

const SETTINGS = {
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
};

export class FaultyBroker {
  faults: Faults = NO_FAULTS;
  crashes = 0;
  /** Paths that the disk takes no changes of. */
  refuses: ((path: string) => boolean) | null = null;
  readonly files = new MemoryFiles();
  readonly #random: () => number;
  readonly #seed: number;
  readonly #calls: Call[] = [];
  readonly #strays: Call[] = [];
  readonly #locks: { release(): void }[] = [];
  readonly #writer = new Writer();
  #clock = new VirtualClock();
  #broker: RunningBroker | null = null;
  #isDead = false;
  /** Changes of the disk until the broker is killed; -1: it lives. */
  #untilCrash = -1;

  constructor(seed: number) {
    this.#seed = seed;
    const chance = seededRandom(seed);
    this.#random = () => chance.float();
    const lock = this.files.lock.bind(this.files);
    this.files.lock = (path) => {
      const taken = lock(path);
      if (taken !== null) this.#locks.push(taken);
      return taken;
    };
    this.files.before = (_operation, path) => {
      if (this.refuses?.(path) === true) throw diskError('ENOSPC', 'write', path);
      if (this.#untilCrash > 0) this.#untilCrash--;
      if (this.#untilCrash === 0) this.#isDead = true;
      // As a disk that is gone: what the dead process does on in the background is no bug of it.
      if (this.#isDead) throw diskError('EIO', 'write', path);
    };
  }

  get parts() {
    return this.#broker!.parts;
  }

  /** Starts it, after a crash as well; it may be killed while it starts. */
  async start(): Promise<void> {
    for (;;) {
      for (const lock of this.#locks.splice(0)) lock.release();
      this.#isDead = false;
      this.#untilCrash = this.#random() < this.faults.crash ? 1 + Math.floor(this.#random() * 20) : -1;
      this.#clock = new VirtualClock(this.#clock.now() + 1);
      try {
        this.#broker = await startBroker({
          files: this.files,
          clock: this.#clock,
          random: seededRandom(this.#seed + this.crashes),
          network: NOBODY,
          settings: SETTINGS,
        });
        if (!this.#isDead) return;
      } catch (error) {
        if (!this.#isDead) throw error;
      }
      this.crashes++;
    }
  }

  async stop(): Promise<void> {
    await this.#broker?.stop();
  }

  advance(ms: number): Promise<void> {
    return this.#clock.advance(ms);
  }

  /** Goes out when `step` picks it; rejects with Lost. */
  send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
  ): Promise<Values<Res>> {
    const writer = new Writer();
    requestCodec(api, version).encode(writer, draft);
    return new Promise<Buffer>((resolve, reject) => {
      this.#calls.push({ api, version, bytes: writer.finish(), resolve, reject });
    }).then((bytes) => responseCodec(api, version).decode(new Reader(bytes)));
  }

  /** The change of the disk with this number, counted from here, is the one that never happens. */
  killAt(change: number): void {
    this.#untilCrash = change;
  }

  /** One request arrives, or what was delayed does. False when nobody asks. */
  async step(): Promise<boolean> {
    if (this.#strays.length > 0 && this.#random() < 0.2) await this.#deliver(this.#take(this.#strays));
    if (this.#calls.length === 0) return false;
    const call = this.#take(this.#calls);
    const { faults } = this;
    if (this.#random() < faults.crash) this.#untilCrash = 1 + Math.floor(this.#random() * 4);
    if (this.#random() < faults.request) {
      call.reject(new Lost());
    } else if (this.#random() < faults.delay) {
      this.#strays.push(call);
      call.reject(new Lost());
    } else {
      if (this.#random() < faults.repeat) this.#strays.push(call);
      const answer = await this.#deliver(call);
      if (answer === null || this.#random() < faults.response) call.reject(new Lost());
      else call.resolve(answer);
    }
    await settled();
    return true;
  }

  /** Whoever asked gets no answer any more, and what was delayed arrives. */
  async drain(): Promise<void> {
    this.#calls.length = 0;
    while (this.#strays.length > 0) await this.#deliver(this.#take(this.#strays));
  }

  /** Null where the broker died of it. */
  async #deliver(call: Call): Promise<Buffer | null> {
    let answer: Buffer | null = null;
    try {
      answer = await this.#serve(call);
    } catch (error) {
      if (!this.#isDead) throw error;
    }
    this.#untilCrash = -1;
    if (!this.#isDead) return answer;
    this.crashes++;
    await settled(); // whatever the dead process has under way fails at the disk
    await this.start();
    return null;
  }

  async #serve({ api, version, bytes }: Call): Promise<Buffer> {
    const context = contextOf({ apiVersion: version, clientId: 'test' });
    const output = this.#writer;
    output.reset();
    const handler = handlers.find(({ api: { key } }) => key === api.key)!;
    const settle = () => this.parts.partitions.settle();
    const served = serve(handler, new Reader(Buffer.from(bytes)), context, output, this.parts, settle);
    // What waits for markers that the disk refuses is answered after a while.
    const reply = served instanceof Promise ? await untilSettled(this.#clock, served, WAITING) : null;
    this.parts.partitions.settle();
    if (reply !== null) reply(output);
    return output.finish();
  }

  #take(from: Call[]): Call {
    return from.splice(Math.floor(this.#random() * from.length), 1)[0];
  }
}

const WAITING = { stepMs: 20, patienceMs: 60_000 };

const NOBODY: Network = {
  listen: async () => ({ port: 9092, close: async () => {} }),
  connect: () => Promise.reject(new Error('nothing is reached from here')),
};

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
