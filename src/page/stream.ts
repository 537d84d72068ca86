/**
 * A view as it changes: server-sent events. First all of it, then what has changed of it. Whoever reads slowly gets the latest
 * state, never a queue of old ones; how many were left out is told.
 */
import { systemClock, type Timer } from '../platform/clock.ts';

/** At most four frames a second. */
const FRAME_MS = 250;
/** And so much longer between two looks than a look takes: one who looks on costs a hundredth of a core, however much there is. */
const PAUSE_FOR_A_LOOK = 100;
/** A frame is cut off by the views long before it is that large; one that is larger all the same waits for a slower pace. */
const LARGE_BYTES = 64 << 10;
const LARGE_FRAME_MS = 1000;
/** So often a line goes out though nothing has changed: proxies and browsers take a silent connection for a dead one. */
const ALIVE_MS = 15_000;

type Frame = Readonly<Record<string, unknown>>;

export interface Followed {
  /** The view as of now, or null where nothing more is to be seen. Called at most four times a second. */
  readonly look: () => Frame | null;
  /** Called once when the stream has ended. */
  readonly ended: () => void;
}

export class ViewStream {
  readonly #look: () => Frame | null;
  readonly #ended: () => void;
  /** What the page has, by the names of its parts: JSON. */
  #sent: Map<string, string> | null = null;
  #leftOut = 0;
  #timer: Timer | null = null;
  #lastMs = 0;
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

  #frame(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const beganMs = systemClock.monotonic();
    let bytes = 0;
    try {
      if ((controller.desiredSize ?? 0) > 0) bytes = this.#send(controller);
      else this.#leftOut++;
    } catch (error) {
      this.end();
      controller.error(error);
      return;
    }
    if (this.#isOver) return;
    const pauseMs = PAUSE_FOR_A_LOOK * (systemClock.monotonic() - beganMs);
    const waitMs = Math.max(bytes > LARGE_BYTES ? LARGE_FRAME_MS : FRAME_MS, pauseMs);
    this.#timer = systemClock.after(waitMs, () => this.#frame(controller));
  }

  /** Answers how many bytes. */
  #send(controller: ReadableStreamDefaultController<Uint8Array>): number {
    const seen = this.#look();
    if (seen === null) {
      this.end();
      controller.close();
      return 0;
    }
    const now = new Map(Object.entries(seen).map(([part, value]) => [part, JSON.stringify(value)]));
    const text = this.#sent === null ? whole(now) : difference(this.#sent, now, this.#leftOut);
    const nowMs = systemClock.monotonic();
    if (text === null && nowMs - this.#lastMs < ALIVE_MS) return 0;
    const bytes = Buffer.from(text ?? ': still here\n\n');
    controller.enqueue(bytes);
    this.#sent = now;
    this.#leftOut = 0;
    this.#lastMs = nowMs;
    return bytes.length;
  }
}

function whole(now: ReadonlyMap<string, string>): string {
  return event('whole', now);
}

/** Null where nothing has changed. */
function difference(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
  leftOut: number,
): string | null {
  const changed = new Map(Array.from(now).filter(([part, json]) => before.get(part) !== json));
  if (changed.size === 0) return null;
  if (leftOut > 0) changed.set('leftOut', String(leftOut));
  return event('changed', changed);
}

function event(name: string, parts: ReadonlyMap<string, string>): string {
  const json = Array.from(parts, ([part, value]) => `${JSON.stringify(part)}:${value}`).join(',');
  return `event: ${name}\ndata: {${json}}\n\n`;
}
