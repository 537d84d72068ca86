import { AlterPartitionReassignments, ListPartitionReassignments } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type AlterSide = typeof AlterPartitionReassignments extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

const DEADLINE = { timeoutMs: 5000 };

/** Of a topic with two partitions; what is under way afterwards is compared too. */
const move =
  (more: object, ...replicas: (((side: AlterSide) => number[]) | null)[]) =>
  async (side: AlterSide) => {
    const { name } = await side.topic('topic', { partitions: 2 });
    await side.settled();
    const partitions = replicas.map((of, partitionIndex) => ({ partitionIndex, replicas: of?.(side) ?? null }));
    await side.ask({ topics: [{ name, partitions }], ...DEADLINE, ...more });
    await side.settled();
    await side.askOf(ListPartitionReassignments, 0, { topics: [{ name, partitionIndexes: [0, 1] }], ...DEADLINE });
  };

const here = ({ nodeId }: AlterSide) => [nodeId];

differential(AlterPartitionReassignments, {
  'to where it is': move({}, here, here),
  'cancelled, though it does not move': move({}, null, null),
  'to a broker that is not there': move({}, () => [77]),
  'to a second broker that is not there': move({}, ({ nodeId }) => [nodeId, 77]),
  'to nobody': move({}, () => []),
  'to one broker twice': move({}, ({ nodeId }) => [nodeId, nodeId]),
  'to brokers below zero': move(
    {},
    () => [-1],
    ({ nodeId }) => [nodeId, -2],
  ),
  'partitions that are not there': move({}, here, here, here, null),
  'with a fixed factor': move({ allowReplicationFactorChange: false }, here),
  'with a fixed factor, to more brokers': move({ allowReplicationFactorChange: false }, ({ nodeId }) => [nodeId, 77]),
  'a topic that is not there': (side) =>
    side.ask({
      topics: [{ name: side.name('none'), partitions: [{ partitionIndex: 0, replicas: [1] }] }],
      ...DEADLINE,
    }),
  'no partitions': async (side) => {
    const { name } = await side.topic();
    await side.settled();
    await side.ask({ topics: [{ name, partitions: [] }], ...DEADLINE });
  },
  nothing: (side) => side.ask({ topics: [], ...DEADLINE }),
});

differential(ListPartitionReassignments, {
  all: (side) => side.ask({ topics: null, ...DEADLINE }),
  'of no topic': (side) => side.ask({ topics: [], ...DEADLINE }),
  'of a topic that is not there': (side) =>
    side.ask({ topics: [{ name: side.name('none'), partitionIndexes: [0] }], ...DEADLINE }),
  'of an impossible topic': (side) => side.ask({ topics: [{ name: 'a b', partitionIndexes: [0, -1] }], ...DEADLINE }),
});
