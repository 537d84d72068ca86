/** Makes requests up from a table and a few words: mostly sound ones, with one thing or another wrong. */
import type { AnyMessage, Fields, Shape } from '../../protocol/schema.ts';
import { includes } from '../../protocol/schema.ts';
import type { Random } from '../../src/platform/random.ts';
import type { Topic } from './side.ts';

/** What there is to be asked about. */
export interface Words {
  readonly topics: readonly Topic[];
  readonly groupId: string;
  readonly memberId: string;
  readonly startedMs: number;
  /** A name that nothing has yet. */
  readonly fresh: string;
}

const UNKNOWN_ID = 'bm9uZW5vbmVub25lbm9uZQ';

/** What a field may hold, by its name; the first is the usual. */
function choices(name: string, kind: Shape['kind'], words: Words): readonly unknown[] | null {
  const [one, two] = words.topics;
  switch (name) {
    case 'topic':
    case 'topicName':
      return [one.name, two.name, words.fresh];
    case 'name':
      return [one.name, two.name, words.fresh];
    case 'topicId':
      return [one.topicId, two.topicId, UNKNOWN_ID];
    case 'groupId':
    case 'groups':
    case 'groupsNames':
      return [words.groupId, words.groupId, words.fresh];
    case 'memberId':
      return [words.memberId, '', 'stranger'];
    case 'groupInstanceId':
      return [null, null, null, 'i'];
    case 'generationId':
    case 'generationIdOrMemberEpoch':
      return [1, 1, -1, 0, 2];
    case 'memberEpoch':
    case 'retentionTimeMs':
      return [-1];
    case 'partition':
    case 'partitionIndex':
    case 'partitions':
    case 'partitionIndexes':
      return [0, 0, 1, 2, -1];
    case 'timestamp':
      return [-1, -2, -3, -4, 0, words.startedMs - 999, words.startedMs];
    case 'fetchOffset':
    case 'offset':
    case 'committedOffset':
      return [0, 2, 3, 5, 6, -1];
    case 'leaderEpoch':
    case 'committedLeaderEpoch':
    case 'currentLeaderEpoch':
    case 'lastFetchedEpoch':
      return [-1, 0, 0, 1];
    case 'maxWaitMs':
    case 'minBytes':
    case 'sessionId':
    case 'replicaId':
      return name === 'replicaId' ? [-1] : [0];
    case 'sessionEpoch':
    case 'replicaEpoch':
      return [-1];
    case 'maxBytes':
    case 'partitionMaxBytes':
      return [1 << 20, 1 << 20, 150, 1, 0];
    case 'isolationLevel':
      return [0, 1];
    case 'timeoutMs':
      return [30_000];
    case 'numPartitions':
    case 'count':
      return [1, 2, 3, -1, 0];
    case 'replicationFactor':
      return [1, 1, -1, 2];
    case 'brokerIds':
      return [1, 1, 2];
    case 'resourceType':
      return [2, 2, 2, 32, 16, 3];
    case 'resourceTypes':
      return [16, 32, 1];
    case 'resourceName':
      return [one.name, two.name, words.fresh];
    case 'configurationKeys':
      return ['retention.ms', 'cleanup.policy', 'consumer.session.timeout.ms', 'nonsense'];
    case 'endpointType':
      return [1, 2, 0];
    case 'responsePartitionLimit':
      return [2000, 1, 2, 0];
    case 'allowAutoTopicCreation':
      return [false];
    case 'validateOnly':
      return [true];
    case 'forgottenTopicsData':
    case 'clusterId':
    case 'rackId':
      return [];
    case 'configs':
      return kind === 'array' ? [] : null;
    default:
      return null;
  }
}

/** Nothing is asked for twice: the two brokers differ there, as the cases written by hand say. */
function distinct(values: readonly unknown[]): unknown[] {
  const identity = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([, inner]) => !Array.isArray(inner));
    return JSON.stringify(entries.filter(([name]) => KEYS.has(name) || entries.length === 1));
  };
  return [...new Map(values.map((value) => [identity(value), value])).values()];
}

/** The fields that say what an entry of an array is about. */
const KEYS = new Set([
  'topic',
  'topicId',
  'name',
  'partition',
  'partitionIndex',
  'resourceName',
  'groupId',
  'memberId',
  'brokerIds',
]);

export function madeUp(message: AnyMessage, version: number, random: Random, words: Words): Record<string, unknown> {
  const below = (limit: number): number => Math.floor(random.float() * limit);

  const struct = (fields: Fields): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(fields)
        .filter(([, { shape }]) => includes(shape.versions, version))
        .filter(
          ([name, { shape }]) =>
            (shape.tag < 0 && choices(name, shape.kind, words)?.length !== 0) || shape.kind === 'array',
        )
        .map(([name, { shape }]) => [name, value(name, shape)]),
    );

  const value = (name: string, shape: Shape): unknown => {
    if (includes(shape.nullable, version) && below(8) === 0) return null;
    const given = choices(name, shape.kind, words);
    if (shape.kind === 'array') {
      const length = given?.length === 0 ? 0 : [1, 1, 2, 3, name.startsWith('partition') ? 1 : 0][below(5)];
      return distinct(Array.from({ length }, () => value(name, shape.element!.shape)));
    }
    if (shape.kind === 'struct') return struct(shape.fields!);
    if (given !== null && given.length > 0) return given[below(given.length)];
    if (shape.kind === 'bool') return below(2) === 0;
    if (shape.kind === 'string') return ['a', '', 'range', 'consumer'][below(4)];
    if (shape.kind === 'bytes' || shape.kind === 'records') return Buffer.from('bytes');
    if (shape.kind === 'uuid') return UNKNOWN_ID;
    return [0, 1, -1][below(3)];
  };

  return struct(message.fields);
}
