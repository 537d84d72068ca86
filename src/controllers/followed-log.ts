/**
 * The metadata log as a controller's process has read it so far. A standby reads on whenever the active controller has appended, so
 * that it loads only what is new when it takes over.
 *
 *     nothing ──load──▶ newest snapshot, log beside it ──new head──▶ what is new ──▶ image
 *                 ▲                                        └── a gap: snapshots have replaced it ──┐
 *                 └────────────────────────────────────────────────────────────────────────────────┘
 */
import { emptyImage, type ClusterImage } from '../cluster/image.ts';
import { Replay } from '../cluster/image-replay.ts';
import { decodeMetadataBatch } from '../cluster/metadata-batch.ts';
import { imageOfSnapshot } from '../cluster/metadata-snapshot.ts';
import { LogCopy } from './log-copy.ts';
import { LOG_START, MetadataGapError, type LogBatch, type MetadataLog, type StoredSnapshot } from './metadata-log.ts';

/** What has been read: all of it at one moment. */
export interface ReadLog {
  /** As the records up to the end of `copy` have made it. */
  readonly image: ClusterImage;
  readonly snapshot: StoredSnapshot | null;
  readonly copy: LogCopy;
}

export class FollowedLog {
  readonly #metadataLog: MetadataLog;
  readonly #clusterId: string;
  #read: ReadLog | null = null;
  #reading: Promise<void> | null = null;

  constructor(metadataLog: MetadataLog, clusterId: string) {
    this.#metadataLog = metadataLog;
    this.#clusterId = clusterId;
  }

  /** What has been read so far; null: nothing yet. */
  get read(): ReadLog | null {
    return this.#read;
  }

  /** Reads what has been appended since, all there is now; of several calls each sees what was there when it was made. */
  async readOn(): Promise<ReadLog> {
    while (this.#reading !== null) await this.#reading.catch(() => {}); // its caller is told
    this.#reading = this.#readOn();
    try {
      await this.#reading;
    } finally {
      this.#reading = null;
    }
    return this.#read!;
  }

  async #readOn(): Promise<void> {
    if (this.#read === null) return this.#load();
    try {
      await this.#addTo(this.#read);
    } catch (error) {
      if (!(error instanceof MetadataGapError)) throw error;
      await this.#load();
    }
  }

  async #load(): Promise<void> {
    const { snapshot, batches } = await this.#metadataLog.load();
    let image = emptyImage(this.#clusterId);
    if (snapshot !== null) {
      const bytes = await this.#metadataLog.snapshotBytes(snapshot);
      image = imageOfSnapshot(this.#clusterId, bytes, snapshot.endOffset);
    }
    const copy = new LogCopy(snapshot?.logStart ?? LOG_START, batches);
    this.#read = { image: imageAfter(image, batches), snapshot, copy };
  }

  async #addTo({ image, snapshot: known, copy }: ReadLog): Promise<void> {
    const { snapshot, batches } = await this.#metadataLog.read(copy.endOffset);
    const changed = imageAfter(image, batches);
    for (const batch of batches) copy.add(batch);
    const isNew = snapshot !== null && snapshot.logStart.endOffset > copy.start.endOffset;
    const kept = isNew ? copy.from(snapshot.logStart) : copy;
    this.#read = { image: changed, snapshot: snapshot ?? known, copy: kept };
  }
}

/** With all at once: an image for each batch would copy its maps as many times. */
function imageAfter(image: ClusterImage, batches: readonly LogBatch[]): ClusterImage {
  const replayed = new Replay(image);
  let { revision } = image;
  for (const { offset, bytes } of batches) {
    if (offset <= image.revision) continue; // the snapshot has it
    const decoded = decodeMetadataBatch(bytes);
    replayed.addAll(decoded.records);
    revision = decoded.revision;
  }
  return revision === image.revision ? image : replayed.at(revision).image;
}
