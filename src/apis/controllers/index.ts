/** The registry of the CONTROLLER listener: every API key a controller answers. */
import { fetch } from './01-fetch.ts';
import { apiVersions } from '../18-api-versions.ts';
import { createTopics } from '../19-create-topics.ts';
import { deleteTopics } from '../20-delete-topics.ts';
import { describeAcls } from '../29-describe-acls.ts';
import { createAcls } from '../30-create-acls.ts';
import { deleteAcls } from '../31-delete-acls.ts';
import { describeConfigs } from '../32-describe-configs.ts';
import { alterWholeConfigs } from '../33-alter-configs.ts';
import { createPartitions } from '../37-create-partitions.ts';
import { createDelegationToken } from '../38-create-delegation-token.ts';
import { renewDelegationToken } from '../39-renew-delegation-token.ts';
import { expireDelegationToken } from '../40-expire-delegation-token.ts';
import { electLeaders } from '../43-elect-leaders.ts';
import { incrementalAlterConfigs } from '../44-incremental-alter-configs.ts';
import { alterPartitionReassignments } from '../45-alter-partition-reassignments.ts';
import { listPartitionReassignments } from '../46-list-partition-reassignments.ts';
import { alterClientQuotas } from '../49-alter-client-quotas.ts';
import { alterUserScramCredentials } from '../51-alter-user-scram-credentials.ts';
import { describeQuorum } from './55-describe-quorum.ts';
import { alterPartition } from './56-alter-partition.ts';
import { updateFeatures } from '../57-update-features.ts';
import { envelope } from './58-envelope.ts';
import { fetchSnapshot } from './59-fetch-snapshot.ts';
import { describeCluster } from './60-describe-cluster.ts';
import { brokerRegistration } from './62-broker-registration.ts';
import { brokerHeartbeat } from './63-broker-heartbeat.ts';
import { unregisterBroker } from '../64-unregister-broker.ts';
import { allocateProducerIds } from './67-allocate-producer-ids.ts';
import { controllerRegistration } from './70-controller-registration.ts';
import { assignReplicasToDirs } from './73-assign-replicas-to-dirs.ts';
import { addRaftVoter } from './80-add-raft-voter.ts';
import { removeRaftVoter } from './81-remove-raft-voter.ts';
import { unregisterController } from '../94-unregister-controller.ts';
import type { ActiveParts, ControllerParts } from './controller-parts.ts';
import type { Handler, TableHandler } from '../handler.ts';
import { onActive } from './on-active-controller.ts';

/** Requests of clients, which brokers forward, and which tools send to controllers themselves. */
const forwardable: readonly TableHandler<ActiveParts>[] = [
  createTopics,
  deleteTopics,
  describeAcls,
  createAcls,
  deleteAcls,
  alterWholeConfigs,
  createPartitions,
  createDelegationToken,
  renewDelegationToken,
  expireDelegationToken,
  electLeaders,
  incrementalAlterConfigs,
  alterPartitionReassignments,
  listPartitionReassignments,
  alterClientQuotas,
  alterUserScramCredentials,
  describeQuorum,
  updateFeatures,
  unregisterBroker,
  addRaftVoter,
  removeRaftVoter,
  unregisterController,
];

/** Requests of brokers and controllers. */
const ofPeers: readonly TableHandler<ActiveParts>[] = [
  alterPartition,
  brokerRegistration,
  brokerHeartbeat,
  allocateProducerIds,
  controllerRegistration,
  assignReplicasToDirs,
];

const served: readonly Handler<ControllerParts>[] = [
  fetch,
  describeConfigs,
  envelope(forwardable),
  fetchSnapshot,
  describeCluster,
  ...[...forwardable, ...ofPeers].map(onActive),
];

export const controllerHandlers: readonly Handler<ControllerParts>[] = [...served, apiVersions(served)];
