/**
 * Lets many appends share one fdatasync. One is under way at a time; whoever comes meanwhile joins the next, which begins
 * when that one returns. So the disk decides how large a group is: the slower it is, the more appends each sync covers.
 *
 *      idle ──join──▶ joined ──start──▶ running ──synced, nobody joined──▶ idle
 *                                        │  ▲
 *                                        └──┘ synced, some joined meanwhile
 *      any ──end──▶ ended: who waits, or comes later, is told why
 */
export class GroupCommit {
  readonly #sync: () => Promise<void>;
  #isRunning = false;
  #joined: Group | null = null;
  #ended: Error | null = null;

  /** `sync` resolves when everything appended before its call is on the disk. */
  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Whether a sync is under way or asked for. */
  get isPending(): boolean {
    return this.#isRunning || this.#joined !== null;
  }

  /** Settles with a sync that begins after this call, and after the next `start`. */
  join(): Promise<void> {
    const { promise } = (this.#joined ??= newGroup());
    if (this.#ended !== null) this.end(this.#ended);
    return promise;
  }

  /** There will be no more syncs: `error` is what everybody is told who waits for one, the one under way included. */
  end(error: Error): void {
    this.#ended = error;
    this.#joined?.reject(error);
    this.#joined = null;
  }

  /** Begins the sync of those who joined, or leaves it to the one under way to begin it. */
  start(): void {
    const group = this.#joined;
    if (group === null || this.#isRunning) return;
    this.#joined = null;
    this.#isRunning = true;
    void this.#run(group);
  }

  async #run(group: Group): Promise<void> {
    try {
      await this.#sync();
      if (this.#ended === null) group.resolve();
      else group.reject(this.#ended);
    } catch (error) {
      group.reject(this.#ended ?? error);
    }
    this.#isRunning = false;
    this.start();
  }
}

interface Group {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function newGroup(): Group {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  promise.catch(() => {}); // an append without acknowledgement has nobody to tell
  return { promise, resolve, reject };
}
