/**
 * The id of the cluster below a prefix of etcd, made once. Whoever comes first makes it, with the state that a broker alone has
 * brought, where there is one: as a snapshot, behind which the log goes on.
 */
import { recordsOf } from '../cluster/image-records.ts';
import type { ClusterImage } from '../cluster/image.ts';
import { encodeSnapshot } from '../cluster/metadata-snapshot.ts';
import { AmbiguousError, type EtcdClient } from '../etcd/client.ts';
import type { RequestOp } from '../etcd/channel.ts';
import type { Clock } from '../platform/clock.ts';
import { clusterKey, encodeHead, encodeSnapshotEntry, EtcdKeys } from './etcd-keys.ts';
import { PIECE_BYTES } from './metadata-log.ts';

/** The epoch of every record that a broker alone has written. */
const EPOCH_ALONE = 1;

/** The id of the cluster; null where there is none yet. @throws {UnreachableError} @throws {RefusedError} */
export async function readClusterId(client: EtcdClient, prefix: string): Promise<string | null> {
  const { kvs } = await client.range({ key: clusterKey(prefix) });
  return kvs.length === 0 ? null : kvs[0].value.toString();
}

/**
 * Makes a cluster of this id, and answers the id that is there then: another process may have been faster.
 * @throws {UnreachableError} @throws {RefusedError}
 */
export async function makeCluster(
  client: EtcdClient,
  prefix: string,
  clusterId: string,
  state: ClusterImage | null,
  clock: Clock,
): Promise<string> {
  const keys = new EtcdKeys(prefix, clusterId);
  const puts: RequestOp[] = [{ put: { key: clusterKey(prefix), value: Buffer.from(clusterId) } }];
  if (state !== null && state.revision >= 0) {
    const id = { endOffset: state.revision + 1, epoch: EPOCH_ALONE };
    const bytes = Buffer.concat([...encodeSnapshot(recordsOf(state), { epoch: id.epoch, timestamp: clock.now() })]);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const put = { key: keys.piece(id, at / PIECE_BYTES), value: bytes.subarray(at, at + PIECE_BYTES) };
      await client.txn({ compare: [], success: [{ put }] });
    }
    const snapshot = { ...id, bytes: bytes.length, logStart: id };
    puts.push({ put: { key: keys.snapshot, value: encodeSnapshotEntry(snapshot) } });
    puts.push({ put: { key: keys.head, value: encodeHead({ nextOffset: id.endOffset, epoch: id.epoch }) } });
  }
  for (;;) {
    const isRefused = await client
      .txn({
        compare: [clusterKey(prefix), keys.head].map((key) => ({ key, target: 'version', is: '=', value: 0 })),
        success: puts,
      })
      .then(({ succeeded }) => !succeeded)
      .catch((error: unknown) => {
        if (!(error instanceof AmbiguousError)) throw error; // what stands there is read
        return false;
      });
    const made = await readClusterId(client, prefix);
    if (made !== null) return made;
    if (isRefused)
      throw new Error(`${keys.head.toString()} is in etcd, while ${prefix}/cluster is not: restore that key`);
  }
}
