/** A broker says in which of its log directories its replicas lie (KIP-858). */
import { AssignReplicasToDirs } from '../../../protocol/apis/73-assign-replicas-to-dirs.ts';
import type { Parts } from '../broker-parts.ts';
import { handler } from '../handler.ts';
import { clusterAction } from '../../security/needs.ts';

export const assignReplicasToDirs = handler(AssignReplicasToDirs, {
  needs: () => clusterAction,
  handle: (request, _context, { controller }: Parts<'controller'>) => controller.assignReplicas(request),
  refuse: (_request, errorCode) => ({ errorCode, directories: [] }),
});
