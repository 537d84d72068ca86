/** What has happened to the broker and its cluster: the newest 2,000 entries, those before somebody looked too. */
import { worded } from '../insight/happening.ts';
import type { BrokerView } from '../testing/broker-view.ts';
import type { JournalEntry, JournalFrame } from './frames.ts';
import type { TrafficDigest } from './traffic-digest.ts';

const KEPT = 2000;

export interface JournalAsked {
  readonly kind: string;
  /** Part of the text. */
  readonly filter: string;
  readonly from: number;
  readonly limit: number;
}

export class Journal {
  readonly #view: BrokerView;
  readonly #digest: TrafficDigest | null;

  constructor(view: BrokerView, digest: TrafficDigest | null) {
    this.#view = view;
    this.#digest = digest;
  }

  frame({ kind, filter, from, limit }: JournalAsked): JournalFrame {
    const all = this.#all();
    const wanted = filter.toLowerCase();
    const found = all.filter(
      (entry) => (kind === '' || entry.kind === kind) && entry.text.toLowerCase().includes(wanted),
    );
    return { found: found.length, all: all.length, entries: found.slice(from, from + limit) };
  }

  newest(limit: number): JournalEntry[] {
    return this.#all().slice(0, limit);
  }

  /** The newest first. */
  #all(): JournalEntry[] {
    const events = this.#view.events().flatMap((happening): JournalEntry[] => {
      const words = worded(happening);
      if (words === null) return [];
      const { number, event, lastAtMs: atMs, times, level } = happening;
      return [{ id: `${event} ${number} ${happening.atMs}`, atMs, times, level, ...words }];
    });
    return [...events, ...(this.#digest?.errors() ?? [])].sort((a, b) => b.atMs - a.atMs).slice(0, KEPT);
  }
}
