/** Adds a voter to Kafka's own quorum (KIP-853); a cluster of Ottla's has none. */
import { AddRaftVoter } from '../../../protocol/apis/80-add-raft-voter.ts';
import { alter } from '../../security/needs.ts';
import { handler } from '../handler.ts';
import { refuse, votersAreInEtcd } from './raft-voters.ts';

export const addRaftVoter = handler(AddRaftVoter, {
  needs: () => alter.cluster(),
  handle: votersAreInEtcd,
  refuse,
});
