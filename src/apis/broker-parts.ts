/** The parts of a broker that handlers may use; src/broker builds each of them once. */
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import type { Controller } from '../cluster/controller.ts';
import type { ControllerChannel } from '../cluster/controller-channel.ts';
import type { MetadataFeed } from '../cluster/metadata-feed.ts';
import type { BrokerLayers } from '../config/layers.ts';
import type { ServerConfig } from '../config/server.ts';
import type { GroupCoordinator } from '../groups/coordinator.ts';
import type { FetchSessions } from '../partitions/fetch-sessions.ts';
import type { DirectoryMoves } from '../partitions/directory-moves.ts';
import type { Partitions } from '../partitions/partitions.ts';
import type { AclAuthorizer } from '../security/acls/authorizer.ts';
import type { StoreChanges } from '../security/tls/store-changes.ts';
import type { ClientQuotas } from '../security/quotas/client-quotas.ts';
import type { DelegationTokens } from '../security/tokens/delegation-tokens.ts';
import type { ClientTelemetry } from './client-telemetry.ts';
import type { LazyShareGroups } from '../share/lazy-share-groups.ts';
import type { TransactionAdmission } from '../transactions/admission.ts';
import type { TransactionCoordinator } from '../transactions/coordinator.ts';
import type { ProducerIds } from '../transactions/producer-ids.ts';

export interface BrokerParts {
  readonly nodeId: number;
  /** The configuration in force: dynamic settings over static ones. It changes: read it at each use. */
  readonly config: ServerConfig;
  /** The dynamic and static settings that `config` is made of. */
  readonly layers: BrokerLayers;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The cluster as of now. */
  readonly metadata: MetadataFeed;
  /**
   * Every change of the cluster goes through it. Only for handlers whose requests a broker in a cluster forwards (`forwarded`):
   * the active controller handles them, and no other process has one.
   */
  readonly controller: Controller;
  /** What the broker itself asks of the active controller. */
  readonly channel: ControllerChannel;
  readonly partitions: Partitions;
  readonly directoryMoves: DirectoryMoves;
  readonly fetchSessions: FetchSessions;
  readonly groups: GroupCoordinator;
  readonly producerIds: ProducerIds;
  readonly transactions: TransactionCoordinator;
  /** Asks the coordinator of a transaction, here or at another broker, before the first batch is appended to a partition. */
  readonly transactionAdmission: TransactionAdmission;
  readonly share: LazyShareGroups;
  readonly telemetry: ClientTelemetry;
  /** Null where authorizer.class.name is empty: everybody may do everything. */
  readonly authorizer: AclAuthorizer | null;
  readonly quotas: ClientQuotas;
  /** Asked before the stores of a listener are changed; a controller has no listeners of clients. */
  readonly storeChanges?: StoreChanges;
  /** Null without delegation.token.secret.key: tokens are off. */
  readonly delegationTokens: DelegationTokens | null;
}

/** The parts a handler uses, by name: the third parameter of its `handle`, and all that a test of it has to give. */
export type Parts<Names extends keyof BrokerParts> = Pick<BrokerParts, Names>;
