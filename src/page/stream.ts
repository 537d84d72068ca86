/**
 * A view as it changes: server-sent events. First all of it, then what has changed of it. Whoever reads slowly gets the latest
 * state, never a queue of old ones; how many were left out is told.
 */
import { systemClock, type Timer } from '../platform/clock.ts';
import { isPieces, type Pieces } from '../platform/pieces.ts';
import { characterStart } from '../insight/utf8.ts';
import { inSlices } from './slice.ts';

/** At most four frames a second. */
const FRAME_MS = 250;
/** And so much longer between two looks than a look takes: one who looks on costs a hundredth of a core, however much there is, */
const PAUSE_FOR_A_LOOK = 100;
/** but no longer than this: a look may have taken long because of something else. */
const LONGEST_PAUSE_MS = 5000;
/** Behind the first look, which takes much longer than those that follow. */
const FIRST_PAUSE_MS = 1000;
/** Views cut themselves off long before a frame is that large; one that is larger all the same goes in several. */
const MOST_BYTES = 64 << 10;
/** Of these, what stands around the data. */
const AROUND_BYTES = 64;
/** Whoever has read nothing for so long is gone: others may want the stream. */
const STUCK_MS = 60_000;
/** So often a line goes out though nothing has changed: proxies and browsers take a silent connection for a dead one. */
const ALIVE_MS = 15_000;

type Frame = Readonly<Record<string, unknown>>;
type Look = () => Frame | null | Pieces<Frame | null>;

export interface Followed {
  /** The view as of now, or null where nothing more is to be seen. Called at most four times a second. */
  readonly look: Look;
  /** Called once when the stream has ended. */
  readonly ended: () => void;
}

/** What is to be told, as far as it is not sent. */
interface Told {
  readonly name: 'whole' | 'changed';
  readonly json: Buffer;
  at: number;
}

export class ViewStream {
  readonly #look: Look;
  readonly #ended: () => void;
  /** What the page has, by the names of its parts: JSON. */
  #sent: Map<string, string> | null = null;
  #told: Told | null = null;
  #leftOut = 0;
  #timer: Timer | null = null;
  #lastMs = systemClock.monotonic();
  #looks = 0;
  #isOver = false;

  constructor({ look, ended }: Followed) {
    this.#look = look;
    this.#ended = ended;
  }

  get body(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => this.#frame(controller),
        cancel: () => this.end(),
      },
      { highWaterMark: 1 },
    );
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#ended();
  }

  async #frame(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    let lookMs = 0;
    try {
      if ((controller.desiredSize ?? 0) === 0) this.#wait();
      else {
        if (this.#told === null) lookMs = await this.#lookAgain(controller);
        if (!this.#isOver) this.#send(controller);
      }
    } catch (error) {
      this.end();
      controller.error(error);
    }
    if (this.#isOver) return;
    const pauseMs = this.#told === null ? this.#pauseMs(lookMs) : FRAME_MS;
    this.#timer = systemClock.after(pauseMs, () => void this.#frame(controller));
  }

  #pauseMs(lookMs: number): number {
    const mostMs = this.#looks > 1 ? LONGEST_PAUSE_MS : FIRST_PAUSE_MS;
    return Math.max(FRAME_MS, Math.min(mostMs, PAUSE_FOR_A_LOOK * lookMs));
  }

  /** The page still reads what it was told before. */
  #wait(): void {
    this.#leftOut++;
    if (systemClock.monotonic() - this.#lastMs > STUCK_MS) throw new Error('The page reads nothing.');
  }

  #send(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const nowMs = systemClock.monotonic();
    if (this.#told === null) {
      if (nowMs - this.#lastMs < ALIVE_MS) return;
      controller.enqueue(Buffer.from(': still here\n\n'));
    } else {
      controller.enqueue(frameOf(this.#told));
      if (this.#told.at === this.#told.json.length) this.#told = null;
    }
    this.#lastMs = nowMs;
  }

  /** Answers how long it took. */
  async #lookAgain(controller: ReadableStreamDefaultController<Uint8Array>): Promise<number> {
    const beganMs = systemClock.monotonic();
    const look = this.#look();
    const atOnceMs = systemClock.monotonic() - beganMs;
    const { value: seen, tookMs } = isPieces(look) ? await inSlices(look) : { value: look, tookMs: 0 };
    this.#looks++;
    if (this.#isOver) return 0;
    if (seen !== null) {
      this.#told = this.#news(seen);
    } else {
      this.end();
      controller.close();
    }
    return atOnceMs + tookMs;
  }

  /** Null where there are none. */
  #news(seen: Frame): Told | null {
    const now = new Map(Object.entries(seen).map(([part, value]) => [part, JSON.stringify(value)]));
    const parts = this.#sent === null ? now : difference(this.#sent, now, this.#leftOut);
    if (parts === null) return null;
    const name = this.#sent === null ? 'whole' : 'changed';
    this.#sent = now;
    this.#leftOut = 0;
    const json = Array.from(parts, ([part, value]) => `${JSON.stringify(part)}:${value}`).join(',');
    return { name, json: Buffer.from(`{${json}}`), at: 0 };
  }
}

/** Null where nothing has changed. */
function difference(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
  leftOut: number,
): ReadonlyMap<string, string> | null {
  const changed = new Map(Array.from(now).filter(([part, json]) => before.get(part) !== json));
  if (changed.size === 0) return null;
  if (leftOut > 0) changed.set('leftOut', String(leftOut));
  return changed;
}

/** The next frame of it: all, or what fits, which the page puts before the data of the frame that names it. */
function frameOf(told: Told): Buffer {
  const { json, at } = told;
  told.at = characterStart(json, Math.min(json.length, at + MOST_BYTES - AROUND_BYTES));
  const name = told.at === json.length ? told.name : 'part';
  return Buffer.concat([Buffer.from(`event: ${name}\ndata: `), json.subarray(at, told.at), Buffer.from('\n\n')]);
}
