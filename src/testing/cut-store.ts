/** The metadata store that the brokers of a test share, as one of them sees it: while it is cut off it hears of nothing, and changes nothing. */
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import type { MetadataBatch, MetadataStore } from '../cluster/metadata-store.ts';

interface Held {
  readonly go: () => void;
  readonly refuse: () => void;
}

export class CutStore implements MetadataStore {
  readonly #store: MetadataStore;
  /** What waits until it is mended; null while nothing is cut. */
  #held: Held[] | null = null;

  constructor(store: MetadataStore) {
    this.#store = store;
  }

  load(): Promise<readonly MetadataBatch[]> {
    return this.#store.load();
  }

  async append(records: readonly MetadataDraft[], expectedRevision: number): Promise<'stored' | 'conflict'> {
    const held = this.#held;
    if (held !== null) {
      await new Promise<void>((go, reject) =>
        held.push({ go, refuse: () => reject(new Error('the broker stops, and is cut off from its cluster')) }),
      );
    }
    return this.#store.append(records, expectedRevision);
  }

  watch(listener: (batch: MetadataBatch) => void): () => void {
    return this.#store.watch((batch) => {
      if (this.#held === null) listener(batch);
      else this.#held.push({ go: () => listener(batch), refuse: () => {} });
    });
  }

  async rewrite(records: readonly MetadataDraft[], revision: number): Promise<void> {
    await this.#store.rewrite?.(records, revision);
  }

  /** The store is the test's to close. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  cut(): void {
    this.#held ??= [];
  }

  /** In the order in which it has happened. */
  mend(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const { go } of held) go();
  }

  /** Its broker stops: what waits never happens. */
  drop(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const { refuse } of held) refuse();
  }
}
