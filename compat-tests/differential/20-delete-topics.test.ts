import { DeleteTopics } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type DeleteSide = typeof DeleteTopics extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
interface Target {
  readonly name: string | null;
  readonly topicId: string;
}

const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA';
const UNKNOWN = 'bm9uZW5vbmVub25lbm9uZQ';

/** By name up to v5, as given from v6 on. */
function remove(side: DeleteSide, ...targets: Target[]) {
  return side.ask({ topics: targets, topicNames: targets.map(({ name }) => name ?? 'nothing'), timeoutMs: 30_000 });
}

const byName = (name: string): Target => ({ name, topicId: ZERO });

differential(DeleteTopics, {
  'a topic': async (side) => remove(side, byName((await side.topic()).name)),
  'a topic by its id': async (side) => remove(side, { name: null, topicId: (await side.topic()).topicId }),
  'a topic by both': async (side) => remove(side, await side.topic()),
  'a topic by neither': (side) => remove(side, { name: null, topicId: ZERO }),
  'an unknown id': (side) => remove(side, { name: null, topicId: UNKNOWN }),
  'a topic that is not there': (side) => remove(side, byName(side.name('none'))),
  'an empty name': (side) => remove(side, byName('')),
  'an impossible name': (side) => remove(side, byName('a b/c')),
  'a topic twice': async (side) => {
    const { name } = await side.topic();
    await remove(side, byName(name), byName(name));
  },
  'a topic by its name and by its id': async (side) => {
    const { name, topicId } = await side.topic();
    await remove(side, byName(name), { name: null, topicId });
  },
  'two topics, one not there': async (side) =>
    remove(side, byName((await side.topic()).name), byName(side.name('none'))),
  nothing: (side) => remove(side),
});
