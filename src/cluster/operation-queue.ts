/**
 * The one way by which the cluster changes: operations decide one after the other, each on the newest image. What one decides
 * on is stored and has come into force here before the next decides. Where another controller was faster, the operation
 * catches up and decides again.
 */
import type { ClusterImage } from './image.ts';
import type { MetadataLoader } from './metadata-loader.ts';
import type { MetadataDraft } from './metadata-records.ts';
import type { MetadataStore } from './metadata-store.ts';

/** What an operation wants done, and what it answers once it is. */
export interface Decision<Result> {
  readonly records: readonly MetadataDraft[];
  readonly result: Result;
}

/** Pure but for random numbers: it is called again after a conflict. */
export type Decide<Result> = (image: ClusterImage) => Decision<Result> | Promise<Decision<Result>>;

/** One that waits for its turn. A connection has one request at a time, so there are no more than connections. */
interface Operation {
  readonly run: () => Promise<void>;
  readonly refuse: (error: Error) => void;
}

export class OperationQueue {
  readonly #store: MetadataStore;
  readonly #loader: MetadataLoader;
  readonly #waiting: Operation[] = [];
  #running: Promise<void> | null = null;
  #isClosed = false;

  constructor(store: MetadataStore, loader: MetadataLoader) {
    this.#store = store;
    this.#loader = loader;
  }

  /**
   * Resolves when the change is durable and in force here. Rejects with the store's error, when nothing has changed, or with
   * a listener's, although the change stands.
   */
  submit<Result>(decide: Decide<Result>): Promise<Result> {
    if (this.#isClosed) return Promise.reject(stopping());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ run: () => this.#perform(decide).then(resolve, reject), refuse: reject });
      this.#running ??= this.#runAll();
    });
  }

  /** Resolves when the operation under way is done; those that wait are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(stopping());
    await this.#running;
  }

  async #runAll(): Promise<void> {
    for (let next; (next = this.#waiting.shift()) !== undefined;) await next.run();
    this.#running = null;
  }

  async #perform<Result>(decide: Decide<Result>): Promise<Result> {
    for (;;) {
      const { image } = this.#loader;
      const decided = decide(image);
      const { records, result } = decided instanceof Promise ? await decided : decided;
      if (records.length === 0) return result;
      const inForce = this.#loader.reached(image.revision + records.length);
      inForce.catch(() => {}); // after a conflict it is of no interest
      if ((await this.#store.append(records, image.revision)) === 'stored') {
        await inForce;
        return result;
      }
      await this.#loader.reached(image.revision + 1);
    }
  }
}

function stopping(): Error {
  return new Error('the broker stops');
}
