/** What the state of a cluster weighs, and what it takes to read it from a snapshot, as each broker and controller does at its start. */
import { eachRecordOf } from '../../../src/cluster/image-records.ts';
import type { ClusterImage } from '../../../src/cluster/image.ts';
import { encodeSnapshot, imageOfSnapshot } from '../../../src/cluster/metadata-snapshot.ts';

const MB = 1e6;

export interface Weight {
  readonly snapshotMb: number;
  readonly imageMb: number;
  /** Of processor time. */
  readonly loadMs: number;
}

export function weigh(image: ClusterImage): Weight {
  const snapshot = Buffer.concat([...encodeSnapshot(eachRecordOf(image), { epoch: 1, timestamp: 0 })]);
  const beforeMb = usedMb();
  const began = process.cpuUsage();
  const loaded = imageOfSnapshot(image.clusterId, snapshot, image.revision + 1);
  const { user, system } = process.cpuUsage(began);
  const imageMb = usedMb() - beforeMb;
  if (loaded.topicsById.size !== image.topicsById.size) throw new Error('the snapshot is of another image');
  return { snapshotMb: snapshot.length / MB, imageMb, loadMs: (user + system) / 1000 };
}

/** On the heap and beside it, after what nobody holds any more is gone; without --expose-gc it may not be. */
function usedMb(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / MB;
}
