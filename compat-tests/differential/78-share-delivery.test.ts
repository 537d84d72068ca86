import {
  DeleteShareGroupOffsets,
  DeleteTopics,
  ReadShareGroupState,
  ShareAcknowledge,
  ShareFetch,
  ShareGroupHeartbeat,
} from '../../protocol/apis/index.ts';
import { ZERO_UUID, type Api, type RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { ack, acksOf, assigned, fetchOf, holding, MEMBER, sharing, type AckBatch } from './sharing.ts';
import type { Side } from './side.ts';
import { until } from './warm-up.ts';
import { UNKNOWN_ID } from './vocabulary.ts';

type SideOf<A> = A extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type FetchSide = SideOf<typeof ShareFetch>;
type AckSide = SideOf<typeof ShareAcknowledge>;
type FetchDraft = RequestDraft<typeof ShareFetch>;

const [GAP, ACCEPT, RELEASE, REJECT, RENEW] = [0, 1, 2, 3, 4];

/** The first fetch that is told of records: Kafka reads the state of a share partition on the way. */
function first(change: Partial<FetchDraft> = {}) {
  return async (side: FetchSide) => {
    const group = await sharing(side);
    await side.send(ShareFetch, fetchOf(group, 0, { maxWaitMs: 1000, maxRecords: 0 }));
    await side.ask(fetchOf(group, 0, { maxWaitMs: 3000, ...change }));
  };
}

/** With all five records in its hands. */
function next(change: (held: Awaited<ReturnType<typeof holding>>) => Partial<FetchDraft>) {
  return async (side: FetchSide) => {
    const held = await holding(side);
    await side.ask(fetchOf(held, held.epoch, change(held)));
  };
}

/** The state of the first partition says that a leader of a later epoch has read it. */
async function ofLaterLeader(side: FetchSide) {
  const group = await sharing(side);
  const { topicId } = group.topic;
  const read = [{ topicId, partitions: [{ partition: 0, leaderEpoch: 50 }] }];
  const { results } = await side.send(ReadShareGroupState, { groupId: group.groupId, topics: read });
  if (results[0].partitions[0].errorCode !== 0) throw new Error('the state cannot be read');
  return group;
}

differential(ShareFetch, {
  'all there is': first(),
  'of a partition whose state is of a later leader': async (side) => {
    const group = await ofLaterLeader(side);
    for (const epoch of [0, 1]) await side.ask(fetchOf(group, epoch, { maxWaitMs: 3000 }));
  },
  'of such a partition, after the offsets of its group were deleted': async (side) => {
    const { groupId, topic } = await ofLaterLeader(side);
    await side.send(ShareGroupHeartbeat, { groupId, memberId: MEMBER, memberEpoch: -1 });
    const topics = [{ topicName: topic.name }];
    await side.askOf(DeleteShareGroupOffsets, 0, { groupId, topics });
    await assigned(side, groupId, topic);
    await side.ask(fetchOf({ groupId, topic }, 0, { maxWaitMs: 3000 }));
  },
  'one record of whole batches': first({ maxRecords: 1 }),
  'batches of one': first({ batchSize: 1 }),
  'no records': first({ maxRecords: 0, maxWaitMs: 0 }),
  'one record exactly': first({ maxRecords: 1, shareAcquireMode: 1 }),
  'no member id': first({ memberId: '' }),
  'a member id of 37 characters': first({ memberId: 'm'.repeat(37) }),
  'no group': first({ groupId: null }),
  'a topic that there is not': first({
    topics: [{ topicId: UNKNOWN_ID, partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }] }],
    maxWaitMs: 0,
  }),
  'a session that is not open': first({ shareSessionEpoch: 5 }),
  'closing a session that is not open': first({ memberId: 'stranger', shareSessionEpoch: -1 }),
  'acknowledgements that open a session': async (side) => {
    const group = await sharing(side);
    await side.ask(fetchOf(group, 0, { topics: acksOf(group.topic, [ack(0, 0, ACCEPT)]) }));
  },
  'nothing more to acquire': next(() => ({})),
  'an acknowledgement': next(({ topic }) => ({ topics: acksOf(topic, [ack(0, 4, ACCEPT)]) })),
  'a release, and the same again': next(({ topic }) => ({
    topics: acksOf(topic, [ack(0, 4, RELEASE)]),
    maxWaitMs: 1000,
  })),
  'an acknowledgement of what nobody holds': next(({ topic }) => ({ topics: acksOf(topic, [ack(5, 6, ACCEPT)]) })),
  'an acknowledgement that closes': next(({ topic }) => ({
    topics: acksOf(topic, [ack(0, 4, ACCEPT)]),
    shareSessionEpoch: -1,
  })),
  'an epoch that is over': next(({ epoch }) => ({ shareSessionEpoch: epoch - 1 })),
  'an epoch to come': next(({ epoch }) => ({ shareSessionEpoch: epoch + 1 })),
  'a renewal with records wanted': next(({ topic }) => ({
    topics: acksOf(topic, [ack(0, 0, RENEW)]),
    isRenewAck: true,
  })),
  'a renewal': next(({ topic }) => ({
    topics: acksOf(topic, [ack(0, 0, RENEW)]),
    isRenewAck: true,
    maxRecords: 0,
    maxBytes: 0,
    minBytes: 0,
  })),
});

/** With all five records in its hands; then what has become of them. */
function acknowledge(acks: readonly AckBatch[], more: { isRenewAck?: boolean; memberId?: string } = {}) {
  return async (side: AckSide) => {
    const { groupId, topic, epoch } = await holding(side);
    const topics = acksOf(topic, acks);
    await side.ask({ groupId, memberId: MEMBER, shareSessionEpoch: epoch, topics, ...more });
  };
}

differential(ShareAcknowledge, {
  'accepting all': acknowledge([ack(0, 4, ACCEPT)]),
  'one type each': acknowledge([ack(0, 4, ACCEPT, RELEASE, REJECT, GAP, ACCEPT)]),
  'one at a time': acknowledge([ack(0, 0, ACCEPT), ack(1, 1, ACCEPT), ack(3, 3, RELEASE)]),
  'first behind last': acknowledge([ack(3, 1, ACCEPT)]),
  'out of order': acknowledge([ack(3, 3, ACCEPT), ack(0, 0, ACCEPT)]),
  'that overlap': acknowledge([ack(0, 2, ACCEPT), ack(1, 3, ACCEPT)]),
  'that share an offset': acknowledge([ack(0, 2, ACCEPT), ack(2, 3, ACCEPT)]),
  'no types': acknowledge([ack(0, 2)]),
  'too few types': acknowledge([ack(0, 2, ACCEPT, ACCEPT)]),
  'a type that there is not': acknowledge([ack(0, 2, 9)]),
  'a negative type': acknowledge([ack(0, 2, -1)]),
  'a renewal without saying so': acknowledge([ack(0, 2, RENEW)]),
  'a renewal': acknowledge([ack(0, 2, RENEW)], { isRenewAck: true }),
  'beyond what was handed out': acknowledge([ack(0, 7, ACCEPT)]),
  'of nothing that was handed out': acknowledge([ack(70, 77, ACCEPT)]),
  'below zero': acknowledge([ack(-3, 0, ACCEPT)]),
  'as a stranger': acknowledge([ack(0, 4, ACCEPT)], { memberId: 'stranger' }),
  'no batches': acknowledge([]),
  'the same twice': async (side) => {
    const { groupId, topic, epoch } = await holding(side);
    const asked = { groupId, memberId: MEMBER, topics: acksOf(topic, [ack(1, 1, ACCEPT)]) };
    await side.ask({ ...asked, shareSessionEpoch: epoch });
    await side.ask({ ...asked, shareSessionEpoch: epoch + 1 });
  },
  'below the start': async (side) => {
    const { groupId, topic, epoch } = await holding(side);
    const asked = { groupId, memberId: MEMBER, topics: acksOf(topic, [ack(0, 1, ACCEPT)]) };
    await side.ask({ ...asked, shareSessionEpoch: epoch });
    await side.ask({ ...asked, shareSessionEpoch: epoch + 1 });
  },
  'epochs that are wrong': async (side) => {
    const { groupId, topic, epoch } = await holding(side);
    const asked = { groupId, memberId: MEMBER, topics: acksOf(topic, [ack(0, 0, ACCEPT)]) };
    for (const shareSessionEpoch of [0, epoch + 1, epoch - 1, -2]) await side.ask({ ...asked, shareSessionEpoch });
  },
  'that close the session': async (side) => {
    const { groupId, topic, epoch } = await holding(side);
    const asked = { groupId, memberId: MEMBER, topics: acksOf(topic, [ack(0, 0, ACCEPT)]) };
    await side.ask({ ...asked, shareSessionEpoch: -1 });
    await side.ask({ ...asked, shareSessionEpoch: epoch });
  },
  'of another partition': async (side) => {
    const { groupId, topic, epoch } = await holding(side);
    const asked = { groupId, memberId: MEMBER, shareSessionEpoch: epoch };
    await side.ask({ ...asked, topics: acksOf(topic, [ack(0, 0, ACCEPT)], 7) });
  },
  'of a topic that was deleted': async (side) => {
    const { groupId, topic, epoch } = await holding(side);
    await side.send(DeleteTopics, { topics: [{ name: topic.name, topicId: ZERO_UUID }], timeoutMs: 30_000 });
    let shareSessionEpoch = epoch;
    const asked = { groupId, memberId: MEMBER, topics: acksOf(topic, [ack(0, 0, ACCEPT)]) };
    await until(async () => {
      const { responses } = await side.send(ShareAcknowledge, { ...asked, shareSessionEpoch: shareSessionEpoch++ });
      return responses.length > 0 && responses[0].partitions[0].errorCode !== 0;
    });
    await side.ask({ ...asked, shareSessionEpoch });
  },
  'without a group': (side) => side.ask({ groupId: null, memberId: MEMBER, shareSessionEpoch: 1, topics: [] }),
});
