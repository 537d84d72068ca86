/**
 * A controller for tests of those who read from it: a metadata log in memory that it serves by Fetch and FetchSnapshot as Kafka's
 * does, and that can lie. Other requests are answered by what the test gives.
 */
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { FetchSnapshot } from '../../protocol/apis/59-fetch-snapshot.ts';
import { apiByKey } from '../../protocol/apis/index.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { FrameCutter, frame } from '../../protocol/frame.ts';
import { readRequestHeader, writeResponseHeader } from '../../protocol/header.ts';
import { Reader } from '../../protocol/reader.ts';
import * as batch from '../../protocol/records/batch.ts';
import type { AnyApi, RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { encodeMetadataBatch } from '../../src/cluster/metadata-batch.ts';
import type { MetadataDraft } from '../../src/cluster/metadata-records.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Network, Receiver, Socket } from '../../src/platform/network.ts';

/** How long a fetch waits for something new. */
const WAIT_MS = 100;

type FetchResponse = ResponseDraft<typeof Fetch>;
type Partition = FetchResponse['responses'][number]['partitions'][number];

export interface Leader {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export class FakeController {
  readonly id: number;
  readonly port = 9093;
  readonly #clock: Clock;
  epoch = 1;
  /** Null: this one. */
  leader: Leader | null = null;
  /** Behind it the log is served; before it there is the snapshot. */
  start = { endOffset: 0, epoch: 0 };
  snapshot: Buffer | null = null;
  batches: Buffer[] = [];
  highWatermark = 0;
  /** Of the log, before they are sent. */
  spoil: (records: Buffer) => Buffer = (records) => records;
  /** Answers of other APIs, by key. */
  readonly answers = new Map<number, (request: never) => unknown>();
  /** Keys of APIs whose requests it never answers. */
  readonly silent = new Set<number>();
  readonly asked: string[] = [];
  readonly fetches: RequestOf<typeof Fetch>['topics'][number]['partitions'][number][] = [];

  constructor(id: number, clock: Clock) {
    this.id = id;
    this.#clock = clock;
  }

  listen(network: Network): Promise<unknown> {
    return network.listen('', this.port, (socket) => this.#accept(socket));
  }

  get endOffset(): number {
    const last = this.batches.at(-1);
    return last === undefined ? this.start.endOffset : batch.nextOffset(last, 0);
  }

  /** Appends one batch; it is committed unless told otherwise. */
  append(records: readonly MetadataDraft[], isCommitted = true): void {
    const place = { baseOffset: this.endOffset, leaderEpoch: this.epoch, timestamp: 0 };
    this.batches.push(encodeMetadataBatch(records, place));
    if (isCommitted) this.highWatermark = this.endOffset;
  }

  #accept(socket: Socket): Receiver {
    const cutter = new FrameCutter(1 << 24);
    let buffer = Buffer.alloc(1 << 16);
    return {
      buffer: () => buffer,
      received: (count) => {
        const piece = buffer.subarray(0, count);
        buffer = Buffer.alloc(1 << 16);
        for (const contents of cutter.push(piece)) this.#serve(contents, (answer) => void socket.send(frame(answer)));
      },
      drained: () => {},
      closed: () => {},
    };
  }

  /** A fetch that finds nothing waits a little, as it does at Kafka's. */
  #serve(contents: Buffer, send: (answer: Buffer) => void): void {
    if (this.silent.has(contents.readInt16BE(0))) return;
    const isWaiting = contents.readInt16BE(0) === Fetch.key && this.#isIdle;
    if (isWaiting) this.#clock.after(WAIT_MS, () => send(this.#answer(contents)));
    else send(this.#answer(contents));
  }

  /** Whether the last fetch has brought all there is. */
  get #isIdle(): boolean {
    const last = this.fetches.at(-1);
    return last?.fetchOffset === this.endOffset && last.currentLeaderEpoch === this.epoch;
  }

  #answer(contents: Buffer): Buffer {
    const reader = new Reader(contents);
    const { apiKey, apiVersion, correlationId } = readRequestHeader(reader);
    const api = apiByKey(apiKey) as AnyApi;
    this.asked.push(api.name);
    const request = requestCodec(api, apiVersion).decode(reader);
    const writer = new Writer();
    writeResponseHeader(writer, api, apiVersion, correlationId);
    responseCodec(api, apiVersion).encode(writer, this.#respond(apiKey, request) as never);
    return writer.finish();
  }

  #respond(apiKey: number, request: unknown): unknown {
    switch (apiKey) {
      case ApiVersions.key: {
        const apiKeys = [Fetch, FetchSnapshot].map(({ key, versions }) => ({
          apiKey: key,
          minVersion: versions.first,
          maxVersion: versions.last,
        }));
        return { errorCode: 0, apiKeys };
      }
      case Fetch.key:
        return this.#fetch(request as RequestOf<typeof Fetch>);
      case FetchSnapshot.key:
        return this.#fetchSnapshot(request as RequestOf<typeof FetchSnapshot>);
      default:
        return this.answers.get(apiKey)!(request as never);
    }
  }

  #fetch({ topics }: RequestOf<typeof Fetch>): FetchResponse {
    const [asked] = topics[0].partitions;
    this.fetches.push(asked);
    const elsewhere = this.#elsewhere(asked.currentLeaderEpoch);
    const currentLeader = { leaderId: this.leader?.id ?? this.id, leaderEpoch: this.epoch };
    const nodeEndpoints =
      this.leader === null ? [] : [{ nodeId: this.leader.id, host: this.leader.host, port: this.leader.port }];
    const partition = {
      partitionIndex: 0,
      errorCode: elsewhere,
      highWatermark: this.highWatermark,
      currentLeader,
      abortedTransactions: null,
      records: Buffer.alloc(0),
      ...(elsewhere === ErrorCode.NONE ? this.#found(asked.fetchOffset, asked.lastFetchedEpoch) : {}),
    };
    return { responses: [{ topicId: topics[0].topicId, partitions: [partition] }], nodeEndpoints };
  }

  #elsewhere(epoch: number): number {
    if (epoch < this.epoch) return ErrorCode.FENCED_LEADER_EPOCH;
    if (epoch > this.epoch) return ErrorCode.UNKNOWN_LEADER_EPOCH;
    return this.leader === null ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  #found(offset: number, epoch: number): Partial<Partition> {
    if (offset < this.start.endOffset) return { snapshotId: this.start };
    const end = this.#endOf(epoch);
    if (offset > 0 && offset !== this.start.endOffset && (end.epoch !== epoch || end.endOffset < offset))
      return { divergingEpoch: end };
    const records = Buffer.concat(this.batches.filter((bytes) => batch.baseOffset(bytes, 0) >= offset));
    return { records: this.spoil(records) };
  }

  #endOf(epoch: number): { epoch: number; endOffset: number } {
    const last = this.batches.findLast((bytes) => batch.leaderEpoch(bytes, 0) <= epoch);
    return last === undefined
      ? this.start
      : { epoch: batch.leaderEpoch(last, 0), endOffset: batch.nextOffset(last, 0) };
  }

  #fetchSnapshot({ topics }: RequestOf<typeof FetchSnapshot>): ResponseDraft<typeof FetchSnapshot> {
    const { position } = topics[0].partitions[0];
    const bytes = this.snapshot!;
    const partition = {
      index: 0,
      errorCode: ErrorCode.NONE,
      snapshotId: this.start,
      size: bytes.length,
      position,
      unalignedRecords: bytes.subarray(position, position + 100),
    };
    return { errorCode: ErrorCode.NONE, topics: [{ name: topics[0].name, partitions: [partition] }] };
  }
}
