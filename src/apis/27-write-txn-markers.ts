/** Writes transaction markers, for coordinators on other brokers and for operators who end a hanging transaction (KIP-664). */
import { WriteTxnMarkers } from '../../protocol/apis/27-write-txn-markers.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import { allOf, andThen } from '../coordination/answers.ts';
import { writeMarker } from '../transactions/markers.ts';
import type { Parts } from './broker-parts.ts';
import { mapInPieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { alter, anyOf, clusterAction } from '../security/needs.ts';

type RequestedMarker = RequestOf<typeof WriteTxnMarkers>['markers'][number];

export const writeTxnMarkers = handler(WriteTxnMarkers, {
  needs: () => anyOf(alter.cluster(), clusterAction),
  *handle({ markers }, _context, broker: Parts<'partitions' | 'groups' | 'clock'>) {
    const asked = markers.map(withPartitions).filter(hasTopics);
    const written = yield* mapInPieces(asked, function* ({ topics: named, transactionResult: committed, ...rest }) {
      const { producerId } = rest;
      const marker = { ...rest, committed, timestamp: broker.clock.now() };
      const results = yield* mapInPieces(named, function* ({ name, partitionIndexes }) {
        const partitions = yield* mapInPieces(partitionIndexes, (partitionIndex) =>
          andThen(writeMarker(broker, { topic: name, partition: partitionIndex }, marker), (errorCode) => {
            return { partitionIndex, errorCode };
          }),
        );
        return andThen(allOf(partitions), (all) => ({ name, partitions: all }));
      });
      return andThen(allOf(results), (topics) => ({ producerId, topics }));
    });
    return andThen(allOf(written), (all) => ({ markers: all }));
  },
  refuse: ({ markers }, errorCode) => ({
    markers: markers.map(({ producerId, topics }) => ({
      producerId,
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode })),
      })),
    })),
  }),
});

/** Kafka leaves topics and markers without partitions out of the response. */
function withPartitions(marker: RequestedMarker): RequestedMarker {
  return { ...marker, topics: marker.topics.filter(({ partitionIndexes }) => partitionIndexes.length > 0) };
}

function hasTopics({ topics }: RequestedMarker): boolean {
  return topics.length > 0;
}
