/**
 * The metadata log of a broker that is alone: one file of record batches in Kafka's format, `__cluster_metadata-0/…0.log`,
 * which Apache Kafka's dump-log --cluster-metadata-decoder reads. Each batch is synced before the change counts.
 */
import { decodeMetadataRecord, encodeMetadataRecord } from '../../protocol/metadata/index.ts';
import * as batch from '../../protocol/records/batch.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { AnyMessage } from '../../protocol/schema.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import type { MetadataBatch, MetadataStore } from './metadata-store.ts';
import { recordTables, type MetadataDraft, type MetadataRecord, type MetadataRecordName } from './metadata-records.ts';

const DIRECTORY = '__cluster_metadata-0';
const FILE = '00000000000000000000.log';
/** There has never been an election: the only broker leads for ever. */
const LEADER_EPOCH = 1;

export class LocalMetadataStore implements MetadataStore {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #path: string;
  #file: OpenFile;
  #size = 0;
  #nextOffset = 0;

  /** `logDirectory` is the first of log.dirs. */
  constructor(files: Files, logDirectory: string, clock: Clock, logger: Logger) {
    this.#files = files;
    this.#clock = clock;
    this.#logger = logger;
    files.makeDirectory(`${logDirectory}/${DIRECTORY}`);
    this.#path = `${logDirectory}/${DIRECTORY}/${FILE}`;
    this.#file = files.open(this.#path, 'write');
  }

  load(): MetadataBatch[] {
    const bytes = this.#files.readAll(this.#path);
    const batches: MetadataBatch[] = [];
    let at = 0;
    for (let end = batch.batchEnd(bytes, at, bytes.length); end >= 0; end = batch.batchEnd(bytes, at, bytes.length)) {
      if (!batch.isCrcValid(bytes, at)) break;
      batches.push(this.#read(bytes, at));
      at = end;
    }
    if (at < bytes.length) {
      // A change whose batch is not whole was never answered: whoever asked for it asks again.
      this.#logger.warn('metadata-tail-cut', { file: this.#path, bytes: bytes.length - at, keptBatches: batches.length });
      this.#file.truncate(at);
      this.#file.sync();
    }
    this.#size = at;
    return batches;
  }

  append(records: readonly MetadataDraft[]): MetadataBatch {
    const bytes = this.#encode(records, this.#nextOffset);
    try {
      this.#file.write(bytes, 0, bytes.length, this.#size);
      this.#file.sync();
    } catch (error) {
      this.#file.truncate(this.#size);
      throw error;
    }
    this.#size += bytes.length;
    return this.#read(bytes, 0);
  }

  rewrite(records: readonly MetadataDraft[], revision: number): void {
    // Its last record keeps the offset of the last change, for revisions never go back.
    const bytes = this.#encode(records, Math.max(0, revision + 1 - records.length));
    this.#file.close();
    this.#files.replace(this.#path, bytes);
    this.#file = this.#files.open(this.#path, 'write');
    this.#size = bytes.length;
    this.#nextOffset = batch.nextOffset(bytes, 0);
  }

  close(): void {
    this.#file.close();
  }

  #encode(records: readonly MetadataDraft[], baseOffset: number): Buffer {
    const timestamp = this.#clock.now();
    return encodeBatch({
      baseOffset,
      leaderEpoch: LEADER_EPOCH,
      records: records.map((record) => {
        const { message, version } = recordTables[record.type];
        return { key: null, value: encodeMetadataRecord(message as AnyMessage, version, record), timestamp };
      }),
    });
  }

  #read(bytes: Buffer, at: number): MetadataBatch {
    const decoded = decodeBatch(bytes, at);
    this.#nextOffset = decoded.lastOffset + 1;
    const records: MetadataRecord[] = [];
    for (const { value } of decoded.records) {
      const { message, record } = decodeMetadataRecord(value!);
      if (message.name in recordTables) {
        records.push({ type: message.name as MetadataRecordName, ...(record as object) } as MetadataRecord);
      }
    }
    return { records, revision: decoded.lastOffset };
  }
}
