/** Share groups are loaded when the first request asks for them, or when this broker leads a partition of their state. */
import { andThen, type Answer } from '../coordination/answers.ts';
import type { ShareGroups } from './share-groups.ts';

export class LazyShareGroups {
  readonly #load: () => Promise<ShareGroups>;
  #groups: ShareGroups | null = null;
  #loading: Promise<ShareGroups> | null = null;
  #isStopped = false;

  constructor(load: () => Promise<ShareGroups>) {
    this.#load = load;
  }

  /** Null while nobody has asked for them. */
  get loaded(): ShareGroups | null {
    return this.#groups;
  }

  /** At once but for the first time. */
  use(): Answer<ShareGroups> {
    if (this.#groups !== null) return this.#groups;
    this.#loading ??= this.#load().then((groups) => {
      this.#groups = groups;
      if (this.#isStopped) groups.stop();
      return groups;
    });
    return this.#loading;
  }

  /** Of a partition of __share_group_state. */
  onLeader(index: number, leaderEpoch: number): void {
    if (!this.#isStopped) void andThen(this.use(), ({ state }) => state.onLeader(index, leaderEpoch));
  }

  onResign(index: number): void {
    if (this.#loading !== null) void andThen(this.use(), ({ state }) => state.onResign(index));
  }

  stop(): void {
    this.#isStopped = true;
    this.#groups?.stop();
  }
}
