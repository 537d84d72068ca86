/** Removes a voter from Kafka's own quorum (KIP-853); a cluster of Ottla's has none. */
import { RemoveRaftVoter } from '../../../protocol/apis/81-remove-raft-voter.ts';
import { alter } from '../../security/needs.ts';
import { handler } from '../handler.ts';
import { refuse, votersAreInEtcd } from './raft-voters.ts';

export const removeRaftVoter = handler(RemoveRaftVoter, {
  needs: () => alter.cluster(),
  handle: votersAreInEtcd,
  refuse,
});
