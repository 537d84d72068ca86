/**
 * The one way by which the cluster changes: operations decide one after the other, each on the newest image. What one decides
 * on is stored and has come into force here before the next decides. Where another controller was faster, the operation
 * catches up and decides again.
 *
 * Where a commit takes long (etcd), those that came meanwhile share the next one: each decides on what the one before has
 * decided, and all of it is one batch.
 */
import type { ClusterImage } from './image.ts';
import { Replay } from './image-replay.ts';
import { recordsOfDrafts } from './metadata-batch.ts';
import type { MetadataLoader } from './metadata-loader.ts';
import type { MetadataDraft } from './metadata-records.ts';
import type { MetadataStore } from './metadata-store.ts';
import { runIn, type Lane } from '../platform/lane.ts';
import type { Pieces } from '../platform/pieces.ts';

/** What an operation wants done, and what it answers once it is. */
export interface Decision<Result> {
  readonly records: readonly MetadataDraft[];
  readonly result: Result;
}

/** Pure but for random numbers: it is called again after a conflict. In pieces where it may take long. */
export type Decide<Result> = (image: ClusterImage) => Decision<Result> | Pieces<Decision<Result>>;

/** One that waits for its turn. A connection has one request at a time, so there are no more than connections. */
interface Operation {
  readonly decide: Decide<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A commit is closed once it has so many records: etcd takes a megabyte at a time. */
const ENOUGH_RECORDS = 1000;

export class OperationQueue {
  readonly #store: MetadataStore;
  readonly #loader: MetadataLoader;
  readonly #lane: Lane | null;
  #waiting: Operation[] = [];
  #running: Promise<void> | null = null;
  #isClosed = false;

  /** Without a lane every decision is made in one go. */
  constructor(store: MetadataStore, loader: MetadataLoader, lane: Lane | null = null) {
    this.#store = store;
    this.#loader = loader;
    this.#lane = lane;
  }

  /**
   * Resolves when the change is durable and in force here. Rejects with the store's error, when nothing has changed, or with
   * a listener's, although the change stands.
   */
  submit<Result>(decide: Decide<Result>): Promise<Result> {
    if (this.#isClosed) return Promise.reject(stopping());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ decide, resolve: resolve as (result: unknown) => void, reject });
      this.#running ??= this.#runAll();
    });
  }

  /** Resolves when the operations under way are done; those that wait are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(stopping());
    await this.#running;
  }

  async #runAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const taken = this.#waiting;
      this.#waiting = [];
      for (let from = 0; from < taken.length;) {
        if (this.#isClosed) {
          for (const { reject } of taken.slice(from)) reject(stopping());
          break;
        }
        from = await this.#commit(taken, from);
      }
    }
    this.#running = null;
  }

  /**
   * Decides operations from `from` on, as many as share a commit, and commits; answers where the next one begins. Nothing waits
   * here but for a decision, the store and what follows the image.
   */
  async #commit(operations: readonly Operation[], from: number): Promise<number> {
    for (;;) {
      const { image } = this.#loader;
      const group = new Group(image);
      let next = from;
      do {
        const operation = operations[next++];
        const decision = attempt(operation, group.image, this.#lane);
        const isFollowed = this.#isFollowed(operations, next, group);
        group.add(operation, decision instanceof Promise ? await decision : decision, isFollowed);
      } while (this.#isFollowed(operations, next, group));
      try {
        if (!(await this.#append(group, image))) continue;
        group.resolve();
      } catch (error) {
        group.reject(error);
      }
      return next;
    }
  }

  /** Whether the operation at `next` shares the commit of those before it. */
  #isFollowed(operations: readonly Operation[], next: number, { records }: Group): boolean {
    return this.#store.sharesCommits === true && next < operations.length && records.length < ENOUGH_RECORDS;
  }

  /** False after a conflict, when the image has the batches that were not seen. */
  async #append({ records }: Group, { revision }: ClusterImage): Promise<boolean> {
    if (records.length === 0) return true;
    const inForce = this.#loader.reached(revision + records.length);
    inForce.catch(() => {}); // after a conflict it is of no interest
    if ((await this.#store.append(records, revision)) === 'stored') {
      await inForce;
      return true;
    }
    await this.#loader.reached(revision + 1);
    return false;
  }
}

/** Operations that share a commit. */
class Group {
  readonly records: MetadataDraft[] = [];
  /** What the next one decides on. */
  image: ClusterImage;
  /** With what those before have decided: an image for each would copy the cluster's maps as many times. */
  #replay: Replay | null = null;
  readonly #decided: { readonly operation: Operation; readonly result: unknown }[] = [];

  constructor(image: ClusterImage) {
    this.image = image;
  }

  /** Null: it has been refused. `isFollowed`: another one decides on what it has decided. */
  add(operation: Operation, decision: Decision<unknown> | null, isFollowed: boolean): void {
    if (decision === null) return;
    const { records, result } = decision;
    this.#decided.push({ operation, result });
    for (const record of records) this.records.push(record);
    if (!isFollowed || records.length === 0) return;
    this.#replay ??= new Replay(this.image);
    this.#replay.addAll(recordsOfDrafts(records));
    ({ image: this.image } = this.#replay.at(this.image.revision + records.length));
  }

  resolve(): void {
    for (const { operation, result } of this.#decided) operation.resolve(result);
  }

  reject(error: unknown): void {
    for (const { operation } of this.#decided) operation.reject(error);
  }
}

/** Null: the operation has thrown, and whoever asked for it has been told. */
function attempt(
  operation: Operation,
  image: ClusterImage,
  lane: Lane | null,
): Decision<unknown> | Promise<Decision<unknown> | null> | null {
  const refuse = (error: unknown): null => {
    operation.reject(error);
    return null;
  };
  try {
    const decision = runIn(lane, operation.decide(image));
    return decision instanceof Promise ? decision.catch(refuse) : decision;
  } catch (error) {
    return refuse(error);
  }
}

function stopping(): Error {
  return new Error('the broker stops');
}
