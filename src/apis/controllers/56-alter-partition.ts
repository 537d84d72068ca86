/** A partition's leader proposes its in-sync replicas, and is told what they are then (KIP-497). */
import { AlterPartition } from '../../../protocol/apis/56-alter-partition.ts';
import type { Parts } from '../broker-parts.ts';
import { handler } from '../handler.ts';
import { clusterAction } from '../../security/needs.ts';

export const alterPartition = handler(AlterPartition, {
  needs: () => clusterAction,
  handle: (request, _context, { controller }: Parts<'controller'>) => controller.alterPartitions(request),
  refuse: (_request, errorCode) => ({ errorCode, topics: [] }),
});
