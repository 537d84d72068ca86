import { AlterReplicaLogDirs, DescribeLogDirs } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type MoveSide = typeof AlterReplicaLogDirs extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

const to =
  (path: string, ...partitions: number[]) =>
  async (side: MoveSide) =>
    side.ask({ dirs: [{ path, topics: [{ name: (await side.topic()).name, partitions }] }] });

differential(AlterReplicaLogDirs, {
  'to where it is': async (side) => {
    const { name } = await side.topic();
    const {
      results: [directory],
    } = await side.send(DescribeLogDirs, { topics: [] });
    await side.ask({ dirs: [{ path: directory.logDir, topics: [{ name, partitions: [0] }] }] });
  },
  'to where there is nothing': to('/no/such/directory', 0),
  'to a relative path': to('somewhere', 0),
  'to an empty path': to('', 0),
  'a partition that is not there': to('/no/such/directory', 7),
  'a negative partition': to('/no/such/directory', -1),
  'a topic that is not there': (side) =>
    side.ask({ dirs: [{ path: '/x', topics: [{ name: side.name('none'), partitions: [0] }] }] }),
  'no partition': to('/no/such/directory'),
  nothing: (side) => side.ask({ dirs: [] }),
});
