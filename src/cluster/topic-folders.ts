/** Leaves out of a decision the topics whose folders cannot be made: no topic is in the metadata without its logs. */
import { ErrorCode } from '../../protocol/errors.ts';
import { eachInPieces, flatMapInPieces, mapInPieces, type Pieces } from '../platform/pieces.ts';
import { ResourceType, type ClusterImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';

/** A partition that is to be, and the brokers that are to have it. */
export interface NewReplicas {
  readonly index: number;
  readonly replicas: readonly number[];
}

/** Makes the folders of the replicas that this broker is to have. Answers what is wrong where it cannot, else null. */
export type MakeFolders = (topic: string, partitions: readonly NewReplicas[]) => Pieces<string | null>;

interface Decided<Result> {
  readonly results: readonly Result[];
  readonly records: readonly MetadataDraft[];
}

type Answer = { readonly name: string; readonly errorCode: number; readonly errorMessage: string | null };
/** The answer for a topic that cannot be kept here. */
export type Unmade = { name: string; errorCode: number; errorMessage: string };

export function* withFolders<Result extends Answer>(
  { results, records }: Decided<Result>,
  image: ClusterImage,
  makeFolders: MakeFolders,
): Pieces<{ results: (Result | Unmade)[]; records: MetadataDraft[] }> {
  const names = new Map<string, string>();
  const partitions = new Map<string, NewReplicas[]>();
  yield* eachInPieces(records, (record) => {
    if (record.type === 'TopicRecord') names.set(record.topicId, record.name);
    if (record.type !== 'PartitionRecord') return;
    const found = partitions.get(record.topicId) ?? [];
    partitions.set(record.topicId, found);
    found.push({ index: record.partitionId ?? 0, replicas: record.replicas ?? [] });
  });
  const failed = new Map<string, string>();
  for (const [topicId, replicas] of partitions) {
    const name = names.get(topicId) ?? image.topicsById.get(topicId)?.name;
    const why = name === undefined ? null : yield* makeFolders(name, replicas);
    if (why !== null) failed.set(name!, why).set(topicId, why);
  }
  if (failed.size === 0) return { results: [...results], records: [...records] };
  return {
    results: yield* mapInPieces(results, (result) => {
      const errorMessage = failed.get(result.name);
      if (errorMessage === undefined) return result;
      return { name: result.name, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage };
    }),
    records: yield* flatMapInPieces(records, (record) => (isOfFailed(record, failed) ? [] : [record])),
  };
}

function isOfFailed(record: MetadataDraft, failed: ReadonlyMap<string, string>): boolean {
  if (record.type === 'TopicRecord' || record.type === 'PartitionRecord') return failed.has(record.topicId);
  return (
    record.type === 'ConfigRecord' && record.resourceType === ResourceType.topic && failed.has(record.resourceName)
  );
}
