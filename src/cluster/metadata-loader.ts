/**
 * Keeps the cluster's image: reads the metadata log, follows what is appended to it by any controller, and tells listeners
 * of every new image.
 */
import type { ClusterImage, ImageChange, ImageDelta } from './image.ts';
import { changeInPieces, changeOf } from './image-replay.ts';
import { recordsOf } from './image-records.ts';
import type { MetadataBatch, MetadataStore } from './metadata-store.ts';
import { runIn, type Lane } from '../platform/lane.ts';

/** A promise where it takes the listener longer than a turn of the loop: operations are answered when it has resolved. */
export type ImageListener = (image: ClusterImage, previous: ClusterImage, delta: ImageDelta) => void | Promise<void>;

/** The log is rewritten at start when it is so many times longer than what it says. */
const REWRITE_FACTOR = 4;
const REWRITE_ABOVE_RECORDS = 10_000;

/** An operation that waits until the image has reached a revision. */
interface Waiter {
  readonly revision: number;
  readonly settle: (error?: Error) => void;
}

export class MetadataLoader {
  readonly #store: MetadataStore;
  readonly #listeners: ImageListener[] = [];
  readonly #waiters = new Set<Waiter>();
  #image: ClusterImage;
  /** The newest revision that all listeners have followed, those too that take longer than a turn of the loop. */
  #revisionInForce = -1;
  #unwatch: () => void = () => {};
  readonly #lane: Lane | null;
  /** Batches that have come while one is replayed in pieces; null while none is. */
  #behind: MetadataBatch[] | null = null;
  #isClosed = false;

  /** `known` is what stands before the batches of the store. Large batches are replayed in `lane`, without one in one go. */
  constructor(store: MetadataStore, known: ClusterImage, lane: Lane | null = null) {
    this.#store = store;
    this.#lane = lane;
    this.#image = known;
    this.#revisionInForce = known.revision;
  }

  /** Once: the image is what the log says then, and listeners are told of it, unless the log is empty. */
  async load(): Promise<void> {
    const early: MetadataBatch[] = [];
    let take = (batch: MetadataBatch): void => void early.push(batch);
    this.#unwatch = this.#store.watch((batch) => take(batch));
    const batches = await this.#store.load();
    // In one go: an image for each batch would copy its maps as many times as topics were ever made.
    const records = batches.flatMap((batch) => batch.records);
    if (batches.length > 0) this.#load({ records, revision: batches.at(-1)!.revision });
    take = (batch) => this.#take(batch);
    for (const batch of early) this.#take(batch);
    if (records.length <= REWRITE_ABOVE_RECORDS) return;
    const rewritten = recordsOf(this.#image);
    if (records.length > rewritten.length * REWRITE_FACTOR) {
      await this.#store.rewrite?.(rewritten, this.#image.revision);
    }
  }

  /** The cluster as of now. Hold on to it for as long as one answer takes, no longer. */
  get image(): ClusterImage {
    return this.#image;
  }

  /** Called with every new image, in the order of registration; when one throws, the others are told nevertheless. */
  onChange(listener: ImageListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Resolves when the image has come to this revision and listeners have followed it. Rejects with what one of them threw at
   * the batch that ends there.
   */
  reached(revision: number): Promise<void> {
    if (revision <= this.#revisionInForce) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.add({ revision, settle: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#unwatch();
    for (const { settle } of this.#waiters) settle(new Error('the broker stops'));
    this.#waiters.clear();
  }

  #load({ records, revision }: MetadataBatch): void {
    this.#apply(changeOf(this.#image, records, revision));
  }

  /** One batch after the other: a large one is replayed in pieces. */
  #take(batch: MetadataBatch): void {
    if (this.#behind !== null) return void this.#behind.push(batch);
    const { records, revision } = batch;
    if (revision <= this.#image.revision) return; // it came with the log already
    const changed =
      this.#lane === null
        ? changeOf(this.#image, records, revision)
        : runIn(this.#lane, changeInPieces(this.#image, records, revision));
    if (!(changed instanceof Promise)) return this.#apply(changed);
    this.#behind = [];
    changed.then(
      (change) => this.#goOn(() => this.#apply(change)),
      (error: Error) => this.#goOn(() => this.#inForce(revision, error)),
    );
  }

  #goOn(apply: () => void): void {
    const behind = this.#behind ?? [];
    this.#behind = null;
    if (this.#isClosed) return;
    apply();
    for (const batch of behind) this.#take(batch);
  }

  #apply({ image, delta }: ImageChange): void {
    const previous = this.#image;
    const { revision } = image;
    this.#image = image;
    let failure: Error | undefined;
    const following: Promise<void>[] = [];
    for (const listener of this.#listeners) {
      try {
        const follows = listener(image, previous, delta);
        if (follows !== undefined) following.push(follows);
      } catch (error) {
        failure ??= error as Error;
      }
    }
    if (following.length === 0) return this.#inForce(revision, failure);
    const all = Promise.all(following);
    all.then(
      () => this.#inForce(revision, failure),
      (error: unknown) => this.#inForce(revision, failure ?? (error as Error)),
    );
  }

  #inForce(revision: number, failure: Error | undefined): void {
    this.#revisionInForce = Math.max(this.#revisionInForce, revision);
    for (const waiter of this.#waiters) {
      if (waiter.revision > revision) continue;
      this.#waiters.delete(waiter);
      waiter.settle(waiter.revision === revision ? failure : undefined);
    }
  }
}
