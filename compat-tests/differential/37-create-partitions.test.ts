import { CreatePartitions, Metadata } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type PartitionsSide = typeof CreatePartitions extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** To a topic with two partitions. */
function grow(count: number, assignments: ((side: PartitionsSide) => number[][]) | null = null, validateOnly = false) {
  return async (side: PartitionsSide) => {
    const { name } = await side.topic('topic', { partitions: 2 });
    const given = assignments?.(side).map((brokerIds) => ({ brokerIds })) ?? null;
    await side.ask({ topics: [{ name, count, assignments: given }], timeoutMs: 30_000, validateOnly });
    await side.settled();
    await side.askOf(Metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
  };
}

differential(CreatePartitions, {
  three: grow(3),
  'as many as there are': grow(2),
  'fewer than there are': grow(1),
  none: grow(0),
  '-1': grow(-1),
  'only checked': grow(4, null, true),
  'only checked, fewer': grow(1, null, true),
  assigned: grow(4, (side) => [[side.nodeId], [side.nodeId]]),
  'one assigned, two asked for': grow(4, (side) => [[side.nodeId]]),
  'two assigned, one asked for': grow(3, (side) => [[side.nodeId], [side.nodeId]]),
  'assigned to a broker that is not there': grow(3, () => [[77]]),
  'assigned to nobody': grow(3, () => [[]]),
  'assigned to one broker twice': grow(3, (side) => [[side.nodeId, side.nodeId]]),
  'no assignment': grow(3, () => []),
  'a topic that is not there': (side) =>
    side.ask({
      topics: [{ name: side.name('none'), count: 3, assignments: null }],
      timeoutMs: 30_000,
      validateOnly: false,
    }),
  'an impossible name': (side) =>
    side.ask({ topics: [{ name: 'a b', count: 3, assignments: null }], timeoutMs: 30_000, validateOnly: false }),
  'a topic twice': async (side) => {
    const { name } = await side.topic();
    await side.ask({
      topics: [2, 3].map((count) => ({ name, count, assignments: null })),
      timeoutMs: 30_000,
      validateOnly: false,
    });
  },
  nothing: (side) => side.ask({ topics: [], timeoutMs: 30_000, validateOnly: false }),
});
