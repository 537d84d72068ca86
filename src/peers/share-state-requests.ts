/** The state of share partitions at another broker, which coordinates it (KIP-932); see src/share/share-state.ts. */
import { InitializeShareGroupState } from '../../protocol/apis/83-initialize-share-group-state.ts';
import { ReadShareGroupState } from '../../protocol/apis/84-read-share-group-state.ts';
import { WriteShareGroupState } from '../../protocol/apis/85-write-share-group-state.ts';
import { DeleteShareGroupState } from '../../protocol/apis/86-delete-share-group-state.ts';
import { ReadShareGroupStateSummary } from '../../protocol/apis/87-read-share-group-state-summary.ts';
import { errorMessage, ErrorCode } from '../../protocol/errors.ts';
import type { Api, Fields, RequestOf, ResponseOf } from '../../protocol/schema.ts';
import type { BrokerConnection } from './broker-connection.ts';

interface Id {
  readonly topicId: string;
  readonly partition: number;
}

/** Of each partition in a request, with the topic that it stands under. */
type AskedOf<A extends Api<Fields, Fields>> =
  RequestOf<A> extends {
    readonly topics: readonly { readonly partitions: readonly (infer P)[] }[];
  }
    ? Readonly<P> & Id
    : never;

type ResultOf<A extends Api<Fields, Fields>> =
  ResponseOf<A> extends {
    readonly results: readonly { readonly partitions: readonly (infer R)[] }[];
  }
    ? R
    : never;

interface Results<R> {
  readonly results: readonly { readonly topicId: string; readonly partitions: readonly R[] }[];
}

/** Each call is one request. Where the broker cannot be reached each partition is COORDINATOR_NOT_AVAILABLE. Never rejects. */
export class ShareStateRequests {
  readonly #connection: BrokerConnection;

  constructor(connection: BrokerConnection) {
    this.#connection = connection;
  }

  initialize(groupId: string, partitions: readonly AskedOf<typeof InitializeShareGroupState>[]) {
    return ask(
      partitions,
      (topics) => this.#connection.send(InitializeShareGroupState, 0, { groupId, topics }),
      (refused) => refused,
    );
  }

  read(groupId: string, partitions: readonly AskedOf<typeof ReadShareGroupState>[]) {
    return ask<AskedOf<typeof ReadShareGroupState>, ResultOf<typeof ReadShareGroupState>>(
      partitions,
      (topics) => this.#connection.send(ReadShareGroupState, 0, { groupId, topics }),
      (refused) => ({ ...refused, stateEpoch: 0, startOffset: 0, stateBatches: [] }),
    );
  }

  write(groupId: string, partitions: readonly AskedOf<typeof WriteShareGroupState>[]) {
    return ask(
      partitions,
      (topics) => this.#connection.send(WriteShareGroupState, 0, { groupId, topics }),
      (refused) => refused,
    );
  }

  delete(groupId: string, partitions: readonly Id[]) {
    return ask(
      partitions,
      (topics) => this.#connection.send(DeleteShareGroupState, 0, { groupId, topics }),
      (refused) => refused,
    );
  }

  readSummary(groupId: string, partitions: readonly AskedOf<typeof ReadShareGroupStateSummary>[]) {
    return ask<AskedOf<typeof ReadShareGroupStateSummary>, ResultOf<typeof ReadShareGroupStateSummary>>(
      partitions,
      (topics) => this.#connection.send(ReadShareGroupStateSummary, 0, { groupId, topics }),
      (refused) => ({ ...refused, stateEpoch: 0, leaderEpoch: 0, startOffset: 0, deliveryCompleteCount: -1 }),
    );
  }
}

interface Refused {
  readonly partition: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** One request for all of them; a result for each, in their order. */
async function ask<P extends Id, R extends { readonly partition: number }>(
  partitions: readonly P[],
  send: (topics: { topicId: string; partitions: P[] }[]) => Promise<Results<R>>,
  refuse: (refused: Refused) => R,
): Promise<readonly R[]> {
  const topics = new Map<string, P[]>();
  for (const partition of partitions) {
    const others = topics.get(partition.topicId);
    if (others === undefined) topics.set(partition.topicId, [partition]);
    else others.push(partition);
  }
  const known = new Map<string, R>();
  let missing: number = ErrorCode.UNKNOWN_SERVER_ERROR;
  try {
    const { results } = await send(Array.from(topics, ([topicId, some]) => ({ topicId, partitions: some })));
    for (const { topicId, partitions: some } of results)
      for (const result of some) known.set(keyOf(topicId, result.partition), result);
  } catch {
    missing = ErrorCode.COORDINATOR_NOT_AVAILABLE;
  }
  return partitions.map(
    ({ topicId, partition }) =>
      known.get(keyOf(topicId, partition)) ??
      refuse({ partition, errorCode: missing, errorMessage: errorMessage(missing) }),
  );
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}/${partition}`;
}
