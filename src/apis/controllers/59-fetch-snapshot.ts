/** Gives a follower of the metadata log that is too far behind a snapshot of it, piece by piece (KIP-630). */
import { FetchSnapshot } from '../../../protocol/apis/59-fetch-snapshot.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../../protocol/schema.ts';
import type { ControllerNode } from '../../controllers/controller-node.ts';
import type { ControllerParts } from './controller-parts.ts';
import { handler } from '../handler.ts';
import { METADATA_TOPIC } from '../quorum-answer.ts';
import { currentLeader, leaderEndpoints, leadershipFault } from './metadata-log.ts';
import { clusterAction } from '../../security/needs.ts';

type Request = RequestOf<typeof FetchSnapshot>;
type Response = ResponseDraft<typeof FetchSnapshot>;
type Asked = Request['topics'][number]['partitions'][number];
type Told = Response['topics'][number]['partitions'][number];

const NOTHING = Buffer.alloc(0);

export const fetchSnapshot = handler(FetchSnapshot, {
  needs: () => clusterAction,
  handle: async (request, _context, { node }: ControllerParts) => {
    const { clusterId, topics, maxBytes } = request;
    if (clusterId !== null && clusterId !== node.clusterId) return failed(ErrorCode.INCONSISTENT_CLUSTER_ID);
    if (topics.length !== 1 || topics[0].partitions.length !== 1) return failed(ErrorCode.INVALID_REQUEST);
    const [{ name, partitions }] = topics;
    const isThere = name === METADATA_TOPIC && partitions[0].partition === 0;
    const told = isThere ? await tell(partitions[0], maxBytes, node) : unknown(partitions[0]);
    return {
      errorCode: ErrorCode.NONE,
      topics: [{ name, partitions: [told] }],
      nodeEndpoints: leaderEndpoints(node),
    };
  },
  refuse: (_request, errorCode) => failed(errorCode),
});

function failed(errorCode: number): Response {
  return { errorCode, topics: [] };
}

function unknown({ partition: index, snapshotId }: Asked): Told {
  const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return { index, errorCode, snapshotId, size: 0, position: 0, unalignedRecords: NOTHING };
}

async function tell(asked: Asked, maxBytes: number, node: ControllerNode): Promise<Told> {
  const { partition: index, snapshotId, position, currentLeaderEpoch } = asked;
  const refused = (errorCode: number): Told => ({
    index,
    errorCode,
    snapshotId,
    currentLeader: currentLeader(node),
    size: 0,
    position: 0,
    unalignedRecords: NOTHING,
  });
  const fault = leadershipFault(node, currentLeaderEpoch);
  if (fault !== ErrorCode.NONE) return refused(fault);
  const { store } = node.active!;
  const size = store.snapshot?.bytes ?? 0;
  if (position < 0 || (position >= size && size > 0)) return refused(ErrorCode.POSITION_OUT_OF_RANGE);
  const bytes = await store.readSnapshot(snapshotId, position, maxBytes);
  if (bytes === null) return refused(ErrorCode.SNAPSHOT_NOT_FOUND);
  return { ...refused(ErrorCode.NONE), size, position, unalignedRecords: bytes };
}
