/**
 * The cluster as a broker sees it that is no controller: it reads the metadata log of the active controller by Fetch, as Kafka's
 * brokers do (KIP-595), keeps a copy, and applies what is committed.
 *
 *      ┌─▶ connect to the active controller, or one that may know it
 *      │     └─▶ Fetch ──records──▶ kept in the copy ──below the high watermark──▶ image ──▶ listeners ──▶ Fetch
 *      │           ├──diverging──▶ the copy is cut ─────────────────────────────────────────────────────▶ Fetch
 *      │           ├──snapshot──▶ FetchSnapshot until it is whole ──▶ image ──▶ listeners ──────────────▶ Fetch
 *      │           └──elsewhere──┐
 *      └── after a pause ◀───────┴── no connection · no answer · what may not stand there (said once)
 *
 * The next fetch is sent when listeners have done with the records of the last: a controller takes it as word that all before it is
 * in force here.
 */
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { FetchSnapshot } from '../../protocol/apis/59-fetch-snapshot.ts';
import type { Client } from '../../protocol/client.ts';
import { errorName, ErrorCode } from '../../protocol/errors.ts';
import * as batch from '../../protocol/records/batch.ts';
import type { ClusterImage, ImageDelta } from '../cluster/image.ts';
import { emptyImage } from '../cluster/image.ts';
import { eachRecordOf } from '../cluster/image-records.ts';
import { Replay } from '../cluster/image-replay.ts';
import { decodeMetadataBatch } from '../cluster/metadata-batch.ts';
import type { EpochEnd } from '../cluster/metadata-directory.ts';
import type { MetadataFeed } from '../cluster/metadata-feed.ts';
import type { ImageListener } from '../cluster/metadata-loader.ts';
import { encodeSnapshot, imageOfSnapshot } from '../cluster/metadata-snapshot.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import { runIn, type Lane } from '../platform/lane.ts';
import type { Logger } from '../platform/logger.ts';
import type { Network } from '../platform/network.ts';
import { isSame, type Address, type ControllerQuorum } from './controller-quorum.ts';
import {
  fetchRequest,
  readFetch,
  readSnapshotPiece,
  snapshotRequest,
  type Fetched,
  type Reader,
} from './fetched-metadata.ts';
import type { MetadataCopy } from './metadata-copy.ts';
import { CONNECT_MS, connectPeer, newestVersion } from './peer-client.ts';
import { answerOf } from './within.ts';

export interface MetadataFetcherOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly network: Network;
  readonly quorum: ControllerQuorum;
  readonly copy: MetadataCopy;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directoryId: string;
  readonly settings: () => FetcherSettings;
  /** For snapshots of the copy, which of a large cluster take seconds; without it they are written in one go. */
  readonly lane?: Lane;
}

export interface FetcherSettings {
  /** controller.quorum.fetch.max.bytes */
  readonly maxBytes: number;
  /** controller.quorum.fetch.snapshot.max.bytes */
  readonly maxSnapshotBytes: number;
  /** controller.quorum.fetch.timeout.ms: a controller that is silent for so long is left. */
  readonly timeoutMs: number;
  /** metadata.log.max.record.bytes.between.snapshots */
  readonly snapshotAfterBytes: number;
}

/** Most controllers are followed by another one within half a second: for a second it is asked for often. */
const PAUSE_MS = { first: 50, later: 200 };
const FIRST_PAUSES = 20;
/** The first with nodes' addresses and with the reader's directory; every controller of today has it. */
const OLDEST_FETCH = 17;

export class MetadataFetcher implements MetadataFeed {
  readonly #options: MetadataFetcherOptions;
  readonly #listeners: ImageListener[] = [];
  readonly #waiters = new Set<() => void>();
  #image: ClusterImage;
  /** The newest image that listeners have done with. */
  #followed: ClusterImage;
  /** Kept in the copy, and not known to be committed. */
  #unapplied: Buffer[] = [];
  #highWatermark = -1;
  #epoch = 0;
  #isCaughtUp = false;
  #isForeign = false;
  #isStopped = false;
  /** A snapshot of the copy is being written. */
  #isReplacing = false;
  #client: Client | null = null;
  #failures = 0;
  #told: string | null = null;
  #pause: { readonly timer: Timer; readonly end: () => void } | null = null;
  #running: Promise<void> | null = null;

  constructor(options: MetadataFetcherOptions) {
    this.#options = options;
    this.#image = this.#followed = emptyImage(options.clusterId);
  }

  get image(): ClusterImage {
    return this.#image;
  }

  onChange(listener: ImageListener): void {
    this.#listeners.push(listener);
  }

  /** Reads the copy, and begins to fetch what is new. @throws the disk's error */
  start(): void {
    const { copy } = this.#options;
    const { snapshot, batches } = copy.load();
    if (snapshot !== null) this.#image = this.#followed = this.#imageOf(snapshot, copy.endOffset - countIn(batches));
    if (batches.length > 0) this.#unapplied.push(batches);
    this.#epoch = copy.lastEpoch;
    this.#running = this.#run();
  }

  /** Resolves when the image is what is committed. False: not within `timeoutMs`, or the controllers are of another cluster. */
  async caughtUp(timeoutMs: number): Promise<boolean> {
    await this.#wait(() => this.#isCaughtUp || this.#isForeign, timeoutMs);
    return this.#isCaughtUp;
  }

  /** Controllers have said that they belong to another cluster. */
  get isForeign(): boolean {
    return this.#isForeign;
  }

  /** Resolves when an image is in force here for which `check` holds. False: not within `timeoutMs`. */
  until(check: (image: ClusterImage) => boolean, timeoutMs: number): Promise<boolean> {
    return this.#wait(() => check(this.#followed), timeoutMs);
  }

  /** Why the log is not read at present; null where it is. */
  get trouble(): string | null {
    return this.#told;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#pause?.end();
    await this.#client?.close();
    await this.#running;
    this.#look();
    this.#options.copy.close();
  }

  #wait(isOver: () => boolean, timeoutMs: number): Promise<boolean> {
    if (isOver()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        timer.cancel();
        this.#waiters.delete(look);
        resolve(result);
      };
      const look = (): void => {
        if (isOver()) end(true);
        else if (this.#isStopped) end(false);
      };
      const timer = this.#options.clock.after(timeoutMs, () => end(false));
      this.#waiters.add(look);
    });
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const address = this.#options.quorum.candidate();
      try {
        await this.#readFrom(address);
      } catch (error) {
        this.#options.quorum.failed(address);
        this.#failed(address, error as Error);
      }
      await this.#client?.close();
      this.#client = null;
      await this.#rest();
    }
  }

  async #readFrom(address: Address): Promise<void> {
    const { network, settings } = this.#options;
    const { timeoutMs } = settings();
    const client = await connectPeer(network, {
      ...address,
      timeoutMs: Math.min(CONNECT_MS, timeoutMs),
      clientId: String(this.#options.nodeId),
    });
    this.#client = client;
    if (this.#isStopped) return;
    const version = await newestVersion(client, Fetch, OLDEST_FETCH, (response) => this.#answer(response));
    while (!this.#isStopped) {
      const request = fetchRequest(this.#reader(settings().maxBytes), this.#position());
      const fetched = readFetch(await this.#answer(client.send(Fetch, version, request)));
      if (fetched.kind === 'elsewhere') {
        if (this.#isElsewhere(fetched, address)) return;
      } else await this.#take(client, address, fetched);
    }
  }

  #answer<T>(response: Promise<T>): Promise<T> {
    const { clock, settings } = this.#options;
    return answerOf(clock, response, settings().timeoutMs);
  }

  #reader(maxBytes: number): Reader {
    const { clusterId, nodeId, directoryId } = this.#options;
    return { clusterId, nodeId, directoryId, leaderEpoch: this.#epoch, maxBytes };
  }

  #position(): EpochEnd & { readonly highWatermark: number } {
    const { endOffset, lastEpoch: epoch } = this.#options.copy;
    return { endOffset, epoch, highWatermark: this.#highWatermark };
  }

  /** Whether that is another address than this one. */
  #isElsewhere({ epoch, leader }: Extract<Fetched, { kind: 'elsewhere' }>, address: Address): boolean {
    const isNews = epoch > this.#epoch;
    if (isNews) this.#epoch = epoch;
    if (isNews && (leader === null || isSame(leader, address))) return false; // it may be active itself
    this.#failures = isNews ? 0 : this.#failures + 1; // whoever is named may know no better
    this.#options.quorum.lost(leader !== null && isSame(leader, address) ? null : leader, isNews);
    return true;
  }

  async #take(client: Client, address: Address, fetched: Exclude<Fetched, { kind: 'elsewhere' }>): Promise<void> {
    const { quorum, copy } = this.#options;
    if (fetched.kind === 'failed') {
      this.#isForeign = fetched.errorCode === ErrorCode.INCONSISTENT_CLUSTER_ID;
      if (this.#isForeign) this.#look();
      throw new Error(`it answers ${errorName(fetched.errorCode)}`);
    }
    quorum.found(address);
    switch (fetched.kind) {
      case 'records':
        return this.#keep(fetched.records, fetched.highWatermark);
      case 'diverging':
        return this.#cut(copy.commonEnd(fetched.end));
      case 'snapshot':
        return this.#fetchSnapshot(client, fetched.id);
    }
  }

  async #keep(records: Buffer, highWatermark: number): Promise<void> {
    const { copy, settings } = this.#options;
    const kept = copy.append(records);
    if (kept.length > 0) this.#unapplied.push(Buffer.from(kept));
    this.#highWatermark = Math.max(this.#highWatermark, highWatermark);
    await this.#applyCommitted();
    this.#isCaughtUp ||= highWatermark >= 0 && copy.endOffset >= highWatermark;
    this.#succeeded();
    if (copy.logBytes > Math.max(settings().snapshotAfterBytes, copy.snapshotBytes)) this.#replaceBySnapshot();
  }

  /** All batches at once that are committed: one image for them. */
  async #applyCommitted(): Promise<void> {
    const previous = this.#image;
    const replayed = new Replay(previous);
    let revision = -1;
    const left: Buffer[] = [];
    for (const bytes of this.#unapplied) {
      let at = 0;
      while (at < bytes.length && batch.nextOffset(bytes, at) <= this.#highWatermark) {
        const decoded = decodeMetadataBatch(bytes, at);
        replayed.addAll(decoded.records);
        revision = decoded.revision;
        at += batch.sizeInBytes(bytes, at);
      }
      if (at < bytes.length) left.push(bytes.subarray(at));
    }
    if (revision < 0) return;
    const { image, delta } = replayed.at(revision);
    this.#unapplied = left;
    await this.#publish(image, previous, delta);
  }

  async #publish(image: ClusterImage, previous: ClusterImage, delta: ImageDelta): Promise<void> {
    this.#image = image;
    const following = this.#listeners.map(async (listener) => {
      try {
        await listener(image, previous, delta);
      } catch (error) {
        this.#options.logger.error('metadata-not-followed', {
          revision: image.revision,
          error: (error as Error).message,
        });
      }
    });
    await Promise.all(following);
    this.#followed = image;
  }

  #cut(offset: number): void {
    if (offset <= this.#image.revision)
      throw new Error(`it has another log from offset ${offset} on, while ${this.#image.revision} was committed`);
    this.#options.copy.truncate(offset);
    this.#unapplied = this.#unapplied.flatMap((bytes) => {
      let at = 0;
      while (at < bytes.length && batch.lastOffset(bytes, at) < offset) at += batch.sizeInBytes(bytes, at);
      return at === 0 ? [] : [bytes.subarray(0, at)];
    });
  }

  async #fetchSnapshot(client: Client, id: EpochEnd): Promise<void> {
    const { copy, settings, logger } = this.#options;
    if (id.endOffset <= this.#image.revision)
      throw new Error(`it offers a snapshot up to offset ${id.endOffset}, while ${this.#image.revision} was committed`);
    for (let position = 0; ;) {
      const request = snapshotRequest(this.#reader(settings().maxSnapshotBytes), id, position);
      const piece = readSnapshotPiece(await this.#answer(client.send(FetchSnapshot, 1, request)));
      if (piece.kind === 'elsewhere') throw new Error('it is not the active controller any more');
      if (piece.kind === 'failed') throw new Error(`it answers ${errorName(piece.errorCode)} for a snapshot`);
      copy.writeSnapshot(id, piece.position, piece.bytes);
      position += piece.bytes.length;
      if (position >= piece.size) break;
      if (piece.bytes.length === 0) throw new Error('it sends an empty piece of a snapshot');
    }
    const bytes = copy.finishSnapshot();
    this.#unapplied = [];
    const previous = this.#image;
    const image = this.#imageOf(bytes, id.endOffset);
    logger.info('metadata-snapshot-fetched', { endOffset: id.endOffset, bytes: bytes.length });
    await this.#publish(image, previous, difference(previous, image));
  }

  #imageOf(snapshot: Buffer, endOffset: number): ClusterImage {
    return imageOfSnapshot(this.#options.clusterId, snapshot, endOffset);
  }

  /** The log goes on meanwhile: one that is written takes its time between requests. */
  #replaceBySnapshot(): void {
    const { copy, clock, lane = null } = this.#options;
    const image = this.#image;
    const isWhole = image.revision === copy.endOffset - 1 && image.pending === null;
    if (!isWhole || this.#isReplacing) return; // with a later batch
    const batches = encodeSnapshot(eachRecordOf(image), { epoch: copy.lastEpoch, timestamp: clock.now() });
    this.#isReplacing = true;
    const replaced = runIn(lane, copy.replaceBySnapshot(batches));
    const over = (): void => void (this.#isReplacing = false);
    if (replaced instanceof Promise)
      replaced.then(over, over); // what the disk refuses the copy has told
    else over();
  }

  #succeeded(): void {
    this.#failures = 0;
    if (this.#told !== null) this.#options.logger.info('metadata-read-again', { epoch: this.#epoch });
    this.#told = null;
    this.#look();
  }

  #look(): void {
    for (const look of this.#waiters) look();
  }

  /** Once for each trouble, however long it lasts. */
  #failed(address: Address, error: Error): void {
    if (this.#isStopped) return;
    this.#failures++;
    const isNews = this.#told === null;
    this.#told = error.message;
    if (!isNews) return;
    const controller = `${address.host}:${address.port}`;
    this.#options.logger.warn('metadata-not-read', { controller, error: error.message, next: 'it is tried again' });
  }

  #rest(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    const delayMs = this.#failures === 0 ? 0 : this.#failures <= FIRST_PAUSES ? PAUSE_MS.first : PAUSE_MS.later;
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#pause = null;
        resolve();
      };
      const timer = this.#options.clock.after(delayMs, end);
      this.#pause = { timer, end };
    });
  }
}

function countIn(batches: Buffer): number {
  let count = 0;
  for (let at = 0; at < batches.length; at += batch.sizeInBytes(batches, at))
    count += batch.lastOffsetDelta(batches, at) + 1;
  return count;
}

/** What a snapshot may have changed: all that stands in one of the images. */
function difference(a: ClusterImage, b: ClusterImage): ImageDelta {
  const union = <T>(first: Iterable<T>, second: Iterable<T>): Set<T> => new Set([...first, ...second]);
  return {
    topicIds: union(a.topicsById.keys(), b.topicsById.keys()),
    resources: union(a.configs.keys(), b.configs.keys()),
    brokerIds: union(a.brokers.keys(), b.brokers.keys()),
  };
}
