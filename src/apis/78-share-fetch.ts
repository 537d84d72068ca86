/** Acquires records for a share consumer, and acknowledges earlier ones; where there is nothing to acquire, the answer waits. */
import { ShareFetch } from '../../protocol/apis/78-share-fetch.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import type { Writer } from '../../protocol/writer.ts';
import { andThen, type Answer } from '../coordination/answers.ts';
import { CorruptBatchError } from '../partitions/read.ts';
import type { FetchRequest, ShareAnswer } from '../share/share-fetch.ts';
import { read } from '../security/needs.ts';
import { reportBug, type DirectHandler, type Reply, type Streamed } from './handler.ts';
import type { RequestContext } from './request-context.ts';
import { writeShareFetchResponse } from './share-fetch-response.ts';
import { askedPartitions, refusalOf, topicRefusals, type DeliveryParts } from './share-request.ts';
import { speaksShareProtocol } from './group-protocols.ts';

type Request = RequestOf<typeof ShareFetch>;

const BATCH_OPTIMIZED = 0;
const RECORD_LIMIT = 1;

export const shareFetch: DirectHandler<DeliveryParts> = {
  api: ShareFetch,
  versions: ShareFetch.versions,
  advertised: ShareFetch.versions,
  kind: 'direct',
  permissions: { byHand: [read.group('groupId'), read.topic('name of topics[].topicId')] },

  serve(reader, context, output, broker) {
    const version = context.apiVersion;
    const request = requestCodec(ShareFetch, version).decode(reader);
    const refused = groupRefusal(request, context, broker) ?? refusalOf(request, broker);
    if (refused !== null) {
      responseCodec(ShareFetch, version).encode(output, refuse(request, refused));
      return undefined;
    }
    const fetched: Answer<ShareAnswer> = andThen(broker.share.use(), ({ delivery }) =>
      delivery.fetch(asked(request, context, broker)),
    );
    if (!(fetched instanceof Promise)) return write(output, context, broker, fetched);
    return fetched.then(
      (answer): Reply =>
        (later) =>
          write(later, context, broker, answer),
    );
  },

  refuse,
};

/** It comes before the member's id is looked at, and after what has no group. */
function groupRefusal({ groupId }: Request, { access }: RequestContext, broker: DeliveryParts): number | null {
  if (access === null || groupId === null || !speaksShareProtocol(broker)) return null;
  return access.errorOf(read.group(groupId), ShareFetch.name) || null;
}

function refuse(_request: Request, errorCode: number): ResponseDraft<typeof ShareFetch> {
  return { errorCode, acquisitionLockTimeoutMs: 0, responses: [], nodeEndpoints: [] };
}

function asked(request: Request, context: RequestContext, broker: DeliveryParts): FetchRequest {
  const { connectionId, waits } = context;
  const { groupId, memberId, shareSessionEpoch, topics, forgottenTopicsData, shareAcquireMode, ...limits } = request;
  return {
    ...limits,
    groupId: groupId!,
    memberId: memberId!,
    connectionId,
    epoch: shareSessionEpoch,
    refusalOf: topicRefusals(context, broker, ShareFetch.name),
    isRecordLimit: shareAcquireMode === RECORD_LIMIT,
    isModeKnown: shareAcquireMode === BATCH_OPTIMIZED || shareAcquireMode === RECORD_LIMIT,
    partitions: askedPartitions(topics),
    forgotten: forgottenTopicsData.flatMap(({ topicId, partitions }) =>
      partitions.map((partition) => ({ topicId, partition })),
    ),
    whenEnded: (run) => waits.whenEnded(run),
    waits: (cancel) => waits.add(cancel),
  };
}

/** What the disk does not give is told as an error of its partition; the records stay acquired until their lock runs out. */
function write(
  output: Writer,
  context: RequestContext,
  broker: DeliveryParts,
  answer: ShareAnswer,
): Streamed | undefined {
  const start = output.position;
  const told = { answer, image: broker.metadata.image, listener: context.session.listenerName };
  try {
    return writeShareFetchResponse(output, told);
  } catch (error) {
    const isCorrupt = error instanceof CorruptBatchError;
    if (!isCorrupt) reportBug(broker.logger, context, 'ShareFetch', error);
    const errorCode = isCorrupt ? ErrorCode.CORRUPT_MESSAGE : ErrorCode.KAFKA_STORAGE_ERROR;
    const partitions = answer.partitions.map((one) =>
      one.records === null ? one : { ...one, errorCode, records: null },
    );
    output.position = start;
    return writeShareFetchResponse(output, { ...told, answer: { ...answer, partitions } });
  }
}
