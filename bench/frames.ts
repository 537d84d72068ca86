/** Requests as bytes, for the raw loads: what a client of the newest version would send. */
import { ApiVersions, Fetch, OffsetCommit, Produce } from '../protocol/apis/index.ts';
import { requestCodec } from '../protocol/compile.ts';
import { frame } from '../protocol/frame.ts';
import { writeRequestHeader } from '../protocol/header.ts';
import type { Codec } from '../protocol/records/compression.ts';
import { encodeBatch } from '../protocol/records/encode.ts';
import type { Api, Draft, Fields } from '../protocol/schema.ts';
import { Writer } from '../protocol/writer.ts';
import type { Frame } from './raw-load.ts';
import type { Topic } from './topics.ts';

function encode<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  draft: Draft<Req>,
): Buffer {
  const writer = new Writer();
  writeRequestHeader(writer, api, version, 1, 'bench');
  requestCodec(api, version).encode(writer, draft);
  return frame(writer.finish());
}

/** Text that compresses about as well as JSON does. */
function value(bytes: number, seed: number): Buffer {
  let text = '';
  for (let n = seed; text.length < bytes; n++) text += `{"id":${(n * 7919) % 100003},"state":"ready"}`;
  return Buffer.from(text.slice(0, bytes));
}

export interface BatchShape {
  readonly records: number;
  readonly valueBytes: number;
  readonly compression?: Codec;
}

export function batchOf({ records, valueBytes, compression = 'none' }: BatchShape): Buffer {
  const timestamp = Date.now();
  const drafts = Array.from({ length: records }, (_, at) => ({
    key: null,
    value: value(valueBytes, at),
    headers: [],
    timestamp,
  }));
  return encodeBatch({ records: drafts, compression });
}

/** One batch for one partition. */
export function produceFrame({ topicId }: Topic, index: number, records: Buffer, acks: number): Frame {
  const topicData = [{ topicId, partitionData: [{ index, records }] }];
  const draft = { acks, timeoutMs: 30_000, topicData };
  return { bytes: encode(Produce, 13, draft), answered: acks !== 0 };
}

/** A fetch without a session, of partition 0 unless said otherwise. */
export function fetchFrame(topic: Topic, fetchOffset: number, maxBytes: number, maxWaitMs = 500, partition = 0): Frame {
  const partitions = [{ partition, fetchOffset, partitionMaxBytes: maxBytes }];
  const topics = [{ topicId: topic.topicId, partitions }];
  return { bytes: encode(Fetch, 17, { maxWaitMs, minBytes: 1, maxBytes, topics }), answered: true };
}

/** Where in a fetch frame its offset stands: two frames that differ in nothing else tell. */
export function offsetPlace(topic: Topic): number {
  const one = fetchFrame(topic, 1, 1 << 20).bytes;
  const other = fetchFrame(topic, 2, 1 << 20).bytes;
  return one.findIndex((byte, at) => byte !== other[at]) - 7;
}

/** An offset of one partition, from a consumer that assigns partitions itself. */
export function commitFrame({ name }: Topic, group: string, committedOffset: number): Frame {
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: '' }];
  const draft = { groupId: group, memberId: '', topics: [{ name, partitions }] };
  return { bytes: encode(OffsetCommit, 9, draft), answered: true };
}

export function apiVersionsFrame(): Frame {
  const software = { clientSoftwareName: 'bench', clientSoftwareVersion: '1' };
  return { bytes: encode(ApiVersions, 4, software), answered: true };
}
