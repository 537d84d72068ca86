import { Fetch } from '../../protocol/apis/index.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { plain } from './records.ts';
import type { Side, Topic } from './side.ts';

type FetchSide = typeof Fetch extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Draft = RequestDraft<typeof Fetch>;
type Partition = Partial<Draft['topics'][number]['partitions'][number]>;

const NOW = { maxWaitMs: 0, minBytes: 0 };

function of({ name, topicId }: Topic, ...partitions: Partition[]): Draft['topics'][number] {
  const defaults = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 };
  return { topic: name, topicId, partitions: partitions.map((each) => ({ ...defaults, ...each })) };
}

/** A topic of three batches with two records each. */
async function filled(side: FetchSide): Promise<Topic> {
  const topic = await side.topic('topic', { partitions: 2 });
  await side.append(topic, 0, plain(side, 2), plain(side, 2), { ...plain(side, 2), compression: 'gzip' });
  return topic;
}

/** One partition of such a topic, read with these fields. */
function read(partition: Partition, request: Partial<Draft> = {}) {
  return async (side: FetchSide) => side.ask({ ...NOW, topics: [of(await filled(side), partition)], ...request });
}

/** A session on such a topic: each step is a request in it. `id` shifts the session id, `epoch` the epoch. */
function session(...steps: ((topic: Topic) => Partial<Draft> & { id?: number; epoch?: number })[]) {
  return async (side: FetchSide) => {
    const topic = await filled(side);
    const first = await side.ask({ ...NOW, sessionEpoch: 0, topics: [of(topic, {}, { partition: 1 })] });
    let epoch = 1;
    for (const step of steps) {
      const { id = 0, epoch: asked = epoch, ...draft } = step(topic);
      await side.ask({ ...NOW, sessionId: first!.sessionId + id, sessionEpoch: asked, topics: [], ...draft });
      epoch++;
    }
  };
}

const nowhere = (side: FetchSide): Topic => ({ name: side.name('none'), topicId: 'bm9uZW5vbmVub25lbm9uZQ' });
const zero: Topic = { name: '', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' };

differential(Fetch, {
  'from the start': read({}),
  'from the middle of a batch': read({ fetchOffset: 3 }),
  'from the end': read({ fetchOffset: 6 }),
  'beyond the end': read({ fetchOffset: 7 }),
  'from a negative offset': read({ fetchOffset: -1 }),
  'from the largest offset': read({ fetchOffset: Number.MAX_SAFE_INTEGER }),
  'a partition that is not there': read({ partition: 9 }),
  'a negative partition': read({ partition: -1 }),
  'one byte': read({ partitionMaxBytes: 1 }),
  'no byte': read({ partitionMaxBytes: 0 }),
  'negative bytes': read({ partitionMaxBytes: -1 }),
  'one byte in all': read({}, { maxBytes: 1 }),
  'no byte in all': read({}, { maxBytes: 0 }),
  'negative bytes in all': read({}, { maxBytes: -1 }),
  'a hundred bytes': read({ partitionMaxBytes: 100 }),
  'more than there is, at once': read({}, { minBytes: 1 << 20, maxWaitMs: 50 }),
  'a negative wait': read({ fetchOffset: 6 }, { minBytes: 1, maxWaitMs: -1 }),
  'negative minBytes': read({ fetchOffset: 6 }, { minBytes: -1, maxWaitMs: 100 }),
  'read committed': read({}, { isolationLevel: 1 }),
  'an unknown isolation level': read({}, { isolationLevel: 2 }),
  'a negative isolation level': read({}, { isolationLevel: -1 }),
  'the right leader epoch': read({ currentLeaderEpoch: 0 }),
  'a leader epoch too high': read({ currentLeaderEpoch: 7 }),
  'a leader epoch of -2': read({ currentLeaderEpoch: -2 }),
  'the right last epoch': read({ fetchOffset: 2, currentLeaderEpoch: 0, lastFetchedEpoch: 0 }),
  'a last epoch too high': read({ fetchOffset: 2, lastFetchedEpoch: 5 }),
  'a last epoch beyond the end': read({ fetchOffset: 9, lastFetchedEpoch: 0 }),
  'a rack': read({}, { rackId: 'r1' }),
  'a cluster id': read({}, { clusterId: 'another' }),
  'as a follower nobody knows': read({}, { replicaId: 9, replicaState: { replicaId: 9, replicaEpoch: 1 } }),
  'as the debugging consumer': read({}, { replicaId: -2, replicaState: { replicaId: -2, replicaEpoch: -1 } }),
  nothing: (side) => side.ask({ ...NOW, topics: [] }),
  'a topic without partitions': async (side) => side.ask({ ...NOW, topics: [of(await filled(side))] }),
  'a partition twice': async (side) =>
    side.ask({ ...NOW, topics: [of(await filled(side), { fetchOffset: 2 }, { fetchOffset: 4 })] }),
  'two partitions': async (side) => side.ask({ ...NOW, topics: [of(await filled(side), {}, { partition: 1 })] }),
  'a topic that is not there': async (side) => side.ask({ ...NOW, topics: [of(nowhere(side), {})] }),
  'a topic that is not there and one that is': async (side) =>
    side.ask({ ...NOW, topics: [of(nowhere(side), {}), of(await filled(side), {})] }),
  'a topic without a name or id': (side) => side.ask({ ...NOW, topics: [of(zero, {})] }),
  'a topic with an impossible name': (side) =>
    side.ask({ ...NOW, topics: [of({ ...nowhere(side), name: '../x y' }, {})] }),
  'little room for two partitions': async (side) => {
    const topic = await filled(side);
    await side.append(topic, 1, plain(side, 2));
    await side.ask({ ...NOW, maxBytes: 120, topics: [of(topic, {}, { partition: 1 })] });
  },
  'records that come while it waits': async (side) => {
    const topic = await filled(side);
    const answer = side.ask({ maxWaitMs: 8000, minBytes: 1, topics: [of(topic, { fetchOffset: 6 })] });
    await side.append(topic, 0, plain(side, 1));
    await answer;
  },
  'the bytes of a batch': async (side) => {
    const topic = await side.topic();
    await side.append(topic, 0, plain(side, 2));
    const answer = await side.ask({ ...NOW, topics: [of(topic, {})] });
    const made = encodeBatch({ ...plain(side, 2), leaderEpoch: 0 });
    side.record(Buffer.from(answer!.responses[0].partitions[0].records!).equals(made));
  },

  'a session, and nothing new': session(() => ({})),
  'a session, and a position that moves': session(
    (topic) => ({ topics: [of(topic, { fetchOffset: 4 })] }),
    () => ({}),
  ),
  'a session, and a partition that leaves': session(
    (topic) => ({
      forgottenTopicsData: [{ topic: topic.name, topicId: topic.topicId, partitions: [0] }],
    }),
    () => ({}),
  ),
  'a session, and a partition that leaves it was never in': session((topic) => ({
    forgottenTopicsData: [{ topic: topic.name, topicId: topic.topicId, partitions: [5] }],
  })),
  'a session with another epoch': session(
    () => ({ epoch: 5 }),
    () => ({ epoch: 1 }),
  ),
  'a session with the same epoch again': session(
    () => ({}),
    () => ({ epoch: 1 }),
  ),
  'a session with a negative epoch': session(() => ({ epoch: -2 })),
  'a session that ends': session(
    (topic) => ({ epoch: -1, topics: [of(topic, {})] }),
    () => ({}),
  ),
  'a session that begins anew': session(
    (topic) => ({ epoch: 0, topics: [of(topic, { fetchOffset: 4 })] }),
    () => ({}),
  ),
  'a session that nobody has': session(() => ({ id: 1 })),
  'a session with an unknown partition': session(
    (topic) => ({ topics: [of(topic, { partition: 8 })] }),
    () => ({}),
  ),
  'a session beyond the end': session(
    (topic) => ({ topics: [of(topic, { fetchOffset: 100 })] }),
    () => ({}),
  ),
  'a session id but no session': read({}, { sessionId: 77, sessionEpoch: -1 }),
  'a session id but a full fetch': read({}, { sessionId: 77, sessionEpoch: 0 }),
  'an empty full fetch': (side) => side.ask({ ...NOW, sessionEpoch: 0, topics: [] }),
});
