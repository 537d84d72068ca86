/** Share groups as one broker serves them: their state, and delivery. Loaded on first use. */
import type { ServerConfig } from '../config/server.ts';
import type { Partitions } from '../partitions/partitions.ts';
import { DeadLetters, type DeadLettersOptions } from './dead-letters.ts';
import { ShareCounts } from './share-counts.ts';
import { shareGroupConfig, type ShareGroupConfig } from './share-group-config.ts';
import { DeliveryView } from './delivery-view.ts';
import { ShareDelivery } from './share-fetch.ts';
import { SharePartitions } from './share-partitions.ts';
import { ShareSessions } from './share-sessions.ts';
import type { ShareState } from './share-state.ts';
import { ShareCoordinator, type ShareCoordinatorOptions } from './state-coordinator.ts';

export interface ShareGroupsOptions extends ShareCoordinatorOptions {
  config(): ServerConfig;
  readonly partitions: Partitions;
  /** What has been configured for the group itself, as of now. */
  groupConfig(groupId: string): ReadonlyMap<string, string>;
  /** Whether the level of share.version has dead letters. */
  hasDeadLetters(): boolean;
  readonly deadLetters: Pick<DeadLettersOptions, 'topic' | 'createTopic' | 'append'>;
  /** The state of every share partition, wherever it is kept. */
  stateAnywhere(own: ShareCoordinator): ShareState;
}

interface KnownConfig {
  readonly own: ReadonlyMap<string, string>;
  readonly server: ServerConfig;
  readonly config: ShareGroupConfig;
}

export class ShareGroups {
  readonly state: ShareCoordinator;
  readonly sessions = new ShareSessions();
  readonly counts = new ShareCounts();
  readonly partitions: SharePartitions;
  readonly delivery: ShareDelivery;
  readonly deadLetters: DeadLetters;
  readonly view: DeliveryView;
  readonly #options: ShareGroupsOptions;
  /** Of the group that was asked for last: requests come in rows. */
  #known: KnownConfig | null = null;

  constructor(options: ShareGroupsOptions) {
    const { clock, logger, partitions } = options;
    this.#options = options;
    this.state = new ShareCoordinator(options);
    const config = (groupId: string): ShareGroupConfig => this.configOf(groupId);
    this.deadLetters = new DeadLetters({
      ...options.deadLetters,
      clock,
      logger,
      partitions,
      config,
      counts: this.counts,
      prefix: () => options.config()['errors.deadletterqueue.topic.name.prefix'],
      createsTopics: () => options.config()['errors.deadletterqueue.auto.create.topics.enable'],
      archived: (partition, letter) => {
        const transitions = partition.inFlight.archived(letter);
        void this.partitions.record(partition.groupId, [{ partition, transitions }]);
      },
    });
    this.partitions = new SharePartitions({
      clock,
      logger,
      partitions,
      state: options.stateAnywhere(this.state),
      config,
      hasDeadLetters: () => options.hasDeadLetters(),
      deadLetters: this.deadLetters,
    });
    this.view = new DeliveryView(clock, this.partitions);
    this.delivery = new ShareDelivery({
      clock,
      partitions,
      sessions: this.sessions,
      sharePartitions: this.partitions,
      counts: this.counts,
      config,
      maxSessions: () => options.config()['group.share.max.share.sessions'],
    });
  }

  configOf(groupId: string): ShareGroupConfig {
    const own = this.#options.groupConfig(groupId);
    const server = this.#options.config();
    if (this.#known?.own !== own || this.#known.server !== server) {
      this.#known = { own, server, config: shareGroupConfig(own, server) };
    }
    return this.#known.config;
  }

  stop(): void {
    this.deadLetters.stop();
    this.partitions.stop();
    this.state.stop();
  }
}
