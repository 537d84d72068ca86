/** What is appended a second, of each topic and of all: the difference between two looks at the ends of the logs. */
import type { Timer } from '../platform/clock.ts';
import { backgroundClock, systemClock } from '../platform/clock.ts';
import type { BrokerView } from '../testing/broker-view.ts';

/** Seconds that are remembered. */
const REMEMBERED = 60;

interface Sum {
  readonly records: number;
  readonly bytes: number;
}

const EVERY_MS = 1000;
/** And so much longer than a look takes: of many topics it takes a while. */
const PAUSE_FOR_A_LOOK = 100;

/** Looks each second while somebody looks at it, and not otherwise: it ends a look after the last one has gone. */
export class Rates {
  readonly #view: BrokerView;
  readonly records: number[] = [];
  readonly bytes: number[] = [];
  #last: { readonly atMs: number; readonly byTopic: ReadonlyMap<string, Sum> } | null = null;
  #recordsPerSecond: ReadonlyMap<string, number> = new Map();
  #watchers = 0;
  #timer: Timer | null = null;

  constructor(view: BrokerView) {
    this.#view = view;
  }

  /** Answers what ends it. */
  watch(): () => void {
    this.#watchers++;
    if (this.#timer === null) this.#look();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#watchers--;
    };
  }

  recordsPerSecond(topic: string): number {
    return this.#recordsPerSecond.get(topic) ?? 0;
  }

  #look(): void {
    const atMs = systemClock.monotonic();
    const byTopic = new Map<string, Sum>();
    for (const name of this.#view.parts.metadata.image.topicsByName.keys()) byTopic.set(name, sumOf(this.#view, name));
    if (this.#last !== null) this.#note(byTopic, this.#last.byTopic, Math.max(1, atMs - this.#last.atMs) / 1000);
    this.#last = { atMs, byTopic };
    const afterMs = Math.max(EVERY_MS, PAUSE_FOR_A_LOOK * (systemClock.monotonic() - atMs));
    this.#timer = backgroundClock.after(afterMs, () => this.#lookAgain());
  }

  /** Whoever types a filter goes and comes with each letter. */
  #lookAgain(): void {
    if (this.#watchers > 0) return this.#look();
    this.#timer = null;
    this.#last = null;
  }

  #note(now: ReadonlyMap<string, Sum>, before: ReadonlyMap<string, Sum>, seconds: number): void {
    const rates = new Map<string, number>();
    let records = 0;
    let bytes = 0;
    for (const [name, sum] of now) {
      const last = before.get(name);
      if (last === undefined) continue;
      const appended = Math.max(0, sum.records - last.records); // less after a topic was made anew
      if (appended > 0) rates.set(name, appended / seconds);
      records += appended;
      bytes += Math.max(0, sum.bytes - last.bytes);
    }
    this.#recordsPerSecond = rates;
    remember(this.records, records / seconds);
    remember(this.bytes, bytes / seconds);
  }
}

function remember(list: number[], value: number): void {
  list.push(Math.round(value));
  if (list.length > REMEMBERED) list.shift();
}

function sumOf({ parts }: BrokerView, topic: string): Sum {
  let records = 0;
  let bytes = 0;
  for (const partition of parts.partitions.topicByName(topic)?.partitions ?? []) {
    records += partition?.endOffset ?? 0;
    bytes += partition?.size ?? 0;
  }
  return { records, bytes };
}
