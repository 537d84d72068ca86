import { FindCoordinator } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type FindSide = typeof FindCoordinator extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

function find(keyType: number, ...keys: string[]) {
  return (side: FindSide) => side.ask({ key: keys[0] ?? '', keyType, coordinatorKeys: keys });
}

differential(FindCoordinator, {
  'a group': find(0, 'group'),
  'a group without a name': find(0, ''),
  'two groups': find(0, 'one', 'other'),
  'a group twice': find(0, 'one', 'one'),
  nothing: find(0),
  'a group with an odd name': find(0, 'a b/\u00e4\u0000'),
  'an unknown key type': find(9, 'x'),
  'a negative key type': find(-1, 'x'),
  'a transactional id': find(1, 'tx'),
  'a share partition': find(2, 'g:bm9uZW5vbmVub25lbm9uZQ:0'),
  'a share partition that is none': find(2, 'x'),
});
