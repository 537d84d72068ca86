/** Tells a client the end offset of a leader epoch, so that it can detect log truncation (KIP-320). */
import { OffsetForLeaderEpoch } from '../../protocol/apis/23-offset-for-leader-epoch.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { checkLeaderEpoch } from '../partitions/epoch-check.ts';
import { hostedPartition } from '../partitions/hosted-partition.ts';
import { endOffsetForEpoch } from '../partitions/epoch-end.ts';
import { mapInPieces } from '../platform/pieces.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { anyOf, clusterAction, describe } from '../security/needs.ts';

const UNKNOWN = { leaderEpoch: -1, endOffset: -1 };

export const offsetForLeaderEpoch = handler(OffsetForLeaderEpoch, {
  parts: {
    list: 'topics',
    needs: () => (topic) => anyOf(clusterAction, describe.topic(topic.topic)),
    refused: ({ topic, partitions }, errorCode) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode, ...UNKNOWN })),
    }),
    answers: 'topics',
    place: 'last',
  },
  *handle(request, _context, broker: Parts<'partitions'>) {
    const topics = yield* mapInPieces(request.topics, function* ({ topic, partitions }) {
      return {
        topic,
        partitions: yield* mapInPieces(partitions, ({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
          const partition = hostedPartition(broker.partitions.topicByName(topic), index);
          if (typeof partition === 'number') return { partition: index, errorCode: partition, ...UNKNOWN };
          const errorCode = checkLeaderEpoch(partition, currentLeaderEpoch);
          if (errorCode !== ErrorCode.NONE) return { partition: index, errorCode, ...UNKNOWN };
          return { partition: index, errorCode, ...endOffsetForEpoch(partition, leaderEpoch) };
        }),
      };
    });
    return { topics };
  },
  refuse: (request, errorCode) => ({
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode, ...UNKNOWN })),
    })),
  }),
});
