/** Share groups as one broker serves them: their state, and delivery. Loaded on first use. */
import type { ShareCoordinatorOptions } from './state-coordinator.ts';
import { ShareCoordinator } from './state-coordinator.ts';

export type ShareGroupsOptions = ShareCoordinatorOptions;

export class ShareGroups {
  readonly state: ShareCoordinator;

  constructor(options: ShareGroupsOptions) {
    this.state = new ShareCoordinator(options);
  }

  stop(): void {
    this.state.stop();
  }
}
